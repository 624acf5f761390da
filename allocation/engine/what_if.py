"""What would be best if some numbers were others: a solved portfolio, solved from where it stands.

    what_if = WhatIf(snapshot)                      # solved once, from nothing
    what_if.standing.objective                      # currency over the horizon
    outcome = what_if.solve(other_snapshot)         # the same with some numbers changed
    outcome.objective - what_if.standing.objective  # what the change is worth

The contract
- A question is a whole snapshot, usually `dataclasses.replace` of the first: another belief, value,
  horizon, capacity, efficiency, guardrail limit, cost, reclaimable share, envelope or position. The
  answer is that of a fresh solve of that snapshot before it is rounded to cents; what a question
  changes is found by comparing the two programs, and only that is passed to the solver.
- `whole` says what becomes of the yes-or-no decisions (which bets are funded, which change at all):
  "anew" decides them again (the true answer, to the gap of the search); "held" keeps them as they
  stand and decides the amounts, and "part" lets bets be funded in part. Where all three have an
  answer, held ≤ anew ≤ part, so the cheap two frame the dear one.
- `holding` names bets that neither give nor take money in the answer: what the objective loses is
  what their change is worth alone.
- One solver is kept for each of "held" and "part"; every question starts from the basis of the
  standing optimum, so an answer does not hang on what was asked before, to the last bit.
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

from allocation.engine.book import Allocation, Integers
from allocation.engine.problem import Problem, build
from allocation.engine.program import Assembled
from allocation.engine.search import BREACH_SLACKS, find_best, limited
from allocation.engine.snapshot import Snapshot
from allocation.engine.solver import Point, Solver

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
        best = find_best(self.problem)
        self._chosen = best.chosen
        self.standing = Outcome(self.problem, best.point, "anew", warm=False)
        self.bound = best.bound
        """The most any allocation could be worth, currency over the horizon."""

    @cached_property
    def _held(self) -> _Kept:
        return _Kept(self.problem, self._chosen)

    @cached_property
    def _part(self) -> _Kept:
        return _Kept(self.problem, None)

    def solve(
        self, changed: Snapshot, whole: Whole = "anew", holding: Iterable[str] = ()
    ) -> Outcome:
        """The best for another snapshot; see the module's text. Raises NoSolutionError."""
        problem = build(changed).holding(holding)
        if whole == "anew" or not _alike(problem, self.problem):
            return Outcome(problem, find_best(problem).point, "anew", warm=False)
        kept = self._held if whole == "held" else self._part
        return Outcome(problem, kept.solve(problem), whole, warm=True)


class _Kept:
    """One LP in the solver: with every bet in its chosen group of points, or in any."""

    def __init__(self, problem: Problem, chosen: Integers | None) -> None:
        self.chosen = chosen
        self.solver = Solver(self._program(problem))
        self._solve(problem)
        self.basis = self.solver.basis()

    def solve(self, problem: Problem) -> Point:
        """The optimum of a program of the same shape, from the standing one's basis."""
        self.solver.become(self._program(problem))
        self.solver.start_from_basis(self.basis)
        return self._solve(problem)

    def _program(self, problem: Problem) -> Assembled:
        """The problem's, the groups fixed, with a row for the total breach if need be."""
        program, decision = problem.program, problem.decision
        if len(program.breaches):
            program = limited(program, np.inf)
        if self.chosen is None:
            return program
        upper = program.upper.copy()
        upper[decision.weight] = np.minimum(decision.only(self.chosen), upper[decision.weight])
        return replace(program, upper=upper)

    def _solve(self, problem: Problem) -> Point:
        breaches = problem.program.breaches
        if not len(breaches):
            return self.solver.run()
        least = problem.program.total_breach(self.solver.minimise(breaches).values)
        size = max(problem.snapshot.envelope, float(problem.book.held_today.sum()))
        row = len(problem.program.row_upper)
        self.solver.set_row(row, -np.inf, least + BREACH_SLACKS[0] * size)
        self.solver.set_gain(problem.program.gain)
        point = self.solver.run()
        return replace(point, row_price=point.row_price[:row])


def _alike(problem: Problem, other: Problem) -> bool:
    """Whether two problems have the same columns and rows, so that only numbers differ."""
    mine, theirs = problem.program, other.program
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
