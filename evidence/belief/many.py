"""The beliefs in many hypotheses and theses at once, from columns of figures instead of objects.

What `evidence.belief.hypothesis` and `evidence.belief.thesis` say, to 1e-9, for a million items in
some hundredths of a second: J, M, belief and weakest hypothesis, without attribution, freshness,
kill criteria or status. Sums are plain ones of float64, in the order of the items: where measured
means on both sides of a threshold cancel each other out, what cancels loses its digits.

    columns = columns_of(hypotheses, bets, as_of)   # or arrays from a file
    beliefs_of_many(columns, as_of).belief          # one for each hypothesis

A hypothesis is its place in the columns of `Hypotheses`, a bet its place in `Theses`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy import special

from evidence.belief.facts import Bet, Hypothesis, Id, Item, Metric, id_order
from evidence.belief.hypothesis import DAY, JUDGED, MEASURED
from evidence.belief.measurements import (
    DECIBANS_PER_NAT,
    Floats,
    additive_figures,
    metric_for,
    pooled_decibans,
)
from evidence.belief.retraction import counted_evidence

Integers = NDArray[np.integer]
Flags = NDArray[np.bool_]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MICROSECONDS_PER_DAY = DAY / MICROSECOND
ROOM_FOR_SOURCES = 4
"""Pairs of hypothesis and source are counted in a table of at most so many places for each item."""
BLOCK = 1 << 15
"""Items at a time."""
AS_WEAK = 1e-12
"""Beliefs no more than this share apart are equally weak: sums hang on the order of the items."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypotheses:
    """Columns of hypotheses, in id order.

    `half_life_days` is infinite where nothing decays; `is_mean` (else a proportion), `threshold`
    and `is_at_most` (the direction is `<=`) are the metric, of no account without measurements.
    """

    prior: Floats
    half_life_days: Floats
    is_mean: Flags
    threshold: Floats
    is_at_most: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Columns of judgements and given ratios, in any order.

    `hypothesis` is a place; `source` any number from 0 on that tells the sources of one hypothesis
    apart, best a small one. `observed_at` is in microseconds since 1970 (UTC), `decibans` the
    signed weight before scaling, cut already. `is_taken_back` says that a retraction holds.
    """

    hypothesis: Integers
    source: Integers
    observed_at: NDArray[np.int64]
    decibans: Floats
    reliability: Floats
    is_taken_back: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Columns of measurements, in any order.

    `first` and `second` are the two figures that add up (`evidence.belief.measurements`), before
    scaling; the rest is as in `Judged`.
    """

    hypothesis: Integers
    observed_at: NDArray[np.int64]
    first: Floats
    second: Floats
    reliability: Floats
    is_taken_back: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Theses:
    """Bets in id order: `hypothesis` holds the places of the first one's, ascending, then the next
    one's; `first` is where each bet's begin. Every bet has at least one.
    """

    hypothesis: Integers
    first: Integers


@dataclass(frozen=True, slots=True)
class Columns:
    """All that beliefs are worked out from."""

    hypotheses: Hypotheses
    judged: Judged
    measured: Measured
    theses: Theses


@dataclass(frozen=True, slots=True)
class ManyBeliefs:
    """J and M in decibans and the belief, by hypothesis; the belief in each thesis and the place of
    its weakest hypothesis (of equals the lowest), by bet.
    """

    judgement_decibans: Floats
    measurement_decibans: Floats
    belief: Floats
    thesis_belief: Floats
    weakest: Integers


def beliefs_of_many(columns: Columns, as_of: datetime) -> ManyBeliefs:
    """Return all beliefs at `as_of`; what was observed later does not count yet."""
    hypotheses, moment = columns.hypotheses, microseconds(as_of)
    judgements = _judgement_decibans(columns.judged, hypotheses, moment)
    measurements = _measurement_decibans(columns.measured, hypotheses, moment)
    belief = beliefs_from(hypotheses.prior, judgements + measurements)
    return ManyBeliefs(judgements, measurements, belief, *_chained(columns.theses, belief))


def microseconds(moment: datetime) -> int:
    """Return a moment as the microseconds since 1970 (UTC)."""
    return (moment - EPOCH) // MICROSECOND


def beliefs_from(prior: float | Floats, decibans: Floats) -> Floats:
    """Return what each prior becomes under its decibans: `hypothesis.belief_from`, for arrays."""
    log_odds = np.log(prior) - np.log1p(-prior) + decibans / DECIBANS_PER_NAT
    return np.where(decibans == 0.0, prior, special.expit(log_odds))


