"""Finding the best allocation: least breach, then most value, then least movement, then lower ids.

1. where today's allocation breaks limits: the least total breach
2. the LP without whole columns: its optimum is an upper bound
3. the MILP: which bets are funded and which change at all
4. the LP with these fixed: the amounts, and the shadow prices
5. among equal optima of 4: the least movement, then changes at lower ids
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix, vstack

from allocation.engine.book import Floats, Integers
from allocation.engine.decision import NONE, Decision
from allocation.engine.problem import Problem
from allocation.engine.program import Assembled
from allocation.engine.solver import (
    FEASIBILITY,
    SEARCH_FEASIBILITY,
    NoSolutionError,
    Point,
    Solver,
)

EXACT_UP_TO = 300
"""Up to so many whole columns the MILP is solved to EXACT_GAP, above to LARGE_GAP."""
EXACT_GAP = 1e-7
LARGE_GAP = 5e-4
MOST_NODES = 2000
"""Nodes and not seconds, so that a busy machine gives the same answer."""
SEARCHED_UP_TO = 4000
"""Above so many whole columns (some 2,000 bets) the good start found near the LP has to do."""
START_NODES = 100
"""How long a good start is looked for; the same."""
INTEGRAL = 1e-6
TIE_WEIGHT = 1e-7
"""In the MILP, moving a unit of rate costs as much as this share of holding it for the horizon.

Too little to cost a millionth of the objective, enough to choose between equal sets of bets.
"""
BREACH_SLACKS = (1e-12, 1e-9)
"""What the total breach may be above the least found, as a share of the envelope: LP, search."""


@dataclass(frozen=True)
class Programs:
    """The problem's program; where something is broken, with the least total breach as a row."""

    exact: Assembled
    """For LPs."""
    loose: Assembled
    """For searches, whose presolve may call the least breach impossible to the last digit."""


@dataclass(frozen=True)
class Best:
    """The best allocation found, before rounding."""

    programs: Programs
    point: Point
    """The values after ties are broken; the prices are those of the LP before."""
    bound: float
    """Upper bound on the objective, currency over the horizon: the LP without whole columns."""

    @property
    def program(self) -> Assembled:
        """The program that `point` is of."""
        return self.programs.exact


def find_best(problem: Problem) -> Best:
    """Go through the steps of this module. Raises NoSolutionError if HiGHS finds none."""
    programs = Programs(problem.program, problem.program)
    start = problem.program.today
    if len(problem.program.breaches):
        programs, start = with_least_breach(problem)
    relaxed = Solver(programs.exact).run().values
    values = _whole_columns(problem, programs.loose, relaxed, start)
    program, solver, point = _amounts(problem, programs, values, start)
    tied = _break_ties(problem, solver, point)
    return Best(
        programs=Programs(program, programs.loose),
        point=Point(tied.values, point.row_price),
        bound=program.objective(relaxed),
    )


def with_least_breach(problem: Problem) -> tuple[Programs, Floats]:
    """The programs with Σ breaches ≤ the least possible as their last row, and such a point."""
    program = problem.program
    values = _least_breach(program)
    least = program.total_breach(values)
    size = max(problem.snapshot.envelope, float(problem.book.held_today.sum()))
    exact, loose = (limited(program, least + slack * size) for slack in BREACH_SLACKS)
    return Programs(exact, loose), values


def _least_breach(program: Assembled) -> Floats:
    """The point with the least total breach; the search's, once an LP has confirmed it."""
    for tolerance in (SEARCH_FEASIBILITY, FEASIBILITY) if program.whole.any() else ():
        search = Solver(program, whole=True, tolerance=tolerance)
        search.start_from(program.today)
        search.set_gap(0.0, MOST_NODES)
        try:
            return _confirmed(program, search.minimise(program.breaches).values)
        except NoSolutionError:
            continue
    return _confirmed(program, program.today)


def _confirmed(program: Assembled, values: Floats) -> Floats:
    """The least breach with the whole columns as in `values`. Raises NoSolutionError."""
    fixed = Solver(program)
    fix_whole(fixed, values)
    return fixed.minimise(program.breaches).values


def limited(program: Assembled, breach: float) -> Assembled:
    """The program with one more row: Σ breaches ≤ breach, currency per month."""
    row = np.zeros((1, len(program.gain)))
    row[0, program.breaches] = 1.0
    return replace(
        program,
        matrix=vstack([program.matrix, csr_matrix(row)], format="csr"),
        row_lower=np.append(program.row_lower, -np.inf),
        row_upper=np.append(program.row_upper, breach),
        money_rows=np.append(program.money_rows, True),
        choice_rows=np.append(program.choice_rows, False),
    )


