"""What the engine answers, and its JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from allocation.engine.moves import Move

PRICE_DIGITS = 6


@dataclass(frozen=True)
class Objective:
    """Currency over the horizon: today's, the proposal's, and the most any could reach."""

    current: float
    proposed: float
    bound: float
    gap: float
    """(bound − proposed) ÷ the larger of the two in size."""


@dataclass(frozen=True)
class Position:
    """Funding of one bet, currency per month."""

    working: float
    entangled: float


@dataclass(frozen=True)
class Change:
    """What changes for one bet."""

    bet: str
    source_rate: float
    """Working funding before, currency per month."""
    target_rate: float
    """Working funding after."""
    nominal: float
    """The change of working funding, negative for a withdrawal."""
    freed: float
    """Of a withdrawal, what can be used elsewhere, currency per month."""
    entangled: float
    """Of a withdrawal, what goes on being consumed."""
    notice_months: float
    exit_cost: float
    """One-off, currency."""
    ramp_cost: float
    """One-off, currency."""
    available_in_months: float
    """The month from which the money is there: freed, or arrived where it is added."""
    gain_alone: float | None
    """The objective lost if this bet is held as it is and the rest decided anew.

    None where limits that are broken today can then not be kept as well as they are otherwise.
    """

    def as_dict(self) -> dict[str, Any]:
        """The JSON of one change."""
        document = asdict(self)
        before, after = document.pop("source_rate"), document.pop("target_rate")
        return {"bet": document.pop("bet"), "from": before, "to": after, **document}


@dataclass(frozen=True)
class GuardrailResult:
    """One guardrail before and after, and what relaxing it is worth."""

    id: str
    kind: str
    value: float | None
    """What it measures for the proposal, in the unit of its limits."""
    value_before: float | None
    min: float | None
    max: float | None
    headroom: float | None
    """How far the proposal is from the nearer limit, in their unit; 0 where it is broken."""
    breach_before: float
    """Currency per month, or bets for a count."""
    breach_after: float
    binding: bool
    shadow_price: float | None
    """Expected value over the horizon per unit of rate by which it is relaxed; None for a count."""
    shadow_price_per_point: float | None
    """The same per percentage point of the envelope, for limits that are shares of it."""


@dataclass(frozen=True)
class TeamResult:
    """One team before and after, in currency per month, and what more capacity is worth."""

    id: str
    capacity: float
    load_before: float
    load_after: float
    lent: float
    """Capacity that the proposal has it give to other teams."""
    borrowed: float
    """Capacity gained from other teams, after the loss of efficiency."""
    breach_before: float
    """Over capacity, the least over all lending."""
    breach_after: float
    shadow_price: float


@dataclass(frozen=True)
class EnvelopeResult:
    """The envelope before and after, in currency per month, and what more of it is worth."""

    limit: float
    reserve_floor: float
    held_before: float
    held_after: float
    breach_before: float
    breach_after: float
    shadow_price: float
    """Of the envelope's own limit: every guardrail stays where it is, in money."""
    gain_of_more: float
    """The same with all that moves along: shares of the envelope, and what no bet holds."""


@dataclass(frozen=True)
class NeedResult:
    """A need that is not met before or after: the funding that works without it."""

    bet: str
    needs: str
    breach_before: float
    breach_after: float


@dataclass(frozen=True)
class DoNothing:
    """What changing nothing means: currency over the horizon, and per month of waiting."""

    objective: float
    gain: float
    gain_per_month_of_waiting: float


@dataclass(frozen=True)
class Breach:
    """Total breach of all limits, currency per month, a bet over a count as 1."""

    before: float
    after: float


@dataclass(frozen=True)
class Seconds:
    """How long each part took, wall clock."""

    build: float
    solve: float
    explain: float


@dataclass(frozen=True)
class Solution:
    """The engine's answer to one snapshot."""

    status: str
    """ "optimal"; "held" if changing nothing is best; "infeasible" with `reason`."""
    reason: str | None
    objective: Objective
    positions: dict[str, Position]
    reserve: float
    """What no bet holds of the envelope, currency per month."""
    changes: tuple[Change, ...]
    moves: tuple[Move, ...]
    guardrails: tuple[GuardrailResult, ...]
    teams: tuple[TeamResult, ...]
    needs: tuple[NeedResult, ...]
    envelope: EnvelopeResult
    breach: Breach
    do_nothing: DoNothing
    seconds: Seconds
    levers: tuple[dict[str, Any], ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """The output JSON. Everything but `seconds` is the same for the same snapshot."""
        return {
            "status": self.status,
            "reason": self.reason,
            "objective": asdict(self.objective),
            "positions": {bet: asdict(held) for bet, held in self.positions.items()},
            "reserve": self.reserve,
            "changes": [change.as_dict() for change in self.changes],
            "moves": [_move_as_dict(move) for move in self.moves],
            "guardrails": [asdict(result) for result in self.guardrails],
            "teams": [asdict(result) for result in self.teams],
            "needs": [asdict(result) for result in self.needs],
            "envelope": asdict(self.envelope),
            "breach": asdict(self.breach),
            "do_nothing": asdict(self.do_nothing),
            "levers": list(self.levers),
            "seconds": asdict(self.seconds),
        }


def _move_as_dict(move: Move) -> dict[str, Any]:
    return {
        "from": move.source,
        "to": move.target,
        "amount": move.amount,
        "available_in_months": move.available_in_months,
    }


def cents(amount: float) -> float:
    """Money to the cent, and no minus zero."""
    return round(float(amount), 2) + 0.0


def digits(value: float) -> float:
    """A price or an objective, to six digits after the point, and no minus zero."""
    return round(float(value), PRICE_DIGITS) + 0.0
