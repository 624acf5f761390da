"""What would be best if some numbers were others: a solved portfolio, solved from where it stands.

    what_if = WhatIf(snapshot)                      # solved once, from nothing
    what_if.standing.objective                      # currency over the horizon
    outcome = what_if.solve(other_snapshot)         # the same with some numbers changed
    outcome.objective - what_if.standing.objective  # what the change is worth

The contract
- A question is a whole snapshot, usually `dataclasses.replace` of the first: another belief, value,
  horizon, capacity, efficiency, guardrail limit, cost, reclaimable share, envelope or position. The
  answer is that of a fresh solve of that snapshot before it is rounded to cents; what a question
  changes is found by comparing the two programs, and only that is passed to the solver. Where
  nothing but worths differs (belief, value, notice, exit and ramp-up cost of some bets, which must
  be the very objects of the first snapshot otherwise), not even the program is built again.
- `whole` says what becomes of the yes-or-no decisions (which bets are funded, which change at all):
  "anew" decides them again (the true answer, to the gap of the search); "held" keeps them as they
  stand and decides the amounts, and "part" lets bets be funded in part. Where all three have an
  answer, held ≤ anew ≤ part, so the cheap two frame the dear one.
- `holding` names bets that neither give nor take money in the answer: what the objective loses is
  what their change is worth alone.
- Every question starts from the basis of the standing optimum, so an answer does not hang on what
  was asked before: to the last bit up to some 2,000 bets, and to the solver's rounding above, where
  one solver is kept for all questions and only what changes is passed to it.
- A snapshot with other bets, teams, pairs of teams, or guardrails, or with other limits broken
  today, is another program: it is solved from nothing, always "anew", and the outcome says so.
  Therefore enter beforehand what is to be varied: a turnover guardrail with max 1, a pair of teams
  with efficiency 0.
- Limits that are broken today come first, as always: the least total breach, and then value.
- Raises NoSolutionError where a question has no answer ("held" may have none where "anew" has).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from allocation.engine.book import Allocation
from allocation.engine.problem import Problem, build
from allocation.engine.program import Assembled
from allocation.engine.search import (
    EXACT_UP_TO,
    Known,
    Programs,
    Search,
    find_best,
    open_program,
    ready,
)
from allocation.engine.snapshot import Snapshot
from allocation.engine.solver import Point, Solver

OF_ITS_OWN_UP_TO = 80_000
"""Entries of the matrix (some 2,000 bets) up to which each question has a solver of its own.