def _amounts(
    problem: Problem, programs: Programs, found: Floats, start: Floats
) -> tuple[Assembled, Solver, Point]:
    """The LP with the whole columns fixed as found, solved.

    What the search found within its tolerance may miss the LP's finer one by a hair: then the
    breach has the search's slack, or the search has the finer tolerance, and if need be the whole
    columns are those it started from.
    """
    attempts: tuple[tuple[Assembled, Callable[[], Floats]], ...] = (
        (programs.exact, lambda: found),
        (programs.loose, lambda: found),
        (programs.exact, lambda: best_whole(problem, programs.loose, start, finely=True)),
        (programs.exact, lambda: start),
    )
    for program, values in attempts[:-1]:
        try:
            return program, *_with_whole_columns(program, values())
        except NoSolutionError:
            continue
    program, values = attempts[-1]
    return program, *_with_whole_columns(program, values())


def _with_whole_columns(program: Assembled, values: Floats) -> tuple[Solver, Point]:
    """The LP with whole columns as in `values`, and its optimum. Raises NoSolutionError."""
    solver = Solver(program)
    fix_whole(solver, values)
    return solver, solver.run()


def _whole_columns(problem: Problem, program: Assembled, relaxed: Floats, start: Floats) -> Floats:
    """A point with the best whole columns; `relaxed` is the LP's optimum, `start` is feasible."""
    if not program.whole.any():
        return start
    if int(program.whole.sum()) <= EXACT_UP_TO:
        return best_whole(problem, program, start)
    good = _good_start(problem, program, relaxed, start)
    bound, reached = program.objective(relaxed), program.objective(good)
    is_huge = int(program.whole.sum()) > SEARCHED_UP_TO
    if is_huge or bound - reached <= LARGE_GAP * abs(reached):
        return good
    return best_whole(problem, program, good)


def _good_start(problem: Problem, program: Assembled, relaxed: Floats, otherwise: Floats) -> Floats:
    """A good feasible point near the LP's: most whole columns are whole there already.

    First all of these are held and only the others are searched. If that has no solution, only
    which bets change is held where the LP is whole about it, and at last only which do not change.
    With such a start the search is short.
    """
    whole = np.flatnonzero(program.whole)
    settled = whole[np.abs(relaxed[whole] - np.round(relaxed[whole])) < INTEGRAL]
    flags = np.unique(problem.decision.changed[problem.decision.changed != NONE])
    still = flags[relaxed[flags] < INTEGRAL]
    for held in (settled, np.intersect1d(settled, flags), still):
        try:
            hold = (held, np.round(relaxed[held]))
            return best_whole(problem, program, hold=hold, nodes=START_NODES)
        except NoSolutionError:
            continue
    return otherwise


def best_whole(
    problem: Problem,
    program: Assembled,
    start: Floats | None = None,
    hold: tuple[Integers, Floats] | None = None,
    nodes: int = MOST_NODES,
    finely: bool = False,
) -> Floats:
    """The MILP's best point. `start`: a feasible point; `hold`: columns to hold at values.

    `finely`: with an LP's tolerance, which presolve and cuts may find too fine.

    Raises NoSolutionError if there is none, or none is found within `nodes`.
    """
    solver = Solver(program, whole=True, tolerance=FEASIBILITY if finely else None)
    solver.set_gain(_gain_with_ties(problem, program))
    if start is not None:
        solver.start_from(start)
    if hold is not None:
        solver.set_bounds(hold[0], hold[1], hold[1])
    exact = int(program.whole.sum()) <= EXACT_UP_TO
    solver.set_gap(EXACT_GAP if exact else LARGE_GAP, nodes)
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


def _break_ties(problem: Problem, solver: Solver, point: Point) -> Point:
    """Among the optima of the LP just solved: the least movement, then the lower ids."""
    columns, every, rank = _movement(problem.decision)
    for weights in (every, rank):
        solver.stay_optimal()
        try:
            point = solver.minimise(columns, weights)
        except NoSolutionError:
            return point
    return point


def _movement(decision: Decision) -> tuple[Integers, Floats, Floats]:
    """The columns a and w, a weight of 1 for each, and one in (0, 1] that rises with the id."""
    columns = np.concatenate([decision.added, decision.withdrawn])
    rank = np.tile(np.arange(1, decision.book.size + 1), 2) / max(decision.book.size, 1)
    return columns, np.ones(len(columns)), rank