def _judgement_decibans(judged: Judged, hypotheses: Hypotheses, as_of: int) -> Floats:
    """Return J of each hypothesis.

    Items are summed up by mouth (a source on a hypothesis): n from one are divided by one √n.
    """
    size = len(hypotheses.prior)
    source, first_mouth, hypothesis_of = _mouths(judged, size)
    said, items = np.zeros((2, len(hypothesis_of)))
    for part, place, counts, scale in _blocks(judged, hypotheses, as_of):
        mouth = first_mouth[place]
        mouth += source[part]
        scale *= judged.decibans[part]
        np.add.at(said, mouth, scale)
        np.add.at(items, mouth, counts)
    decibans = np.zeros(size)
    np.add.at(decibans, hypothesis_of, said / np.sqrt(np.maximum(items, 1.0)))
    return decibans


def _mouths(judged: Judged, size: int) -> tuple[Integers, Integers, Integers]:
    """Return the source of each item, the first mouth of each hypothesis, whom each mouth is of.

    An item's mouth is its source after the first of its hypothesis. All pairs of hypothesis and
    source are mouths, though most are never met, since that saves sorting; unless there would be
    too many.
    """
    sources = int(judged.source.max(initial=0)) + 1
    every = np.arange(size)
    if size * sources <= ROOM_FOR_SOURCES * (len(judged.source) + size):
        return judged.source, every * sources, np.repeat(every, sources)
    pairs = judged.hypothesis.astype(np.int64) * sources + judged.source
    met, mouth = np.unique(pairs, return_inverse=True)
    hypothesis_of = met // sources
    first_mouth = np.searchsorted(hypothesis_of, every)
    return mouth - first_mouth[judged.hypothesis], first_mouth, hypothesis_of


def _measurement_decibans(measured: Measured, hypotheses: Hypotheses, as_of: int) -> Floats:
    """Return M of each hypothesis."""
    size = len(hypotheses.prior)
    decibans, first, second = np.zeros((3, size))
    for part, place, _, scale in _blocks(measured, hypotheses, as_of):
        np.add.at(first, place, measured.first[part] * scale)
        np.add.at(second, place, measured.second[part] * scale)
    for kind, of_kind in (("mean", hypotheses.is_mean), ("proportion", ~hypotheses.is_mean)):
        some = np.flatnonzero(of_kind & ((first != 0.0) | (second != 0.0)))
        threshold, is_at_most = hypotheses.threshold[some], hypotheses.is_at_most[some]
        decibans[some] = pooled_decibans(kind, threshold, is_at_most, first[some], second[some])
    return decibans


def _blocks(
    items: Judged | Measured, hypotheses: Hypotheses, as_of: int
) -> Iterator[tuple[slice, NDArray[np.intp], Floats, Floats]]:
    """Yield, block by block, the hypothesis of each item, 1 if it counts, else 0, and its scale.

    The scale is reliability × staleness, 2^(−age/half-life), and 0 of what does not count. In
    blocks, what is worked out on the way stays near the processor and takes no room.
    """
    pace = -1.0 / (hypotheses.half_life_days * MICROSECONDS_PER_DAY)
    for start in range(0, len(items.hypothesis), BLOCK):
        part = slice(start, start + BLOCK)
        place = items.hypothesis[part].astype(np.intp)
        age = (as_of - items.observed_at[part]).astype(np.float64)
        counts = ((age >= 0.0) & ~items.is_taken_back[part]).astype(np.float64)
        half_lives = np.maximum(age, 0.0, out=age)
        half_lives *= pace[place]
        scale = np.exp2(half_lives, out=half_lives)
        scale *= items.reliability[part]
        scale *= counts
        yield part, place, counts, scale


def _chained(theses: Theses, belief: Floats) -> tuple[Floats, Integers]:
    """Return the belief in each thesis, a product, and the place of its weakest hypothesis."""
    if not len(theses.first):
        return np.zeros(0), np.zeros(0, dtype=np.intp)
    links = belief[theses.hypothesis]
    lowest = np.minimum.reduceat(links, theses.first)
    lengths = np.diff(theses.first, append=len(links))
    is_weak = links <= np.repeat(lowest * (1.0 + AS_WEAK), lengths)
    places = np.where(is_weak, theses.hypothesis, len(belief))
    product = np.multiply.reduceat(links, theses.first)
    return product, np.minimum.reduceat(places, theses.first)


