"""Funding guardrails: one class for each kind, and everything that is particular to it.

To add a kind, write its class here and put it into KINDS: the parser, the program, the rounding
and the explanation ask the class for what they need.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, eye_array

from allocation.engine.book import Allocation, Book, Booleans, Floats
from allocation.engine.decision import Decision
from allocation.engine.measure import FUNDED, HELD, WITHDRAWN, Measure
from allocation.engine.program import COUNT, MONEY, ROUNDING, Program
from allocation.engine.snapshot import Guardrail


class Kind(ABC):
    """What a kind of guardrail has to say about itself."""

    limits: tuple[str, ...]
    """Which of "min" and "max" it can have."""
    unit: str
    """Of its limits: "share" (of the envelope), "amount" (currency per month) or "count"."""
    scoped: bool = True
    """Whether it can be limited to a scope of bets."""
    asks_if_funded: bool = False
    """Whether it asks of the bets in its scope if they are funded."""
    raises_held_money: str | None = None
    """Which limit can ask for more held money than earns anything, if one can."""

    def limit_names(self, rail: Guardrail, book: Book) -> list[str]:
        """The names of the limits that `enter` adds; one, unless the kind says otherwise."""
        return [f"guardrail {rail.id}"]

    @abstractmethod
    def enter(self, rail: Guardrail, program: Program, decision: Decision) -> None:
        """Add the guardrail's limits to the program."""

    def loosened_by_envelope(self, rail: Guardrail, side: str) -> float:
        """How far its "min" or "max" is loosened, in rate, by one more unit of envelope."""
        return 0.0

    @abstractmethod
    def value(self, rail: Guardrail, allocation: Allocation) -> float | None:
        """What it measures for an allocation, in its unit; None where that has no meaning."""

    @abstractmethod
    def breach(self, rail: Guardrail, allocation: Allocation) -> float:
        """How far an allocation is outside, in currency per month or, for a count, in bets."""


def _limits(rail: Guardrail, unit: float = 1.0) -> tuple[float, float]:
    """Lowest and highest, in the unit of a row of which one of the guardrail's makes `unit`."""
    lowest = -np.inf if rail.minimum is None else rail.minimum * unit
    highest = np.inf if rail.maximum is None else rail.maximum * unit
    return lowest, highest


def _outside(rail: Guardrail, value: float, unit: float = 1.0) -> float:
    """How far `value` is outside a guardrail's limits, in its own unit."""
    lowest, highest = _limits(rail, unit)
    return max(lowest - value, value - highest, 0.0)


def enter_sum(
    kind: Kind,
    rail: Guardrail,
    program: Program,
    decision: Decision,
    measure: Measure,
    limits: tuple[float, float],
    *,
    sign: float = 1.0,
    unit: bool = MONEY,
) -> None:
    """One limit on the sum of a measure over the guardrail's scope."""
    covered: Floats = sign * decision.book.covered_by(rail).astype(np.float64)
    names = kind.limit_names(rail, decision.book)
    lower, upper = limits
    weights = csr_matrix(covered[None, :])
    decision.limit(program, names, measure, weights, lower=lower, upper=upper, unit=unit)


class Amount(Kind):
    """min ≤ Σ over the scope of x_j + u_j + (1−ρ_j)·w_j ≤ max, currency per month.

    Dual: expected value over the horizon of moving the limit by one unit of rate.
    """

    limits: tuple[str, ...] = ("min", "max")
    unit = "amount"
    raises_held_money = "min"

    def unit_of_limit(self, book: Book) -> float:
        """Currency per month that one unit of the guardrail's limits stands for."""
        return 1.0

    def enter(self, rail: Guardrail, program: Program, decision: Decision) -> None:
        limits = _limits(rail, self.unit_of_limit(decision.book))
        enter_sum(self, rail, program, decision, HELD, limits)

    def _held(self, rail: Guardrail, allocation: Allocation) -> float:
        return float(allocation.held[allocation.book.covered_by(rail)].sum())

    def value(self, rail: Guardrail, allocation: Allocation) -> float | None:
        unit = self.unit_of_limit(allocation.book)
        return self._held(rail, allocation) / unit if unit > 0 else None

    def breach(self, rail: Guardrail, allocation: Allocation) -> float:
        return _outside(rail, self._held(rail, allocation), self.unit_of_limit(allocation.book))


class Share(Amount):
    """The same as a share of the envelope: min·E ≤ Σ over the scope of held money ≤ max·E."""

    unit = "share"

    def unit_of_limit(self, book: Book) -> float:
        return book.snapshot.envelope

    def loosened_by_envelope(self, rail: Guardrail, side: str) -> float:
        return -(rail.minimum or 0.0) if side == "min" else rail.maximum or 0.0


