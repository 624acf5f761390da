"""The belief in one hypothesis, and what each piece of evidence does to it.

    logit(belief) = logit(prior) + ln(10)/10 · (J + M)

J is the sum of the judgements and given ratios, M the weight of the pooled measurements, both in
decibans (I. J. Good, Probability and the Weighing of Evidence, 1950): engine.md section 1.

Readings taken where that text is open:

- The **weight of an item** is, for a judgement or ratio, its scaled weight in J; for a measurement
  M minus M without it; for a retraction, and for what does not count, 0.
- **Leaving an item out** lowers the number of items of its source, so its siblings weigh more, and
  pools the measurements anew; all retractions of other items stay. Leaving out a retraction is as
  if the retraction had never been: what it took back counts again.
- **Freshness** takes each item by itself: a judgement or ratio with its reliability and its share
  of the source, a measurement with the Bayes factor of its own sample scaled by reliability. The
  sum of these weights times staleness, over their sum: in [0, 1]; 0 without evidence. Where all of
  them are 0 decibans it is the plain mean of the staleness.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from evidence.belief.facts import (
    Hypothesis,
    Id,
    Item,
    Judgement,
    MeanMeasurement,
    Measurement,
    Metric,
    ProportionMeasurement,
    Ratio,
    Retraction,
    id_order,
)
from evidence.belief.kill import kill_criteria_met
from evidence.belief.measurements import (
    DECIBANS_PER_NAT,
    Floats,
    additive_figures,
    measurement_decibans,
    metric_for,
    sums_without_each,
)
from evidence.belief.retraction import counted_evidence

DAY = timedelta(days=1)
JUDGED = (Judgement, Ratio)
MEASURED = (ProportionMeasurement, MeanMeasurement)


@dataclass(frozen=True, slots=True)
class ItemWeight:
    """What one piece of evidence weighs, and the belief there would be without it.

    `counts` is False for what was taken back or lies after the moment asked about, and for
    retractions, which act on other items only.
    """

    id: Id
    decibans: float
    belief_without: float
    counts: bool


@dataclass(frozen=True, slots=True)
class HypothesisBelief:
    """The belief in a hypothesis at a moment and what it was worked out from.

    `judgement_decibans` is J, `measurement_decibans` M, `kill` the ids of the kill criteria met,
    `newest` when the newest counted evidence was observed. `items` is in id order and stays empty
    where attribution was not asked for.
    """

    id: Id
    belief: float
    judgement_decibans: float
    measurement_decibans: float
    freshness: float
    newest: datetime | None
    kill: tuple[Id, ...]
    items: tuple[ItemWeight, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """The belief in a hypothesis before and after one more item, and that item's weight."""

    before: float
    after: float
    decibans: float
    kill_before: tuple[Id, ...]
    kill_after: tuple[Id, ...]


def belief_from(prior: float, decibans: float) -> float:
    """Return the probability that a prior becomes under a weight of evidence in decibans.

    Without any weight it is the prior itself, to the last bit.
    """
    if decibans == 0.0:
        return prior
    log_odds = math.log(prior) - math.log1p(-prior) + decibans / DECIBANS_PER_NAT
    if log_odds < 0.0:
        odds = math.exp(log_odds)
        return odds / (1.0 + odds)
    return 1.0 / (1.0 + math.exp(-log_odds))


def staleness(observed_at: datetime, as_of: datetime, half_life_days: float | None) -> float:
    """Return 2^(−age/half-life), 1 where nothing decays; an age is never below 0."""
    if half_life_days is None:
        return 1.0
    return math.exp2(-max(0.0, (as_of - observed_at) / DAY) / half_life_days)


class _Judgements:
    """J: the judgements and ratios that count, each with its weight.

    A source's n items weigh 1/√n of their decibans each.
    """

    def __init__(self, items: Sequence[Judgement | Ratio], stale: Sequence[float]) -> None:
        self.items = items
        self.count = Counter(item.source for item in items)
        share = {source: 1.0 / math.sqrt(n) for source, n in self.count.items()}
        self.fresh_weights = [
            item.decibans * item.reliability * share[item.source] for item in items
        ]
        self.weights = [fresh * each for fresh, each in zip(self.fresh_weights, stale, strict=True)]
        self.decibans = math.fsum(self.weights)

    def decibans_without_each(self) -> list[float]:
        """Return, for each item, J as it would be without it (its source counts one fewer)."""
        of_source: defaultdict[Id | None, list[float]] = defaultdict(list)
        for item, weight in zip(self.items, self.weights, strict=True):
            of_source[item.source].append(weight)
        totals = {source: math.fsum(weights) for source, weights in of_source.items()}
        without = []
        for item, weight in zip(self.items, self.weights, strict=True):
            n, total = self.count[item.source], totals[item.source]
            siblings = (total - weight) * math.sqrt(n / (n - 1)) if n > 1 else 0.0
            without.append(self.decibans - total + siblings)
        return without


class _Measurements:
    """M: the measurements that count, pooled against the metric."""

    def __init__(
        self, metric: Metric | None, items: Sequence[Measurement], stale: Sequence[float]
    ) -> None:
        self.metric = metric
        self.items = items
        self.decibans = 0.0
        if not items:
            return
        metric = metric_for(items[0], metric)
        figures = np.array([additive_figures(item, metric) for item in items])
        reliability = np.array([item.reliability for item in items])
        self.fresh_figures = figures * reliability[:, np.newaxis]
        self.figures = self.fresh_figures * np.array(stale)[:, np.newaxis]
        # fsum is exact before its one rounding, hence the same in whatever order items come
        pooled = [np.array([math.fsum(column)]) for column in self.figures.T.tolist()]
        self.decibans = float(measurement_decibans(metric, *pooled)[0])

    def decibans_without_each(self) -> Floats:
        """Return, for each item, M pooled from all the others."""
        if self.metric is None or not self.items:
            return np.zeros(0)
        order = np.argsort([str(id_order(item.id)) for item in self.items], kind="stable")
        rest = [sums_without_each(self.figures[order, column]) for column in (0, 1)]
        without = np.empty(len(self.items))
        without[order] = measurement_decibans(self.metric, *rest)
        return without

    def fresh_weights(self) -> list[float]:
        """Return, for each item, the decibans of its own sample without any staleness."""
        if self.metric is None or not self.items:
            return []
        alone = measurement_decibans(
            self.metric, self.fresh_figures[:, 0], self.fresh_figures[:, 1]
        )
        weights: list[float] = alone.tolist()
        return weights


