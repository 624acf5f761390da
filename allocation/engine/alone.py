"""What each change is worth on its own: the objective lost if that bet is held as it is today."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocation.engine.book import Allocation, Floats, Integers
from allocation.engine.decision import NONE
from allocation.engine.problem import Problem
from allocation.engine.search import Best, best_whole
from allocation.engine.solver import NoSolutionError

EXACT_WORK = 2000
"""While changes × whole columns is below this, everything else is decided anew for each held bet.

Above it the other bets stay funded and changing as proposed, and only the amounts are decided
anew: the gain is then what the change is worth beside the others, and at least the exact one.
"""
MOST_SEARCHES = 10
"""Above EXACT_WORK, so many bets that cannot be held beside the others are still searched for."""


def gains_alone(problem: Problem, best: Best, proposed: Allocation) -> dict[int, float | None]:
    """For each bet that changes, by its place: currency over the horizon, never negative.

    None where the limits that are broken today cannot be kept as well with this bet held, or
    where that was not searched for.
    """
    holding = _Holding(problem, best)
    changed = [int(place) for place in np.flatnonzero(proposed.changed)]
    has_choices = bool(problem.program.whole.any())
    exact = has_choices and len(changed) * int(problem.program.whole.sum()) <= EXACT_WORK
    searches = MOST_SEARCHES if has_choices and not exact else 0
    reached = best.program.objective(best.point.values)
    gains: dict[int, float | None] = {}
    for place in changed:
        held = holding.with_all_anew(place) if exact else holding.with_the_rest_fixed(place)
        if held is None and searches > 0:
            searches -= 1
            held = holding.with_all_anew(place)
        gains[place] = None if held is None else max(reached - held, 0.0)
    return gains


@dataclass(frozen=True)
class _Holding:
    """Solves again with one bet held: a_j = w_j = 0, and its yes-or-no columns as today."""

    problem: Problem
    best: Best

    def with_the_rest_fixed(self, place: int) -> float | None:
        """The objective with the other whole columns as proposed; None if that cannot be."""
        solver = self.best.fixed
        columns, values = self._held(place)
        before = self.best.bounds_of(columns)
        solver.set_bounds(columns, values, values)
        try:
            return self.best.program.objective(solver.run().values)
        except NoSolutionError:
            return None
        finally:
            solver.set_bounds(columns, *before)

    def with_all_anew(self, place: int) -> float | None:
        """The objective with everything else free; None if that cannot be."""
        columns, values = self._held(place)
        try:
            found = best_whole(self.problem, self.best.program, hold=(columns, values))
        except NoSolutionError:
            return None
        return self.best.program.objective(found)

    def _held(self, place: int) -> tuple[Integers, Floats]:
        """The columns that hold a bet, and their values."""
        decision, today = self.problem.decision, self.problem.program.today
        columns = [decision.added[place], decision.withdrawn[place]]
        flags = [decision.funded[place], decision.changed[place]]
        held = np.array(columns + [flag for flag in flags if flag != NONE])
        return held, today[held]
