"""The belief in one hypothesis while its evidence comes in, one item after the other.

Gives the same belief as `evidence.belief.hypothesis`, but at every moment of a history for one
pass over the items: everything that decays does so at one pace, so sums taken at one moment are
carried to a later one by a single factor.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from evidence.belief.facts import Hypothesis, Id, Item, Judgement, Measurement, Ratio
from evidence.belief.hypothesis import MEASURED, belief_from, staleness
from evidence.belief.kill import Sample, criteria_met_by
from evidence.belief.measurements import additive_figures, measurement_decibans


@dataclass(slots=True)
class _Source:
    """What one source has said so far: how many items, and their decibans as of `at`."""

    at: datetime
    items: int = 0
    decibans: float = 0.0

    @property
    def weight(self) -> float:
        """Decibans that the source adds to J: n items count as √n."""
        return self.decibans / math.sqrt(self.items) if self.items else 0.0


class RunningBelief:
    """Takes counted items in order of `observed_at` and answers for any moment since the last."""

    def __init__(self, hypothesis: Hypothesis) -> None:
        self.hypothesis = hypothesis
        self.sample = Sample()
        self._at: datetime | None = None
        self._judgement_decibans = 0.0
        self._pooled: tuple[float, float] | None = None
        self._sources: dict[Id | None, _Source] = {}

    def add(self, item: Item) -> None:
        """Take one more item in; it must not have been observed before the one before it."""
        self._carry_to(item.observed_at)
        if isinstance(item, Judgement | Ratio):
            self._judge(item)
        elif isinstance(item, MEASURED):
            self._measure(item)

    def belief(self, at: datetime) -> float:
        """Return the belief at a moment not before the last item taken in."""
        left = self._left(self._at, at)
        decibans = self._judgement_decibans * left
        metric = self.hypothesis.metric
        if self._pooled is not None and metric is not None:
            first, second = (np.array([figure * left]) for figure in self._pooled)
            decibans += float(measurement_decibans(metric, first, second)[0])
        return belief_from(self.hypothesis.prior, decibans)

    def kill(self, at: datetime) -> Sequence[Id]:
        """Return the ids of the kill criteria met at a moment not before the last item."""
        return criteria_met_by(self.hypothesis, self.sample, at)

    def _left(self, since: datetime | None, at: datetime) -> float:
        """Return what part of a weight that was whole at `since` is left at `at`."""
        return 1.0 if since is None else staleness(since, at, self.hypothesis.half_life_days)

    def _carry_to(self, at: datetime) -> None:
        left = self._left(self._at, at)
        self._judgement_decibans *= left
        if self._pooled is not None:
            self._pooled = (self._pooled[0] * left, self._pooled[1] * left)
        self._at = at

    def _judge(self, item: Judgement | Ratio) -> None:
        at = item.observed_at
        source = self._sources.setdefault(item.source, _Source(at))
        source.decibans *= self._left(source.at, at)
        source.at = at
        self._judgement_decibans -= source.weight
        source.items += 1
        source.decibans += item.decibans * item.reliability
        self._judgement_decibans += source.weight

    def _measure(self, item: Measurement) -> None:
        self.sample.add(item)
        metric = self.hypothesis.metric
        if metric is None:
            return
        first, second = (item.reliability * each for each in additive_figures(item, metric))
        before = self._pooled or (0.0, 0.0)
        self._pooled = (before[0] + first, before[1] + second)
