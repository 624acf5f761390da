"""What each change is worth on its own: the objective lost if that bet is held as it is today."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from allocation.engine.book import Allocation, Booleans, Floats, Integers
from allocation.engine.decision import RANGE
from allocation.engine.narrow import narrowed
from allocation.engine.problem import Problem
from allocation.engine.search import Best, Programs, Search
from allocation.engine.solver import NoSolutionError, Solver

EXACT_WORK = 400
"""While changes × whole columns is below this, everything else is decided anew for each held bet.

Above it the other bets stay funded and changing as proposed, and only the amounts are decided
anew: the gain is then what the change is worth beside the others, and at least the exact one.
"""
MOST_SEARCHES = 3
"""So many bets that cannot be held beside the others as proposed are held with all decided anew."""
SEARCH_UP_TO = 200
"""But only up to so many whole columns."""
MOST_WORK = 4_000_000
"""Bets held × entries of the matrix: beyond it the smaller changes are left without a figure."""


def gains_alone(problem: Problem, best: Best, proposed: Allocation) -> dict[int, float | None]:
    """For each bet that changes, by its place: currency over the horizon, never negative.

    None where the limits that are broken today cannot be kept as well with this bet held, and
    where that was left out because the portfolio is large.
    """
    whole = int(problem.program.whole.sum())
    changed = [int(place) for place in np.flatnonzero(proposed.changed)]
    exact = whole > 0 and len(changed) * whole <= EXACT_WORK
    searches = MOST_SEARCHES if 0 < whole <= SEARCH_UP_TO and not exact else 0
    holding = _Holding(problem, best, _free(problem, best, proposed))
    reached = best.program.objective(best.point.values)
    gains: dict[int, float | None] = {}
    for place in _largest(changed, proposed, MOST_WORK // max(holding.size, 1)):
        held = holding.with_all_anew(place) if exact else holding.with_the_rest_fixed(place)
        if held is None and searches > 0:
            searches -= 1
            held = holding.with_all_anew(place)
        gains[place] = None if held is None else max(reached - held, 0.0)
    return gains


def _free(problem: Problem, best: Best, proposed: Allocation) -> Booleans:
    """The bets that may change when another is held: those that do, and where changing is free."""
    free_of_charge = problem.snapshot.switching_cost == 0
    return np.asarray(proposed.changed | ((best.chosen == RANGE) & free_of_charge))


def _largest(changed: list[int], proposed: Allocation, most: int) -> list[int]:
    """The bets that change most, by currency per month."""
    moved = proposed.added + proposed.withdrawn
    return sorted(changed, key=lambda place: (-moved[place], place))[:most]


class _Holding:
    """Solves again with one bet held: all its weight on the point where it stays as it is."""

    def __init__(self, problem: Problem, best: Best, free: Booleans) -> None:
        self.problem = problem
        self.best = best
        self.narrow = narrowed(problem, best, free)
        self.solver = Solver(self.narrow.program)

    @property
    def size(self) -> int:
        """Entries of the matrix that each bet is held in."""
        return int(self.narrow.program.matrix.nnz)

    def with_the_rest_fixed(self, place: int) -> float | None:
        """The objective with the other groups as proposed; None if that cannot be."""
        program = self.narrow.program
        columns, held = self._points(place)
        columns = self.narrow.place[columns]
        columns, held = columns[columns >= 0], held[columns >= 0]
        self.solver.set_bounds(columns, 0.0, held)
        try:
            return program.objective(self.solver.run().values)
        except NoSolutionError:
            return None
        finally:
            self.solver.set_bounds(columns, program.lower[columns], program.upper[columns])

    def with_all_anew(self, place: int) -> float | None:
        """The objective with everything else free; None if that cannot be."""
        bet = self.problem.book.bets[place].id
        held = self.problem.holding([bet])
        upper = held.program.upper
        exact, loose = (
            replace(program, upper=upper)
            for program in (self.best.programs.exact, self.best.programs.loose)
        )
        search = Search.of(held, Programs(exact, loose), self.problem.program.today)
        try:
            return search.with_ties().objective
        except NoSolutionError:
            return None

    def _points(self, place: int) -> tuple[Integers, Floats]:
        """A bet's columns, and 1 for the one where it stays as it is."""
        points = self.problem.decision.points
        own = np.arange(points.first[place], points.first[place + 1])
        return self.problem.decision.weight[own], points.is_today[own].astype(np.float64)
