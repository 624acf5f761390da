"""The terms of the objective, one class each; all in currency over the horizon, gains positive.

`enter` adds the term to the program; `of` says what it is worth for an allocation, straight from
the formula, so that what is reported does not come from the solver.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from allocation.engine.book import Allocation, Floats
from allocation.engine.decision import NONE, Decision
from allocation.engine.program import Program


class Term(Protocol):
    """One term of the objective."""

    def enter(self, program: Program, decision: Decision) -> None:
        """Add the term to the program's objective."""

    def of(self, allocation: Allocation) -> Floats:
        """What the term is worth, for each bet."""


class FundingValue:
    """What the funding is worth: Σ p_j·V_j·g_j(x_j/F_j).

    g_j is concave, so x_j is filled into its pieces, the steepest first: Σ_k s_jk ≤ x_j. The dual
    of that row is the expected value of one more unit of rate in bet j.
    """

    def enter(self, program: Program, decision: Decision) -> None:
        pieces, book = decision.pieces, decision.book
        program.gains(decision.piece, pieces.gain)
        bets, place_of_row = np.unique(pieces.bet, return_inverse=True)
        if not len(bets):
            return
        rows = program.rows(
            (decision.added[bets], -1.0),
            (decision.withdrawn[bets], 1.0),
            upper=book.working[bets],
        )
        program.extend_rows(rows[place_of_row], decision.piece, 1.0)

    def of(self, allocation: Allocation) -> Floats:
        book = allocation.book
        share = np.divide(
            allocation.working,
            book.full_funding,
            out=np.zeros(book.size),
            where=book.full_funding > 0,
        )
        earned = [bet.response.at(part) for bet, part in zip(book.bets, share, strict=True)]
        return np.asarray(book.expected_value * np.array(earned))


class Money:
    """The money itself, entangled money included: −H·Σ [ x_j + u_j + (1−ρ_j)·w_j ]."""

    def enter(self, program: Program, decision: Decision) -> None:
        horizon = decision.book.snapshot.horizon_months
        terms, constant = decision.held(np.ones(decision.book.size))
        for columns, coefficients in terms:
            program.gains(columns, -horizon * coefficients)
        program.gains_always(-horizon * constant)

    def of(self, allocation: Allocation) -> Floats:
        return -allocation.book.snapshot.horizon_months * allocation.held


class Notice:
    """Freed money goes on being spent during notice: −Σ n_j·ρ_j·w_j."""

    def enter(self, program: Program, decision: Decision) -> None:
        book = decision.book
        program.gains(decision.withdrawn, -book.notice_months * book.reclaimable)

    def of(self, allocation: Allocation) -> Floats:
        return -allocation.book.notice_months * allocation.freed


class ExitCost:
    """One-off cost of withdrawing: −Σ e_j·w_j."""

    def enter(self, program: Program, decision: Decision) -> None:
        program.gains(decision.withdrawn, -decision.book.exit_cost)

    def of(self, allocation: Allocation) -> Floats:
        return -allocation.book.exit_cost * allocation.withdrawn


class RampCost:
    """One-off cost of adding: −Σ r_j·a_j."""

    def enter(self, program: Program, decision: Decision) -> None:
        program.gains(decision.added, -decision.book.ramp_cost)

    def of(self, allocation: Allocation) -> Floats:
        return -allocation.book.ramp_cost * allocation.added


class Switching:
    """What changing anything costs: −κ·(number of bets whose funding changes)."""

    def enter(self, program: Program, decision: Decision) -> None:
        some = decision.changed[decision.changed != NONE]
        program.gains(some, -decision.book.snapshot.switching_cost)

    def of(self, allocation: Allocation) -> Floats:
        return -allocation.book.snapshot.switching_cost * allocation.changed.astype(np.float64)


TERMS: tuple[Term, ...] = (
    FundingValue(),
    Money(),
    Notice(),
    ExitCost(),
    RampCost(),
    Switching(),
)


def objective(allocation: Allocation) -> float:
    """The objective of an allocation, currency over the horizon, from the formulas alone."""
    return float(sum(term.of(allocation).sum() for term in TERMS))
