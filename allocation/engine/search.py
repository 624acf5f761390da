"""Finding the best allocation: least breach, then most value, then least movement, then lower ids.

1. where today's allocation breaks limits: the least total breach
2. the LP without whole columns: its optimum is an upper bound
3. the MILP: which bets are funded and which change at all
4. the LP with these fixed: the amounts, and the shadow prices
5. among equal optima of 4: the least movement, then changes at lower ids
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix, vstack  # type: ignore[import-untyped]

from allocation.engine.book import Floats, Integers
from allocation.engine.decision import Decision
from allocation.engine.problem import Problem
from allocation.engine.program import Assembled
from allocation.engine.solver import Point, Solver

EXACT_UP_TO = 400
"""Up to so many whole columns the MILP is solved to EXACT_GAP, above to LARGE_GAP."""
EXACT_GAP = 1e-7
LARGE_GAP = 1e-4
MOST_NODES = 2000
"""Nodes and not seconds, so that a busy machine gives the same answer."""
TIE_WEIGHT = 1e-7
"""In the MILP, moving a unit of rate costs as much as this share of holding it for the horizon.

Too little to cost a millionth of the objective, enough to choose between equal sets of bets.
"""
BREACH_SLACK = 1e-11
"""What the total breach may be above the least that was found, as a share of the envelope."""


@dataclass(frozen=True)
class Best:
    """The best allocation found, before rounding."""

    program: Assembled
    """The problem's program, with the least total breach as a row where something is broken."""
    point: Point
    """The values after ties are broken; the prices are those of the LP before."""
    bound: float
    """Upper bound on the objective, currency over the horizon: the LP without whole columns."""
    fixed: Solver
    """The LP with the whole columns fixed, to be solved again with other bounds."""

    def bounds_of(self, columns: Integers) -> tuple[Floats, Floats]:
        """The bounds that columns have in `fixed`."""
        whole = self.program.whole[columns]
        values = np.round(self.point.values[columns])
        lower = np.where(whole, values, self.program.lower[columns])
        return lower, np.where(whole, values, self.program.upper[columns])


def find_best(problem: Problem) -> Best:
    """Go through the steps of this module. Raises NoSolutionError if HiGHS finds none."""
    program, start = problem.program, problem.program.today
    if len(program.breaches):
        program, start = with_least_breach(problem)
    solver = Solver(program)
    bound = program.objective(solver.run().values)
    values = best_whole(problem, program, start) if program.whole.any() else start
    fix_whole(solver, values)
    prices = solver.run().row_price
    tied = _break_ties(problem, program, values)
    return Best(program, Point(tied.values, prices), bound, solver)


def with_least_breach(problem: Problem) -> tuple[Assembled, Floats]:
    """The program with Σ breaches ≤ the least possible as its last row, and a point with that."""
    program = problem.program
    values = program.today
    if program.whole.any():
        search = Solver(program, whole=True)
        search.start_from(program.today)
        search.set_gap(0.0, MOST_NODES)
        values = search.minimise(program.breaches).values
    fixed = Solver(program)
    fix_whole(fixed, values)
    values = fixed.minimise(program.breaches).values
    slack = BREACH_SLACK * max(problem.snapshot.envelope, float(problem.book.held_today.sum()))
    return _limited(program, program.total_breach(values) + slack), values


def _limited(program: Assembled, breach: float) -> Assembled:
    """The program with one more row: Σ breaches ≤ breach."""
    row = np.zeros((1, len(program.gain)))
    row[0, program.breaches] = 1.0
    return replace(
        program,
        matrix=vstack([program.matrix, csr_matrix(row)], format="csr"),
        row_lower=np.append(program.row_lower, -np.inf),
        row_upper=np.append(program.row_upper, breach),
        money_rows=np.append(program.money_rows, True),
    )


def best_whole(
    problem: Problem,
    program: Assembled,
    start: Floats | None = None,
    hold: tuple[Integers, Floats] | None = None,
) -> Floats:
    """The MILP's best point. `start`: a feasible point; `hold`: columns to hold at values."""
    solver = Solver(program, whole=True)
    solver.set_gain(_gain_with_ties(problem, program))
    if start is not None:
        solver.start_from(start)
    if hold is not None:
        solver.set_bounds(hold[0], hold[1], hold[1])
    exact = int(program.whole.sum()) <= EXACT_UP_TO
    solver.set_gap(EXACT_GAP if exact else LARGE_GAP, MOST_NODES)
    return solver.run().values


def fix_whole(solver: Solver, values: Floats) -> None:
    """Hold every whole column at its value, rounded."""
    whole = np.flatnonzero(solver.program.whole)
    solver.set_bounds(whole, np.round(values[whole]), np.round(values[whole]))


def _gain_with_ties(problem: Problem, program: Assembled) -> Floats:
    """The program's gain, with movement a little dearer, the more so the higher the id."""
    columns, every, rank = _movement(problem.decision)
    gain = program.gain.copy()
    gain[columns] -= TIE_WEIGHT * problem.snapshot.horizon_months * (every + rank)
    return gain


def _break_ties(problem: Problem, program: Assembled, values: Floats) -> Point:
    """Among the optima with these whole columns: the least movement, then the lower ids."""
    solver = Solver(program)
    fix_whole(solver, values)
    point = solver.run()
    columns, every, rank = _movement(problem.decision)
    for weights in (every, rank):
        solver.stay_optimal()
        point = solver.minimise(columns, weights)
    return point


def _movement(decision: Decision) -> tuple[Integers, Floats, Floats]:
    """The columns a and w, a weight of 1 for each, and one in (0, 1] that rises with the id."""
    columns = np.concatenate([decision.added, decision.withdrawn])
    rank = np.tile(np.arange(1, decision.book.size + 1), 2) / max(decision.book.size, 1)
    return columns, np.ones(len(columns)), rank
