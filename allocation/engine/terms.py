"""The terms of the objective, one class each; all in currency over the horizon, gains positive.

Each says what it is worth for each entry of a funding, straight from the formula. The program asks
it for every point that a bet could move to, and the report for the allocation that was found.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from allocation.engine.book import Allocation, Floats, Funding


class Term(Protocol):
    """One term of the objective."""

    def of(self, funding: Funding) -> Floats:
        """What the term is worth, for each entry."""


class FundingValue:
    """What the funding is worth: Σ p_j·V_j·g_j(x_j/F_j)."""

    def of(self, funding: Funding) -> Floats:
        book = funding.book
        earned = book.earned_share(funding.working, funding.bet)
        return funding.own(book.expected_value) * earned


class Money:
    """The money itself, entangled money included: −H·Σ [ x_j + u_j + (1−ρ_j)·w_j ]."""

    def of(self, funding: Funding) -> Floats:
        return -funding.book.snapshot.horizon_months * funding.held


class Notice:
    """Freed money goes on being spent during notice: −Σ n_j·ρ_j·w_j."""

    def of(self, funding: Funding) -> Floats:
        return -funding.own(funding.book.notice_months) * funding.freed


class ExitCost:
    """One-off cost of withdrawing: −Σ e_j·w_j."""

    def of(self, funding: Funding) -> Floats:
        return -funding.own(funding.book.exit_cost) * funding.withdrawn


class RampCost:
    """One-off cost of adding: −Σ r_j·a_j."""

    def of(self, funding: Funding) -> Floats:
        return -funding.own(funding.book.ramp_cost) * funding.added


class Switching:
    """What changing anything costs: −κ·(number of bets whose funding changes)."""

    def of(self, funding: Funding) -> Floats:
        return -funding.book.snapshot.switching_cost * funding.changed.astype(np.float64)


TERMS: tuple[Term, ...] = (
    FundingValue(),
    Money(),
    Notice(),
    ExitCost(),
    RampCost(),
    Switching(),
)


def worth(funding: Funding) -> Floats:
    """What each entry of a funding is worth by all terms, currency over the horizon."""
    total: Floats = sum(term.of(funding) for term in TERMS)  # type: ignore[assignment]
    return total


def objective(allocation: Allocation) -> float:
    """The objective of an allocation, currency over the horizon, from the formulas alone."""
    return float(sum(term.of(allocation).sum() for term in TERMS))
