"""What each bet would be worth by itself at the prices that the optimum puts on the limits.

With a price y on every limit instead of the limits themselves, the bets no longer depend on each
other (Lagrangian relaxation), and for bet j there remains, over the funding x that it may have,

    φ_j(p) = max over x of p·V_j·g_j(x/F_j) − money, notice, exit, ramp-up and switching cost of x
                           − Σ y_l · what x takes of limit l

Quick to work out for every bet and any belief p. Without whole columns, Σ φ_j is at least what
the portfolio is worth when a belief changes, and equal to it where none does: so what φ says a
change is worth is an estimate, and mostly a little too much. It screens; it decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocation.engine.book import Book, Floats
from allocation.engine.problem import Problem
from allocation.engine.solver import Point


@dataclass(frozen=True)
class Prices:
    """What one unit of rate added to a bet, or withdrawn from it, costs at the limits."""

    on_added: Floats
    """Σ_l y_l·A_l,a_j: expected value over the horizon per unit of rate, for each bet."""
    on_withdrawn: Floats
    """The same for a unit withdrawn; mostly negative, since it makes room."""

    @classmethod
    def of(cls, problem: Problem, point: Point) -> Prices:
        """The prices at an optimum: a limit at its upper side costs, one at its lower side pays."""
        program, reclaimable = problem.program, problem.book.reclaimable
        activity = program.matrix @ point.values
        rows = slice(0, len(activity))
        is_upper = np.abs(activity - program.row_upper[rows]) <= np.abs(
            activity - program.row_lower[rows]
        )
        signed = np.where(is_upper, 1.0, -1.0) * point.row_price[rows]
        added = withdrawn = np.zeros(problem.book.size)
        for measure, limits, weights in program.measured:
            price = weights.T @ signed[limits]
            per_added, per_withdrawn = measure.per_unit(reclaimable)
            added, withdrawn = added + per_added * price, withdrawn + per_withdrawn * price
        return cls(added, withdrawn)


@dataclass(frozen=True)
class ByItself:
    """Every bet by itself: for each funding that could be best, what it earns and what it costs."""

    earned: Floats
    """V·g(x/F), currency over the horizon: shape (bets, fundings)."""
    cost: Floats
    """Everything else; infinite for a funding that the bet may not have."""

    @classmethod
    def of(cls, book: Book, prices: Prices) -> ByItself:
        """The fundings between which φ is linear: where it may begin, end, or bend."""
        fundings = _fundings(book)
        worth = np.array([bet.value_if_true for bet in book.bets])
        earned = worth[:, None] * _responses(book, fundings)
        return cls(earned, _costs(book, prices, fundings))

    def worth(self, belief: Floats) -> Floats:
        """φ_j at a belief for each bet, currency over the horizon."""
        return np.asarray((belief[:, None] * self.earned - self.cost).max(axis=1))


def _fundings(book: Book) -> Floats:
    """Shape (bets, fundings), filled up with today's, which a bet may always have."""
    lowest = book.working - book.withdrawal_limit
    options = []
    for place, bet in enumerate(book.bets):
        ends = (book.working[place], lowest[place], book.smallest_funding[place])
        bends = [share * bet.full_funding for share, _ in bet.response.points]
        options.append([*ends, min(float(book.maximum[place]), book.useful_maximum[place]), *bends])
    fundings = np.tile(book.working[:, None], max(map(len, options), default=1))
    for place, row in enumerate(options):
        fundings[place, : len(row)] = row
    return fundings


def _responses(book: Book, fundings: Floats) -> Floats:
    """g(x/F); nothing where full funding is nothing."""
    found = np.zeros_like(fundings)
    for place, bet in enumerate(book.bets):
        if bet.full_funding > 0:
            shares, values = np.array(bet.response.points).T
            found[place] = np.interp(fundings[place] / bet.full_funding, shares, values)
    return found


def _costs(book: Book, prices: Prices, fundings: Floats) -> Floats:
    """What each funding costs by the terms of the objective, and takes of the limits."""
    horizon = book.snapshot.horizon_months
    working, reclaimable = book.working[:, None], book.reclaimable[:, None]
    added = np.maximum(fundings - working, 0.0)
    withdrawn = np.maximum(working - fundings, 0.0)
    ramp = np.array([bet.ramp_cost for bet in book.bets])[:, None]
    held = fundings + book.entangled[:, None] + (1.0 - reclaimable) * withdrawn
    leaving = book.notice_months[:, None] * reclaimable + book.exit_cost[:, None]
    cost = horizon * held + leaving * withdrawn + ramp * added
    cost += prices.on_added[:, None] * added + prices.on_withdrawn[:, None] * withdrawn
    cost += book.snapshot.switching_cost * (fundings != working)
    return np.asarray(np.where(_allowed(book, fundings), cost, np.inf))


def _allowed(book: Book, fundings: Floats) -> np.ndarray:
    """Within liquidity and the maximum, and nothing or at least the minimum."""
    lowest = (book.working - book.withdrawal_limit)[:, None]
    inside = (fundings >= lowest) & (fundings <= np.maximum(book.maximum, book.working)[:, None])
    least = np.minimum(book.smallest_funding, np.maximum(book.maximum, book.working))[:, None]
    return (fundings == book.working[:, None]) | (inside & ((fundings == 0) | (fundings >= least)))