class _Weighing:
    """All counted evidence on one hypothesis at one moment, split into J and M."""

    def __init__(self, hypothesis: Hypothesis, counted: Sequence[Item], as_of: datetime) -> None:
        judged = [item for item in counted if isinstance(item, JUDGED)]
        measured = [item for item in counted if isinstance(item, MEASURED)]
        self.prior = hypothesis.prior
        self.half_life_days = hypothesis.half_life_days
        self.judged_staleness = self._staleness(judged, as_of)
        self.measured_staleness = self._staleness(measured, as_of)
        self.judgements = _Judgements(judged, self.judged_staleness)
        self.measurements = _Measurements(hypothesis.metric, measured, self.measured_staleness)
        self.belief = self.belief_at(self.judgements.decibans, self.measurements.decibans)

    def _staleness(self, items: Sequence[Item], as_of: datetime) -> list[float]:
        return [staleness(item.observed_at, as_of, self.half_life_days) for item in items]

    def belief_at(self, judgement_decibans: float, decibans: float) -> float:
        """Return the belief that other values of J and M would give."""
        return belief_from(self.prior, judgement_decibans + decibans)

    def freshness(self) -> float:
        """Return the share of the evidence's weight that age has left (see the module)."""
        stale = self.judged_staleness + self.measured_staleness
        if not stale:
            return 0.0
        weights = [
            abs(weight)
            for weight in self.judgements.fresh_weights + self.measurements.fresh_weights()
        ]
        total = math.fsum(weights)
        if total == 0.0:
            return math.fsum(stale) / len(stale)
        left = [weight * each for weight, each in zip(weights, stale, strict=True)]
        return min(1.0, math.fsum(left) / total)

    def weights(self) -> dict[Id, ItemWeight]:
        """Return what each counted item weighs and the belief without it."""
        judged, measured = self.judgements, self.measurements
        found = {}
        for item, weight, without in zip(
            judged.items, judged.weights, judged.decibans_without_each(), strict=True
        ):
            belief = self.belief_at(without, measured.decibans)
            found[item.id] = ItemWeight(item.id, weight, belief, True)
        for each, without in zip(
            measured.items, measured.decibans_without_each().tolist(), strict=True
        ):
            belief = self.belief_at(judged.decibans, without)
            found[each.id] = ItemWeight(each.id, measured.decibans - without, belief, True)
        return found


def hypothesis_belief(
    hypothesis: Hypothesis, as_of: datetime, *, attribution: bool = True
) -> HypothesisBelief:
    """Return the belief in a hypothesis at `as_of`, from its evidence alone.

    `attribution` adds `items`, the weight of each piece of evidence; leave it off where only
    beliefs are wanted, for thousands of hypotheses at once.
    """
    counted = counted_evidence(hypothesis.evidence, as_of)
    weighing = _Weighing(hypothesis, counted, as_of)
    return HypothesisBelief(
        id=hypothesis.id,
        belief=weighing.belief,
        judgement_decibans=weighing.judgements.decibans,
        measurement_decibans=weighing.measurements.decibans,
        freshness=weighing.freshness(),
        newest=max((item.observed_at for item in counted), default=None),
        kill=kill_criteria_met(hypothesis, counted, as_of),
        items=_item_weights(hypothesis, weighing, as_of) if attribution else (),
    )


def _item_weights(
    hypothesis: Hypothesis, weighing: _Weighing, as_of: datetime
) -> tuple[ItemWeight, ...]:
    """Return the weight of every item of the hypothesis, those that do not count included."""
    weights = weighing.weights()
    for item in hypothesis.evidence:
        if isinstance(item, Retraction) and item.observed_at <= as_of:
            without = _belief_without(hypothesis, item, as_of)
            weights[item.id] = ItemWeight(item.id, 0.0, without, False)
        elif item.id not in weights:
            weights[item.id] = ItemWeight(item.id, 0.0, weighing.belief, False)
    return tuple(weights[identifier] for identifier in sorted(weights, key=id_order))


def _belief_without(hypothesis: Hypothesis, left_out: Item, as_of: datetime) -> float:
    """Return the belief as if one item had never been, worked out from scratch."""
    evidence = [item for item in hypothesis.evidence if item is not left_out]
    return _Weighing(hypothesis, counted_evidence(evidence, as_of), as_of).belief


def preview(hypothesis: Hypothesis, item: Item, as_of: datetime) -> Preview:
    """Return what one more item would do to a hypothesis, without logging it.

    The item needs an id that no other item of the hypothesis has. A retraction's own weight is 0;
    what it does shows in the difference between the beliefs.
    """
    before = hypothesis_belief(hypothesis, as_of, attribution=False)
    extended = replace(hypothesis, evidence=(*hypothesis.evidence, item))
    after = hypothesis_belief(extended, as_of)
    weight = next(each for each in after.items if each.id == item.id)
    return Preview(before.belief, after.belief, weight.decibans, before.kill, after.kill)