Loading it takes no longer than changing it, and what a solver has solved before can change its
answer in the last digits.
"""
Whole = Literal["anew", "held", "part"]


@dataclass(frozen=True)
class Outcome:
    """The answer to one question, unrounded."""

    problem: Problem
    point: Point
    whole: Whole
    """How the yes-or-no decisions were really taken."""
    warm: bool
    """Whether it was solved from the standing optimum."""

    @property
    def objective(self) -> float:
        """Currency over the horizon."""
        return self.problem.program.objective(self.point.values)

    @property
    def breach(self) -> float:
        """Σ of what limits are broken by, currency per month, a bet over a count as 1."""
        return self.problem.program.total_breach(self.point.values)

    @property
    def allocation(self) -> Allocation:
        """What every bet holds, currency per month."""
        return self.problem.decision.allocation(self.point.values)

    @cached_property
    def prices(self) -> dict[str, float]:
        """Of every limit by its name: currency over the horizon per unit of rate relaxed."""
        return {
            name: float(self.point.row_price[limit.row])
            for name, limit in self.problem.limits.items()
        }


class WhatIf:
    """A portfolio solved once; see the module's text. Raises NoSolutionError."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.problem = build(snapshot)
        self._given = snapshot
        self._search = ready(self.problem, None)
        relaxed = self._search.relaxed()
        self._basis = self._search.solver.basis()
        best = self._search.best()
        gap = (best.bound - best.objective) / max(abs(best.bound), 1e-9)
        self._known = Known(self.problem.decision.chosen(relaxed.values), best.chosen, gap)
        self.standing = Outcome(self.problem, best.point, "anew", warm=False)
        self.bound = best.bound
        """The most any allocation could be worth, currency over the horizon."""

    @property
    def _is_large(self) -> bool:
        return int(self.problem.program.whole.sum()) > EXACT_UP_TO

    @cached_property
    def _open_program(self) -> Assembled:
        return open_program(self.problem)

    @cached_property
    def _solver(self) -> Solver:
        """The one solver that all questions are put to."""
        return Solver(self._open_program)

    def solve(
        self, changed: Snapshot, whole: Whole = "anew", holding: Iterable[str] = ()
    ) -> Outcome:
        """The best for another snapshot; see the module's text. Raises NoSolutionError."""
        problem = self._problem_of(changed).holding(holding)
        if not _alike(problem, self.problem):
            return Outcome(problem, find_best(problem).point, "anew", warm=False)
        solver = self._solver_of(problem)
        solver.start_from_basis(self._basis)
        return Outcome(problem, self._answer(problem, whole, solver), whole, warm=True)

    def _solver_of(self, problem: Problem) -> Solver:
        """The kept solver with the problem's numbers, or one of its own."""
        if problem.program.matrix.nnz <= OF_ITS_OWN_UP_TO:
            return Solver(open_program(problem))
        if _same_limits(problem.program, self.problem.program):
            gain, offset = problem.program.gain, problem.program.offset
            self._solver.become(replace(self._open_program, gain=gain, offset=offset))
        else:
            self._solver.become(open_program(problem))
        return self._solver

    def _answer(self, problem: Problem, whole: Whole, solver: Solver) -> Point:
        same = _same_limits(problem.program, self.problem.program)
        if whole == "part":
            return _open(problem, solver).in_part(self._least_in_part if same else None)
        if same:
            search = self._within_limits(problem, solver)
        elif whole == "anew":
            search = replace(ready(problem, solver), known=self._known if self._is_large else None)
        else:
            return _open(problem, solver).held(self._known.chosen)
        return search.with_ties().point if whole == "anew" else search.amounts(self._known.chosen)

    def _within_limits(self, problem: Problem, solver: Solver) -> Search:
        """A search with the limits of the standing problem, where no less need be broken."""
        gain, offset, programs = problem.program.gain, problem.program.offset, self._search.programs
        exact = replace(programs.exact, gain=gain, offset=offset)
        loose = replace(programs.loose, gain=gain, offset=offset)
        known = self._known if self._is_large else None
        return Search(problem, Programs(exact, loose), self._search.start, solver, known)

    @cached_property
    def _least_in_part(self) -> float:
        """What is broken at least in the standing problem if bets may be funded in part."""
        solver = Solver(open_program(self.problem))
        solver.start_from_basis(self._basis)
        return _open(self.problem, solver).least_in_part()

    def _problem_of(self, changed: Snapshot) -> Problem:
        """The changed snapshot's problem, from the standing one's where little has changed."""
        for known in (self._given, self.problem.snapshot):
            revised = self.problem.with_other_worth(known, changed)
            if revised is not None:
                return revised
        return build(changed)


def _open(problem: Problem, solver: Solver) -> Search:
    """A search that has not asked yet what is broken at least."""
    program = solver.program
    return Search(problem, Programs(program, program), problem.program.today, solver)


def _same_limits(program: Assembled, other: Assembled) -> bool:
    """Whether two programs allow the same."""
    return (
        program.matrix is other.matrix
        and program.upper is other.upper
        and program.row_upper is other.row_upper
    )


def _alike(problem: Problem, other: Problem) -> bool:
    """Whether two problems have the same columns and rows, so that only numbers differ."""
    mine, theirs = problem.program, other.program
    if mine.matrix is theirs.matrix:
        return True
    return (
        problem.limits.keys() == other.limits.keys()
        and all(
            (limit.row, limit.breach) == (other.limits[name].row, other.limits[name].breach)
            for name, limit in problem.limits.items()
        )
        and mine.matrix.shape == theirs.matrix.shape
        and np.array_equal(mine.whole, theirs.whole)
        and np.array_equal(mine.breaches, theirs.breaches)
        and np.array_equal(problem.decision.points.of_bet, other.decision.points.of_bet)
        and np.array_equal(problem.decision.points.group, other.decision.points.group)
    )
