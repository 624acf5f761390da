"""A portfolio as the engine sees it: plain values, nothing computed, nothing of a database.

Rates are currency per month, values are currency over the horizon, shares and probabilities lie
between 0 and 1. `reading.parse_snapshot` makes these from JSON and refuses what makes no sense;
the classes themselves check nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter

from allocation.engine.lever_terms import LeverTerms
from allocation.engine.value import DEFAULT_RESPONSE, Percentiles, Response


@dataclass(frozen=True)
class Team:
    """People who can absorb `capacity` (currency per month) of funding."""

    id: str
    capacity: float


@dataclass(frozen=True)
class Fungibility:
    """How well `target` is served by capacity that `source` lends: `efficiency` in [0, 1]."""

    source: str
    target: str
    efficiency: float


@dataclass(frozen=True)
class Hypothesis:
    """One of the hypotheses that must all hold for a thesis to hold."""

    id: str
    belief: float
    """The probability that it holds, independently of the others."""


@dataclass(frozen=True)
class Bet:
    """One bet today: what it holds, what it is worth, and what moving its money costs."""

    id: str
    working: float
    """c: funding today that works on the bet, currency per month."""
    belief: float
    """p: the probability that the thesis holds."""
    value_if_true: float
    """V: expected value over the horizon if the thesis holds and the bet is fully funded."""
    full_funding: float
    """F: the rate at which the bet earns V."""
    entangled: float = 0.0
    """u: funding that goes on being consumed without working on the bet, currency per month."""
    response: Response = DEFAULT_RESPONSE
    minimum: float = 0.0
    """Below this rate the bet is not worth starting: it holds nothing or at least this much."""
    maximum: float | None = None
    """The most it may hold by its own data; None is no maximum."""
    reclaimable: float = 1.0
    """ρ: the share of withdrawn money that is freed; the rest becomes entangled."""
    notice_months: float = 0.0
    """n: months after which withdrawn money is there."""
    exit_cost: float = 0.0
    """e: one-off currency per unit of rate withdrawn."""
    ramp_cost: float = 0.0
    """r: one-off currency per unit of rate added."""
    withdrawable: float = 1.0
    """λ: the share of working funding that may be withdrawn now."""
    may_grow: bool = True
    teams: Mapping[str, float] = field(default_factory=dict)
    """θ: the share of the bet's money that each team absorbs; the rest is cash."""
    needs: tuple[str, ...] = ()
    """Bets that must be funded for this one to be funded."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """What guardrail scopes look at, such as theme or value stream."""
    percentiles: Percentiles | None = None
    """Of the value if the thesis holds, where they are known; V is their mean."""
    hypotheses: tuple[Hypothesis, ...] = ()
    """What the thesis stands on, where it is known; the product of their beliefs is p."""


@dataclass(frozen=True)
class Guardrail:
    """A limit on the allocation; what `minimum` and `maximum` measure depends on the kind."""

    id: str
    kind: str
    scope: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    minimum: float | None = None
    maximum: float | None = None

    def covers(self, bet: Bet) -> bool:
        """Whether every attribute of the scope has one of its values on `bet`; no scope is all."""
        return all(bet.attributes.get(name) in values for name, values in self.scope.items())


@dataclass(frozen=True)
class Snapshot:
    """Everything one run of the engine looks at."""

    horizon_months: float
    envelope: float
    bets: tuple[Bet, ...]
    reserve_floor: float = 0.0
    switching_cost: float = 0.0
    """κ: currency per bet whose funding changes."""
    teams: tuple[Team, ...] = ()
    fungibility: tuple[Fungibility, ...] = ()
    guardrails: tuple[Guardrail, ...] = ()
    levers: LeverTerms = field(default_factory=LeverTerms)
    """What changing the structure takes; the objective knows nothing of it."""

    def in_id_order(self) -> Snapshot:
        """The same portfolio with everything sorted by id, so that no answer hangs on the order.

        Ids made of digits count as numbers and come first: 2 is lower than 10.
        """
        return Snapshot(
            horizon_months=self.horizon_months,
            envelope=self.envelope,
            bets=tuple(sorted(self.bets, key=_rank)),
            reserve_floor=self.reserve_floor,
            switching_cost=self.switching_cost,
            teams=tuple(sorted(self.teams, key=_rank)),
            fungibility=tuple(sorted(self.fungibility, key=attrgetter("source", "target"))),
            guardrails=tuple(sorted(self.guardrails, key=_rank)),
            levers=self.levers,
        )


def _rank(thing: Bet | Team | Guardrail) -> tuple[int, int, str, str]:
    """Where an id stands among others."""
    is_number = thing.id.isascii() and thing.id.isdigit()
    digits = thing.id.lstrip("0") if is_number else ""
    return (0 if is_number else 1, len(digits), digits, thing.id)