class BetShare(Kind):
    """x_j + u_j + (1−ρ_j)·w_j ≤ max·E for each bet in the scope.

    Dual: expected value of one more unit of rate allowed to every bet in the scope (their sum).
    """

    limits = ("max",)
    unit = "share"

    def limit_names(self, rail: Guardrail, book: Book) -> list[str]:
        covered = np.flatnonzero(book.covered_by(rail))
        return [f"guardrail {rail.id} for bet {book.bets[place].id}" for place in covered]

    def enter(self, rail: Guardrail, program: Program, decision: Decision) -> None:
        book = decision.book
        if rail.maximum is None:
            return
        limit = rail.maximum * book.snapshot.envelope
        could_hold = np.maximum.reduceat(decision.points.held, decision.points.first[:-1])
        covered = book.covered_by(rail)
        # A bet that cannot hold so much needs no row, and its limit has no price.
        reaches = could_hold[covered] > limit
        names = self.limit_names(rail, book)
        each = csr_matrix(eye_array(book.size, format="csr"))[np.flatnonzero(covered)[reaches]]
        decision.limit(
            program, [names[row] for row in np.flatnonzero(reaches)], HELD, each, upper=limit
        )

    def loosened_by_envelope(self, rail: Guardrail, side: str) -> float:
        return rail.maximum or 0.0

    def value(self, rail: Guardrail, allocation: Allocation) -> float | None:
        envelope = allocation.book.snapshot.envelope
        held = allocation.held[allocation.book.covered_by(rail)]
        return float(held.max(initial=0.0)) / envelope if envelope > 0 else None

    def breach(self, rail: Guardrail, allocation: Allocation) -> float:
        if rail.maximum is None:
            return 0.0
        limit = rail.maximum * allocation.book.snapshot.envelope
        over = allocation.held[allocation.book.covered_by(rail)] - limit
        return float(over[over > ROUNDING].sum())


class Turnover(Kind):
    """Σ over the scope of w_j ≤ max·E: how much may be withdrawn in one proposal.

    Dual: expected value of one more unit of rate withdrawn.
    """

    limits = ("max",)
    unit = "share"

    def enter(self, rail: Guardrail, program: Program, decision: Decision) -> None:
        limits = _limits(rail, decision.book.snapshot.envelope)
        enter_sum(self, rail, program, decision, WITHDRAWN, limits)

    def loosened_by_envelope(self, rail: Guardrail, side: str) -> float:
        return rail.maximum or 0.0

    def _withdrawn(self, rail: Guardrail, allocation: Allocation) -> float:
        return float(allocation.withdrawn[allocation.book.covered_by(rail)].sum())

    def value(self, rail: Guardrail, allocation: Allocation) -> float | None:
        envelope = allocation.book.snapshot.envelope
        return self._withdrawn(rail, allocation) / envelope if envelope > 0 else None

    def breach(self, rail: Guardrail, allocation: Allocation) -> float:
        return _outside(rail, self._withdrawn(rail, allocation), allocation.book.snapshot.envelope)


class Count(Kind):
    """min ≤ number of funded bets in the scope ≤ max. A bet outside counts 1 in the breach.

    No dual: one bet more or less is a different set of funded bets, and has no price per unit.
    """

    limits = ("min", "max")
    unit = "count"
    asks_if_funded = True

    def enter(self, rail: Guardrail, program: Program, decision: Decision) -> None:
        enter_sum(self, rail, program, decision, FUNDED, _limits(rail), unit=COUNT)

    def value(self, rail: Guardrail, allocation: Allocation) -> float | None:
        return float((allocation.working[allocation.book.covered_by(rail)] > 0).sum())

    def breach(self, rail: Guardrail, allocation: Allocation) -> float:
        return _outside(rail, self.value(rail, allocation) or 0.0)


class Reserve(Kind):
    """min ≤ E − Σ held money ≤ max: what no bet holds, the reserve floor included.

    Dual: expected value of one unit of rate less in the reserve.
    """

    limits = ("min", "max")
    unit = "amount"
    scoped = False
    raises_held_money = "max"

    def enter(self, rail: Guardrail, program: Program, decision: Decision) -> None:
        envelope = decision.book.snapshot.envelope
        lowest, highest = _limits(rail)
        limits = (lowest - envelope, highest - envelope)
        enter_sum(self, rail, program, decision, HELD, limits, sign=-1.0)

    def loosened_by_envelope(self, rail: Guardrail, side: str) -> float:
        return 1.0 if side == "min" else -1.0

    def value(self, rail: Guardrail, allocation: Allocation) -> float | None:
        return float(allocation.book.snapshot.envelope - allocation.held.sum())

    def breach(self, rail: Guardrail, allocation: Allocation) -> float:
        return _outside(rail, self.value(rail, allocation) or 0.0)


KINDS: dict[str, Kind] = {
    "share": Share(),
    "amount": Amount(),
    "bet_share": BetShare(),
    "turnover": Turnover(),
    "count": Count(),
    "reserve": Reserve(),
}


@dataclass(frozen=True)
class Guardrails:
    """All guardrails of a portfolio, as one constraint."""

    rails: tuple[Guardrail, ...]

    def enter(self, program: Program, decision: Decision) -> None:
        """Add every guardrail's limits."""
        for rail in self.rails:
            KINDS[rail.kind].enter(rail, program, decision)

    def asked_if_funded(self, book: Book) -> Booleans:
        """Bets of which a guardrail asks whether they are funded."""
        return self._covered(book, [r for r in self.rails if KINDS[r.kind].asks_if_funded])

    def floored(self, book: Book) -> Booleans:
        """Bets for which a guardrail can ask for more held money than earns anything."""
        return self._covered(book, [rail for rail in self.rails if _asks_for_more(rail)])

    @staticmethod
    def _covered(book: Book, rails: list[Guardrail]) -> Booleans:
        covered = np.zeros(book.size, dtype=np.bool_)
        for rail in rails:
            covered |= book.covered_by(rail)
        return covered


def _asks_for_more(rail: Guardrail) -> bool:
    """Whether a guardrail has the limit that can ask for more held money than earns anything."""
    side = KINDS[rail.kind].raises_held_money
    if side == "min":
        return bool(rail.minimum)
    return side == "max" and rail.maximum is not None