def columns_of(
    hypotheses: Mapping[Id, Hypothesis], bets: Iterable[Bet], as_of: datetime
) -> Columns:
    """Return hypotheses, their evidence and bets as columns, with what is taken back at `as_of`.

    Raises BeliefInputError for a measurement that the metric is not of.
    """
    ordered = [hypotheses[each] for each in sorted(hypotheses, key=id_order)]
    chains = sorted(bets, key=lambda bet: id_order(bet.id))
    return Columns(
        _hypothesis_columns(ordered),
        _judged_columns(ordered, as_of),
        _measured_columns(ordered, as_of),
        _thesis_columns(ordered, chains),
    )


def _hypothesis_columns(ordered: list[Hypothesis]) -> Hypotheses:
    metrics = [each.metric or _NO_METRIC for each in ordered]
    return Hypotheses(
        prior=np.array([each.prior for each in ordered], dtype=np.float64),
        half_life_days=np.array(
            [np.inf if each.half_life_days is None else each.half_life_days for each in ordered],
            dtype=np.float64,
        ),
        is_mean=np.array([each.kind == "mean" for each in metrics], dtype=np.bool_),
        threshold=np.array([each.threshold for each in metrics], dtype=np.float64),
        is_at_most=np.array([each.direction == "<=" for each in metrics], dtype=np.bool_),
    )


_NO_METRIC = Metric(kind="proportion", threshold=0.5, direction=">=")


def _judged_columns(ordered: list[Hypothesis], as_of: datetime) -> Judged:
    rows = []
    for place, hypothesis in enumerate(ordered):
        sources: dict[Id | None, int] = {}
        for item, is_taken_back in _items(hypothesis, as_of):
            if isinstance(item, JUDGED):
                source = sources.setdefault(item.source, len(sources))
                figures = (item.decibans, item.reliability, is_taken_back)
                rows.append((place, source, microseconds(item.observed_at), *figures))
    place_, source_, observed_at, decibans, reliability, taken_back = _turned(rows, 6)
    return Judged(
        hypothesis=np.array(place_, dtype=np.int32),
        source=np.array(source_, dtype=np.int32),
        observed_at=np.array(observed_at, dtype=np.int64),
        decibans=np.array(decibans, dtype=np.float64),
        reliability=np.array(reliability, dtype=np.float64),
        is_taken_back=np.array(taken_back, dtype=np.bool_),
    )


def _measured_columns(ordered: list[Hypothesis], as_of: datetime) -> Measured:
    rows = []
    for place, hypothesis in enumerate(ordered):
        for item, is_taken_back in _items(hypothesis, as_of):
            if isinstance(item, MEASURED):
                figures = additive_figures(item, metric_for(item, hypothesis.metric))
                scale = (item.reliability, is_taken_back)
                rows.append((place, microseconds(item.observed_at), *figures, *scale))
    place_, observed_at, first, second, reliability, taken_back = _turned(rows, 6)
    return Measured(
        hypothesis=np.array(place_, dtype=np.int32),
        observed_at=np.array(observed_at, dtype=np.int64),
        first=np.array(first, dtype=np.float64),
        second=np.array(second, dtype=np.float64),
        reliability=np.array(reliability, dtype=np.float64),
        is_taken_back=np.array(taken_back, dtype=np.bool_),
    )


def _items(hypothesis: Hypothesis, as_of: datetime) -> Iterator[tuple[Item, bool]]:
    """Yield all items and whether each was taken back by then."""
    counted = {item.id for item in counted_evidence(hypothesis.evidence, as_of)}
    for item in hypothesis.evidence:
        yield item, item.observed_at <= as_of and item.id not in counted


def _turned(rows: Sequence[tuple[float, ...]], columns: int) -> list[tuple[float, ...]]:
    """Return the columns of rows, empty ones where there is no row."""
    return list(zip(*rows, strict=True)) if rows else [()] * columns


def _thesis_columns(ordered: list[Hypothesis], chains: list[Bet]) -> Theses:
    place = {each.id: number for number, each in enumerate(ordered)}
    links = [sorted(place[each] for each in bet.hypotheses) for bet in chains]
    lengths = np.array([len(each) for each in links], dtype=np.int64)
    return Theses(
        hypothesis=np.array([each for chain in links for each in chain], dtype=np.int64),
        first=np.cumsum(lengths) - lengths,
    )
