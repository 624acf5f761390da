"""What a belief is worked out from: hypotheses, their evidence, and the bets that rest on them.

Plain frozen values, without a database behind them. `evidence.belief.reading` builds them from JSON
and refuses what makes no sense; code that builds them from rows relies on the same limits being
constraints of the database, since the constructors themselves check nothing.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Id = int | str

Direction = Literal["for", "against"]
Strength = Literal["weak", "moderate", "strong", "decisive"]
Comparison = Literal["<", "<=", ">", ">="]

STRENGTH_DECIBANS: Mapping[str, float] = {
    "weak": 2.5,
    "moderate": 5.0,
    "strong": 10.0,
    "decisive": 15.0,
}
"""Decibans that one judgement of each strength weighs before any scaling (engine.md section 1)."""

CUT_DECIBANS = 60.0
"""No given ratio, and no pooled measurement, weighs more than this in either direction."""

STOP_BELOW = 0.20
REVIVE_ABOVE = 0.35


class BeliefInputError(ValueError):
    """Facts from which no belief can be worked out.

    Says which hypothesis, bet or item (`subject`), which `field`, and in `reason` what is wrong
    and what would be right; as text, all three in one line.
    """

    def __init__(self, subject: str, field: str, reason: str) -> None:
        super().__init__(f"{subject}: {field}: {reason}")
        self.subject = subject
        self.field = field
        self.reason = reason


def id_order(identifier: Id) -> tuple[bool, Id]:
    """Sort key for ids that may be numbers or text: numbers first, then text."""
    return isinstance(identifier, str), identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One piece of evidence on one hypothesis.

    `observed_at` carries an offset from UTC. `source` is who it comes from; None is one source
    shared by all items without one. `reliability` is in (0, 1] and scales the item's weight.
    """

    id: Id
    observed_at: datetime
    source: Id | None = None
    reliability: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement(Item):
    """Somebody's opinion: for or against the hypothesis, and how strongly."""

    direction: Direction
    strength: Strength

    @property
    def decibans(self) -> float:
        """Signed weight before reliability, staleness and sharing a source are applied."""
        weight = STRENGTH_DECIBANS[self.strength]
        return -weight if self.direction == "against" else weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio(Item):
    """A likelihood ratio worked out elsewhere: above 1 speaks for the hypothesis."""

    likelihood_ratio: float

    @property
    def decibans(self) -> float:
        """Signed weight before scaling: 10·log10 of the ratio, cut at ±60."""
        weight = 10.0 * math.log10(self.likelihood_ratio)
        return max(-CUT_DECIBANS, min(CUT_DECIBANS, weight))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProportionMeasurement(Item):
    """A measurement of a leading indicator that is a share: successes out of trials."""

    successes: int
    trials: int

    @property
    def sample(self) -> int:
        """How many trials were seen."""
        return self.trials


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanMeasurement(Item):
    """A measurement of a leading indicator that is a mean, from `n` observations.

    `sd` is the standard deviation of one observation, above 0, in the unit of the mean.
    """

    mean: float
    sd: float
    n: int

    @property
    def sample(self) -> int:
        """How many observations the mean was taken from."""
        return self.n


@dataclass(frozen=True, slots=True, kw_only=True)
class Retraction(Item):
    """Takes another item of the same hypothesis back; has no weight of its own."""

    retracts: Id


Measurement = ProportionMeasurement | MeanMeasurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """The leading indicator: the hypothesis says that it is `direction` `threshold`.

    For a proportion the threshold is a share strictly between 0 and 1; for a mean it is any number.
    """

    kind: Literal["proportion", "mean"]
    threshold: float
    direction: Literal[">=", "<="]


@dataclass(frozen=True, slots=True, kw_only=True)
class KillCriterion:
    """A condition agreed beforehand under which the thesis counts as broken.

    `metric` "value" looks at the pooled observed value of the indicator, "trials" at the size of
    the sample behind it. See `evidence.belief.kill` for when it is judged.
    """

    id: Id
    metric: Literal["value", "trials"]
    comparison: Comparison
    value: float
    min_sample: int | None = None
    deadline: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """A falsifiable statement with its prior and all evidence on it, in any order.

    `half_life_days` is the time after which evidence weighs half; None means that it never decays.
    """

    id: Id
    prior: float
    half_life_days: float | None = None
    metric: Metric | None = None
    kill_criteria: tuple[KillCriterion, ...] = ()
    evidence: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bet:
    """A thesis: the hypotheses that must all hold, and the thresholds of break and revival."""

    id: Id
    hypotheses: tuple[Id, ...]
    stop_below: float = STOP_BELOW
    revive_above: float = REVIVE_ABOVE
