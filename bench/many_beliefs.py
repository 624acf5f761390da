"""Beliefs of a whole portfolio from columns, against numpy reading and counting the same columns.

`python -m bench.many_beliefs [bets]` prints the figures alone; `make bench` has them among others.

Each column is a file. numpy reads them all and counts every column of figures (float64) once by
hypothesis; we read the same files and work out all beliefs. All kinds of evidence are in it: four
fifths judgements of nine sources, one fifth measurements of shares and means, some taken back, some
still to come; a tenth of the hypotheses never lets evidence age. Items lie grouped by hypothesis.
"""

import json
import random
import sys
import tempfile
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from bench.timing import timed
from evidence.belief import (
    Bet,
    Hypothesis,
    Id,
    Item,
    Judgement,
    MeanMeasurement,
    Metric,
    ProportionMeasurement,
    Retraction,
    beliefs_of_many,
    hypothesis_belief,
)
from evidence.belief.facts import Direction, Strength
from evidence.belief.many import Columns, Hypotheses, Judged, Measured, Theses, columns_of

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
REPEATS = 9
OF_EACH_BET = 2
ITEMS_OF_EACH = 50
BY_ONE = 200
"""Bets that are also worked out as objects, one by one."""
TABLES = {"hypotheses": Hypotheses, "judged": Judged, "measured": Measured, "theses": Theses}
DIRECTIONS: tuple[Direction, ...] = ("for", "against")
STRENGTHS: tuple[Strength, ...] = ("weak", "moderate", "strong", "decisive")


def many_beliefs(bets: int) -> dict[str, Any]:
    """The figures for so many bets, two hypotheses each with 50 items."""
    hypotheses, chains = _facts(bets)
    columns = columns_of(hypotheses, chains, AS_OF)
    few = dict(list(hypotheses.items())[: BY_ONE * OF_EACH_BET])
    by_one, expected = timed(lambda: [_belief(each) for each in few.values()], 1)
    with tempfile.TemporaryDirectory() as folder:
        _save(columns, Path(folder))
        seconds, found = timed(lambda: beliefs_of_many(_read(Path(folder)), AS_OF), REPEATS)
        numpy_seconds, _ = timed(lambda: _counted(_read(Path(folder)), every=True), REPEATS)
        least, _ = timed(lambda: _counted(_read(Path(folder)), every=False), REPEATS)
        reading, _ = timed(lambda: _read(Path(folder)), REPEATS)
    return {
        "bets": bets,
        "items": len(columns.judged.source) + len(columns.measured.first),
        "seconds": seconds,
        "seconds_to_read": reading,
        "numpy_seconds": numpy_seconds,
        "numpy_seconds_at_least": least,
        "to_numpy": seconds / numpy_seconds,
        "to_least": seconds / least,
        "off_at_most": float(np.abs(found.belief[: len(few)] - expected).max()),
        "one_by_one_to_ours": by_one / len(few) * len(hypotheses) / seconds,
    }


def _belief(hypothesis: Hypothesis) -> float:
    return hypothesis_belief(hypothesis, AS_OF, attribution=False).belief


def _save(columns: Columns, folder: Path) -> None:
    for table in TABLES:
        for column in fields(TABLES[table]):
            figures = getattr(getattr(columns, table), column.name)
            np.save(folder / f"{table}.{column.name}.npy", figures)


def _read(folder: Path) -> Columns:
    return Columns(
        **{
            table: kind(
                **{
                    column.name: np.load(folder / f"{table}.{column.name}.npy")
                    for column in fields(kind)
                }
            )
            for table, kind in TABLES.items()
        }
    )


def _counted(columns: Columns, every: bool) -> list[Any]:
    """Columns of figures by hypothesis: every one, or one of each table."""
    judged, measured = columns.judged, columns.measured
    of_judged = [judged.decibans, judged.reliability]
    of_measured = [measured.first, measured.second, measured.reliability]
    upto = None if every else 1
    return [
        *(np.bincount(judged.hypothesis, figures) for figures in of_judged[:upto]),
        *(np.bincount(measured.hypothesis, figures) for figures in of_measured[:upto]),
    ]


def _facts(bets: int) -> tuple[dict[Id, Hypothesis], list[Bet]]:
    dice = random.Random(3)
    size = bets * OF_EACH_BET
    hypotheses: dict[Id, Hypothesis] = {each: _hypothesis(dice, each) for each in range(size)}
    chains = np.arange(size).reshape(bets, OF_EACH_BET).tolist()
    return hypotheses, [Bet(id=bet, hypotheses=tuple(each)) for bet, each in enumerate(chains)]


def _hypothesis(dice: random.Random, number: int) -> Hypothesis:
    threshold = dice.uniform(0.1, 0.9)
    metric = Metric(
        kind="mean" if number % 2 else "proportion",
        threshold=threshold,
        direction=">=" if dice.random() < 0.7 else "<=",
    )
    evidence = [_item(dice, place, metric) for place in range(ITEMS_OF_EACH)]
    return Hypothesis(
        id=number,
        prior=dice.uniform(0.1, 0.9),
        half_life_days=None if dice.random() < 0.1 else dice.uniform(30, 400),
        metric=metric,
        evidence=(*evidence, Retraction(id="r", observed_at=AS_OF, retracts=0)),
    )


def _item(dice: random.Random, place: int, metric: Metric) -> Item:
    common: dict[str, Any] = {
        "id": place,
        "observed_at": AS_OF - timedelta(days=dice.uniform(-10, 700)),
        "source": dice.randrange(9),
        "reliability": dice.choice([1.0, 0.8, 0.5]),
    }
    if place % 5:
        direction, strength = dice.choice(DIRECTIONS), dice.choice(STRENGTHS)
        return Judgement(**common, direction=direction, strength=strength)
    if metric.kind == "mean":
        value = dice.gauss(metric.threshold, 0.1)
        return MeanMeasurement(**common, mean=value, sd=0.5, n=dice.randint(2, 40))
    trials = dice.randint(1, 60)
    share = min(max(dice.gauss(metric.threshold, 0.1), 0.0), 1.0)
    return ProportionMeasurement(**common, successes=round(share * trials), trials=trials)


if __name__ == "__main__":
    print(json.dumps(many_beliefs(int(sys.argv[1]) if sys.argv[1:] else 10_000), indent=2))
