"""Small facts for tests of beliefs, and strategies that draw them at random."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Literal

from hypothesis import strategies as st

from evidence.belief import (
    Bet,
    Hypothesis,
    Id,
    Item,
    Judgement,
    KillCriterion,
    MeanMeasurement,
    Metric,
    ProportionMeasurement,
    Ratio,
    Retraction,
)
from evidence.belief.facts import Comparison, Direction, Strength

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
_numbers = count(1)

SHARE_OF_A_THIRD = Metric(kind="proportion", threshold=0.3, direction=">=")
MEAN_OF_FIFTY = Metric(kind="mean", threshold=50.0, direction=">=")


def days_ago(days: float) -> datetime:
    """Return the moment so many days before the moment that the tests ask about."""
    return AS_OF - timedelta(days=days)


def _common(age: float, given: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"item {next(_numbers)}", "observed_at": days_ago(age)} | given


def judgement(
    direction: Direction = "for", strength: Strength = "strong", age: float = 0, **given: Any
) -> Item:
    """Return an opinion that many days old."""
    return Judgement(**_common(age, given), direction=direction, strength=strength)


def ratio(likelihood_ratio: float, age: float = 0, **given: Any) -> Ratio:
    """Return a given likelihood ratio that many days old."""
    return Ratio(**_common(age, given), likelihood_ratio=likelihood_ratio)


def proportion(successes: int, trials: int, age: float = 0, **given: Any) -> ProportionMeasurement:
    """Return a measured share that many days old."""
    return ProportionMeasurement(**_common(age, given), successes=successes, trials=trials)


def mean(value: float, sd: float, n: int, age: float = 0, **given: Any) -> MeanMeasurement:
    """Return a measured mean that many days old."""
    return MeanMeasurement(**_common(age, given), mean=value, sd=sd, n=n)


def retraction(of: Item, age: float = 0, **given: Any) -> Retraction:
    """Return what takes an item back."""
    return Retraction(**_common(age, given), retracts=of.id)


def criterion(
    comparison: Comparison, value: float, metric: Literal["value", "trials"] = "value", **given: Any
) -> KillCriterion:
    """Return a kill criterion."""
    fields = {"id": f"kill {next(_numbers)}"} | given
    return KillCriterion(**fields, metric=metric, comparison=comparison, value=value)


def hypothesis_with(*evidence: Item, prior: float = 0.5, **given: Any) -> Hypothesis:
    """Return a hypothesis with this evidence."""
    fields = {"id": f"hypothesis {next(_numbers)}"} | given
    return Hypothesis(**fields, prior=prior, evidence=evidence)


def thesis_of(*hypotheses: Hypothesis, **given: Any) -> tuple[Bet, dict[Id, Hypothesis]]:
    """Return a bet on these hypotheses, and the hypotheses by id."""
    bet = Bet(id="bet", hypotheses=tuple(each.id for each in hypotheses), **given)
    return bet, {each.id: each for each in hypotheses}


SOURCES = st.sampled_from([None, "lab", "client", 7])
AGES = st.one_of(st.integers(-30, 900), st.floats(-30, 900)).map(float)
RELIABILITIES = st.sampled_from([1.0, 0.9, 0.5, 0.05])
STRENGTHS: st.SearchStrategy[Strength] = st.sampled_from(["weak", "moderate", "strong", "decisive"])
PRIORS = st.floats(0.01, 0.99)
HALF_LIVES = st.sampled_from([None, 20.0, 90.0, 400.0])

JUDGEMENTS = st.builds(
    judgement,
    st.sampled_from(["for", "against"]),
    STRENGTHS,
    AGES,
    source=SOURCES,
    reliability=RELIABILITIES,
)
RATIOS = st.builds(ratio, st.floats(1e-8, 1e8), AGES, source=SOURCES, reliability=RELIABILITIES)


@st.composite
def _proportions(draw: st.DrawFn) -> Item:
    trials = draw(st.integers(0, 400))
    successes = draw(st.integers(0, trials))
    return proportion(
        successes, trials, draw(AGES), source=draw(SOURCES), reliability=draw(RELIABILITIES)
    )


MEANS = st.builds(
    mean,
    st.floats(20, 80),
    st.floats(0.5, 40),
    st.integers(1, 400),
    AGES,
    source=SOURCES,
    reliability=RELIABILITIES,
)


DIRECTIONS: st.SearchStrategy[Literal[">=", "<="]] = st.sampled_from([">=", "<="])


@st.composite
def metrics(draw: st.DrawFn) -> Metric | None:
    """Draw a leading indicator, or none."""
    direction = draw(DIRECTIONS)
    if draw(st.booleans()):
        return Metric(kind="proportion", threshold=draw(st.floats(0.02, 0.98)), direction=direction)
    if draw(st.booleans()):
        return Metric(kind="mean", threshold=draw(st.floats(30, 70)), direction=direction)
    return None


@st.composite
def _criteria(draw: st.DrawFn) -> KillCriterion:
    return criterion(
        draw(st.sampled_from(["<", "<=", ">", ">="])),
        draw(st.sampled_from([0.2, 0.5, 30.0, 60.0, 200.0])),
        draw(st.sampled_from(["value", "trials"])),
        min_sample=draw(st.sampled_from([None, 0, 1, 50, 300])),
        deadline=draw(st.none() | AGES.map(days_ago)),
    )


@st.composite
def hypotheses(draw: st.DrawFn, most: int = 8, with_criteria: bool = False) -> Hypothesis:
    """Draw a hypothesis with evidence of all kinds, some of it retracted, some still to come."""
    metric = draw(metrics())
    kinds = [JUDGEMENTS, RATIOS]
    if metric is not None:
        kinds.append(_proportions() if metric.kind == "proportion" else MEANS)
    evidence: list[Item] = draw(st.lists(st.one_of(kinds), max_size=most))
    for _ in range(draw(st.integers(0, 3)) if evidence else 0):
        evidence.append(retraction(draw(st.sampled_from(evidence)), draw(AGES)))
    return replace(
        hypothesis_with(*draw(st.permutations(evidence)), prior=draw(PRIORS)),
        half_life_days=draw(HALF_LIVES),
        metric=metric,
        kill_criteria=tuple(draw(st.lists(_criteria(), max_size=2))) if with_criteria else (),
    )
