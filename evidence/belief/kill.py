"""Kill criteria: conditions agreed beforehand under which a thesis counts as broken.

The text of engine.md leaves open when exactly a criterion is judged; this is the reading taken:

- The **sample** is the sum of the counted measurements' trials (or n), unscaled: neither age nor
  reliability makes it smaller. The **value** is their pooled observed value: all successes over
  all trials, or the mean weighted by n.
- A criterion is **judged** once the sample is at least `min_sample` (without one: 1 for "value",
  0 for "trials") and is then met if the comparison holds. A "trials" criterion with a deadline is
  judged only after the deadline, since every sample is small at first.
- After its deadline a criterion is also met while the sample is below max(1, `min_sample`): the
  evidence that was required has not come. Evidence that comes later lifts it again.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from evidence.belief.facts import (
    Hypothesis,
    Id,
    Item,
    KillCriterion,
    MeanMeasurement,
    ProportionMeasurement,
    id_order,
)

HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(slots=True)
class Sample:
    """All counted measurements of one indicator together, unscaled.

    `total` is kept as an exact fraction: the mean of equal means is then exactly that mean, in
    any order, and a criterion on that very value holds.
    """

    size: int = 0
    total: Fraction = Fraction(0)

    def add(self, item: Item) -> None:
        """Take one item in; anything but a measurement changes nothing."""
        if isinstance(item, ProportionMeasurement):
            self.size += item.trials
            self.total += item.successes
        elif isinstance(item, MeanMeasurement):
            self.size += item.n
            self.total += item.n * Fraction(item.mean)

    @property
    def value(self) -> float:
        """Pooled observed value; only asked for when the sample is not empty."""
        return float(self.total / self.size)


def is_met(criterion: KillCriterion, sample: Sample, as_of: datetime) -> bool:
    """Tell whether a kill criterion is met by a sample at a moment (rules: see the module)."""
    is_late = criterion.deadline is not None and as_of > criterion.deadline
    if is_late and sample.size < max(1, criterion.min_sample or 0):
        return True
    holds = HOLDS[criterion.comparison]
    if criterion.metric == "value":
        is_judged = sample.size >= max(1, criterion.min_sample or 0)
        return is_judged and holds(sample.value, criterion.value)
    is_judged = sample.size >= (criterion.min_sample or 0)
    is_due = criterion.deadline is None or is_late
    return is_judged and is_due and holds(sample.size, criterion.value)


def kill_criteria_met(
    hypothesis: Hypothesis, counted: Iterable[Item], as_of: datetime
) -> tuple[Id, ...]:
    """Return the ids, in order, of the hypothesis's kill criteria that are met at `as_of`.

    `counted` is the evidence that counts then (`evidence.belief.retraction.counted_evidence`).
    """
    if not hypothesis.kill_criteria:
        return ()
    sample = Sample()
    for item in counted:
        sample.add(item)
    return criteria_met_by(hypothesis, sample, as_of)


def criteria_met_by(hypothesis: Hypothesis, sample: Sample, as_of: datetime) -> tuple[Id, ...]:
    """Return the ids, in order, of the kill criteria that a sample meets at `as_of`."""
    met = [each.id for each in hypothesis.kill_criteria if is_met(each, sample, as_of)]
    return tuple(sorted(met, key=id_order))
