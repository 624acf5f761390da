"""The belief in one hypothesis while its evidence comes in, at many moments at once.

Gives the same belief as `evidence.belief.hypothesis`, but at every moment of a history for one
pass over the items: everything that decays does so at one pace, so sums taken at one moment are
carried to a later one by a single factor. What costs most, the pooled measurements' tails, is
worked out for all moments of any number of hypotheses in one go.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from evidence.belief.facts import Hypothesis, Id, Item, id_order
from evidence.belief.hypothesis import JUDGED, MEASURED
from evidence.belief.kill import Sample, is_met
from evidence.belief.many import EPOCH, MICROSECOND, MICROSECONDS_PER_DAY, beliefs_from
from evidence.belief.many import microseconds as microseconds_of
from evidence.belief.measurements import Floats, additive_figures, pooled_decibans

Moments = NDArray[np.int64]
"""Moments in microseconds since 1970 (UTC)."""
Flags = NDArray[np.bool_]


class RunningBelief:
    """Takes the counted items of one hypothesis in and answers for any moments.

    Args:
        hypothesis: whose prior, half-life, metric and kill criteria count.
        counted: the items, in any order; retractions have no part in it.
    """

    def __init__(self, hypothesis: Hypothesis, counted: Iterable[Item]) -> None:
        self.hypothesis = hypothesis
        self.items = sorted(counted, key=lambda item: (item.observed_at, id_order(item.id)))
        self.moments: Moments = np.array(
            [microseconds_of(item.observed_at) for item in self.items], dtype=np.int64
        )
        self._pace = -1.0 / ((hypothesis.half_life_days or math.inf) * MICROSECONDS_PER_DAY)
        # Before the first item, and after each.
        self._sums: Floats = np.array(self._summed())
        self._kill = self._killed()

    @property
    def is_measured(self) -> bool:
        """Whether there is anything to pool."""
        return self.hypothesis.metric is not None and bool(self._sums[1:].any())

    def sums(self, at: Moments) -> Floats:
        """Return J and the two pooled figures, three rows, as they are at each of the moments."""
        seen = np.searchsorted(self.moments, at, side="right")
        if not len(self.moments):
            return np.zeros((3, len(at)))
        age = at - self.moments[np.maximum(seen - 1, 0)]
        left: Floats = np.exp2(np.maximum(age, 0) * self._pace)
        return self._sums[:, seen] * left

    def kill(self, at: Moments) -> dict[Id, Flags]:
        """Return, by kill criterion in id order, at which of the moments it is met."""
        seen = np.searchsorted(self.moments, at, side="right")
        return {
            identifier: np.where(at > deadline, late[seen], early[seen])
            for identifier, (deadline, early, late) in self._kill.items()
        }

    def arrived(self, at: int) -> list[Id]:
        """Return the ids of what was observed at this very moment."""
        first, last = (np.searchsorted(self.moments, at, side=side) for side in ("left", "right"))
        return [item.id for item in self.items[first:last]]

    def _summed(self) -> tuple[list[float], list[float], list[float]]:
        """Return J and the pooled figures after each item, as of its moment."""
        metric = self.hypothesis.metric
        judged = first = second = 0.0
        sums = ([0.0], [0.0], [0.0])
        said: dict[Id | None, tuple[int, float, int]] = {}
        before = 0
        for item, at in zip(self.items, self.moments.tolist(), strict=True):
            if at != before:
                left = math.exp2((at - before) * self._pace) if len(sums[0]) > 1 else 1.0
                judged, first, second = judged * left, first * left, second * left
                before = at
            if isinstance(item, JUDGED):
                since, decibans, items = said.get(item.source, (at, 0.0, 0))
                decibans *= math.exp2((at - since) * self._pace)
                # n items of one source count as √n.
                judged -= decibans / math.sqrt(items) if items else 0.0
                decibans, items = decibans + item.decibans * item.reliability, items + 1
                judged += decibans / math.sqrt(items)
                said[item.source] = at, decibans, items
            elif metric is not None and isinstance(item, MEASURED):
                figures = additive_figures(item, metric)
                first += item.reliability * figures[0]
                second += item.reliability * figures[1]
            for column, figure in zip(sums, (judged, first, second), strict=True):
                column.append(figure)
        return sums

    def _killed(self) -> dict[Id, tuple[int, Flags, Flags]]:
        """Return, by kill criterion in id order, its deadline and whether it is met after so many
        items: until the deadline, and after it.
        """
        criteria = sorted(self.hypothesis.kill_criteria, key=lambda each: id_order(each.id))
        if not criteria:
            return {}
        sample = Sample()
        met: list[list[tuple[bool, bool]]] = [[] for _ in criteria]
        for item in (None, *self.items):
            if item is not None:
                sample.add(item)
            for each, found in zip(criteria, met, strict=True):
                deadline = each.deadline or EPOCH
                found.append(
                    (
                        is_met(each, sample, deadline),
                        is_met(each, sample, deadline + MICROSECOND),
                    )
                )
        never = np.iinfo(np.int64).max
        return {
            each.id: (
                never if each.deadline is None else microseconds_of(each.deadline),
                *np.array(found, dtype=np.bool_).T,
            )
            for each, found in zip(criteria, met, strict=True)
        }


def beliefs_at(asked: Sequence[tuple[RunningBelief, Moments]]) -> list[Floats]:
    """Return the beliefs in several hypotheses, each at moments of its own."""
    sums = [running.sums(at) for running, at in asked]
    decibans = [judged for judged, _, _ in sums]
    for kind in ("proportion", "mean"):
        some = [
            place
            for place, (running, _) in enumerate(asked)
            if running.is_measured and _kind(running) == kind
        ]
        if not some:
            continue
        lengths = [len(asked[place][1]) for place in some]
        metrics = [asked[place][0].hypothesis.metric for place in some]
        pooled = pooled_decibans(
            kind,
            np.repeat([metric.threshold for metric in metrics if metric], lengths),
            np.repeat([metric.direction == "<=" for metric in metrics if metric], lengths),
            np.concatenate([sums[place][1] for place in some]),
            np.concatenate([sums[place][2] for place in some]),
        )
        parts = np.split(pooled, np.cumsum(lengths)[:-1])
        for place, part in zip(some, parts, strict=True):
            decibans[place] = decibans[place] + part
    return [
        beliefs_from(running.hypothesis.prior, each)
        for (running, _), each in zip(asked, decibans, strict=True)
    ]


def _kind(running: RunningBelief) -> str:
    return running.hypothesis.metric.kind if running.hypothesis.metric else ""
