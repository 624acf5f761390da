"""Finding the best allocation: least breach, then most value, then least movement, then lower ids.

1. where today's allocation breaks limits: the least total breach
2. the LP without whole columns: its optimum is an upper bound
3. fix and repair: every bet takes the group of points on which the LP puts most weight, and what
   cannot be kept together goes back to where it is known to be possible
4. where that is not near enough to the bound: the MILP, from there; which bets stay, leave, change
5. the LP with these fixed: the amounts, and the shadow prices
6. among equal optima of 5: the least movement, then changes at lower ids

Steps 2, 3, 5 and 6 are one program in one solver, each solved from where the last one ended.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix, vstack

from allocation.engine.book import Floats, Integers
from allocation.engine.decision import Decision
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
"""Above so many whole columns (some 2,500 bets) what is fixed and repaired has to do."""
MOST_REPAIRS = 12
NO_WORSE = 1.1
"""How many times the gap of what is known is still near enough."""
MOST_TRIES = 8
"""So many times bets are moved to another group, after what is repaired."""
PROMISING = 1e-6
"""What a group gains less than this, in the solver's units, is not tried."""
TIE_WEIGHT = 1e-7
"""In steps 2 to 4, moving a unit of rate costs as much as this share of holding it for the horizon.

Too little to cost a millionth of the objective, enough to choose between equal sets of bets.
"""
DEAR = 10.0
"""How many times the most that a unit of rate gains a unit of breach costs at first."""
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
    chosen: Integers
    """The group of points that each bet uses."""

    @property
    def program(self) -> Assembled:
        """The program that `point` is of."""
        return self.programs.exact

    @property
    def objective(self) -> float:
        """Currency over the horizon."""
        return self.program.objective(self.point.values)


def find_best(problem: Problem) -> Best:
    """Go through the steps of this module. Raises NoSolutionError if HiGHS finds none."""
    return ready(problem, None).best()


def ready(problem: Problem, solver: Solver | None) -> Search:
    """The search from step 2 on, in a solver of `open_program` or a new one."""
    program = open_program(problem)
    if solver is None:
        solver = Solver(program, basic=_best_alone(problem.decision, program))
    if not len(program.breaches):
        return Search(problem, Programs(program, program), program.today, solver)
    programs, start = with_least_breach(problem, solver)
    return Search(problem, programs, start, solver)


def open_program(problem: Problem) -> Assembled:
    """The problem's program, with a row for the total breach, still open, where there is one."""
    program = problem.program
    return limited(program, np.inf) if len(program.breaches) else program


@dataclass(frozen=True)
class Known:
    """What a search of almost the same problem found."""

    relaxed: Integers
    """The group on which its LP put most weight, for each bet."""
    chosen: Integers
    """The group that each bet used in the end."""
    gap: float
    """How far that was from the bound, as a share of it."""


@dataclass(frozen=True)
class Search:
    """Steps 2 to 6, on one program in one solver."""

    problem: Problem
    programs: Programs
    start: Floats
    """A point that keeps every limit."""
    solver: Solver
    """The LP of `programs.exact`."""
    known: Known | None = None
    """What to begin with where the LP chooses as it did then."""

    @classmethod
    def of(cls, problem: Problem, programs: Programs, start: Floats) -> Search:
        """A search from nothing: the LP begins with what is best for each bet by itself."""
        basic = _best_alone(problem.decision, programs.exact)
        return cls(problem, programs, start, Solver(programs.exact, basic=basic))

    @property
    def _decision(self) -> Decision:
        return self.problem.decision

    @cached_property
    def tied_gain(self) -> Floats:
        """The program's gain, with movement a little dearer, the more so the higher the id.

        Not where it begins with what is known: there one more solve would cost most of the time.
        """
        if self.known is not None:
            return self.programs.exact.gain
        moved, rank = _movement(self._decision)
        gain = self.programs.exact.gain.copy()
        weight = TIE_WEIGHT * self.problem.snapshot.horizon_months
        gain[self._decision.weight] -= weight * moved * (1.0 + rank)
        return gain

    def best(self) -> Best:
        """The best allocation. Raises NoSolutionError."""
        found = self.with_ties()
        tied = self._break_ties(found.point)
        return replace(found, point=replace(found.point, values=tied.values))

    def relaxed(self) -> Point:
        """The LP without whole columns."""
        weight = self._decision.weight
        self.solver.set_bounds(weight, 0.0, self.programs.exact.upper[weight])
        self._limit_breach(self.programs.exact)
        self.solver.set_gain(self.tied_gain)
        return self.solver.run()

    def with_ties(self) -> Best:
        """One of the best allocations. Raises NoSolutionError."""
        relaxed = self.relaxed().values
        bound = self.programs.exact.objective(relaxed)
        chosen = self._decision.chosen(self._near(relaxed, bound))
        point = self.amounts(chosen)
        return Best(self.programs, point, bound, self._decision.chosen(point.values))

    def in_part(self, least: float | None = None) -> Point:
        """The least breach, then the most value, if bets may be funded in part.

        `least`: that least breach, where it is known.
        """
        return self._most_value(self.least_in_part() if least is None else least)

    def least_in_part(self) -> float:
        """The least total breach if bets may be funded in part."""
        weight = self._decision.weight
        self.solver.set_bounds(weight, 0.0, self.programs.exact.upper[weight])
        return self._least_within_bounds()

    def held(self, chosen: Integers) -> Point:
        """The same with every bet in its group of points. Raises NoSolutionError."""
        self.fix(chosen)
        return self._most_value(self._least_within_bounds())

    def _least_within_bounds(self) -> float:
        program = self.programs.exact
        if not len(program.breaches):
            return 0.0
        self._limit_breach(program)
        self.solver.primal(True)
        point = self.solver.minimise(program.breaches)
        self.solver.primal(False)
        return program.total_breach(point.values)

    def _most_value(self, least: float) -> Point:
        program = self.programs.exact
        if len(program.breaches):
            slack = BREACH_SLACKS[0] * _size(self.problem)
            self.solver.set_row(len(program.row_upper) - 1, -np.inf, least + slack)
        self.solver.set_gain(program.gain)
        return self.solver.run()

    def _near(self, relaxed: Floats, bound: float) -> Floats:
        """A point with whole columns that is near enough to the bound, or the best there is."""
        program = self.programs.exact
        if not program.whole.any():
            return self.start
        whole = int(program.whole.sum())
        enough = EXACT_GAP if whole <= EXACT_UP_TO else LARGE_GAP
        chosen = self._decision.chosen(relaxed)
        if self.known is not None:
            chosen = np.where(chosen == self.known.relaxed, self.known.chosen, chosen)
            enough = max(enough, NO_WORSE * self.known.gap)
        try:
            repaired = self.repaired(chosen)
            near = self._improved(repaired, bound - enough * abs(bound)).values
        except NoSolutionError:
            near = self.start
        reached = program.objective(near)
        if whole > SEARCHED_UP_TO or bound - reached <= enough * abs(reached):
            return near
        return best_whole(self, near)

    def fix(self, chosen: Integers) -> None:
        """Let every bet use one group of its points."""
        program, weight = self.programs.exact, self._decision.weight
        upper = np.minimum(self._decision.only(chosen), program.upper[weight])
        self.solver.set_bounds(weight, 0.0, upper)

    def repaired(self, chosen: Integers) -> Point:
        """The best with every bet in its group, as few as need be put back to where they start.

        What cannot be kept together is accused by the solver's proof (a Farkas ray): the bets that
        count in the accused rows go back. Raises NoSolutionError if that does not end.
        """
        known, chosen = self._decision.chosen(self.start), chosen.copy()
        for _ in range(MOST_REPAIRS):
            self.fix(chosen)
            try:
                return self.solver.run()
            except NoSolutionError:
                accused = self._bets_in(self.solver.accused()) & (chosen != known)
                chosen[accused if accused.any() else slice(None)] = known[
                    accused if accused.any() else slice(None)
                ]
        self.fix(known)
        return self.solver.run()

    def _improved(self, point: Point, enough: float) -> Point:
        """The point, with bets moved to another group as long as that gains and is worth it.

        What a point of another group would gain at the prices that stand says which; they are
        tried together, then fewer and fewer of the most promising.
        """
        program, tries = self.programs.exact, 0
        most = self.problem.book.size
        while program.objective(point.values) < enough and tries < MOST_TRIES and most:
            chosen = self._decision.chosen(point.values)
            promising = self._promising(point)[:most]
            if not len(promising):
                break
            points = self._decision.points
            chosen[points.of_bet[promising]] = points.group[promising]
            self.fix(chosen)
            tries += 1
            try:
                found = self.solver.run()
            except NoSolutionError:
                found = point
            if self.tied_gain @ found.values > self.tied_gain @ point.values:
                point = found
            else:
                most = len(promising) // 4
        return point

    def _promising(self, point: Point) -> Integers:
        """The points, one for each bet, that would gain if its group could be used, best first."""
        points, weight = self._decision.points, self._decision.weight
        gain = np.where(self.programs.exact.upper[weight] > 0, point.column_price[weight], 0.0)
        gain[self._decision.only(self._decision.chosen(point.values)) > 0] = 0.0
        order = np.lexsort((np.arange(len(gain)), -gain))
        order = order[gain[order] > PROMISING * self.solver.gain_scale]
        _, first = np.unique(points.of_bet[order], return_index=True)
        return order[np.sort(first)]

    def _bets_in(self, rows: Integers) -> np.ndarray:
        """The bets that count in any of these rows, their own Σ_k λ_jk = 1 apart."""
        limits = rows[rows >= self.problem.book.size]
        touched = np.unique(self.programs.exact.matrix[limits].indices)
        points = touched[touched < len(self._decision.weight)]
        found = np.zeros(self.problem.book.size, dtype=np.bool_)
        found[self._decision.points.of_bet[points]] = True
        return found

    def amounts(self, found: Integers) -> Point:
        """The LP with the groups as found.

        What the search found within its tolerance may miss the LP's finer one by a hair: then the
        breach has the search's slack, and if need be the groups are those it started from.
        """
        self.solver.set_gain(self.programs.exact.gain)
        for program in (self.programs.exact, self.programs.loose):
            try:
                return self._solved(found, program)
            except NoSolutionError:
                continue
        return self._solved(self._decision.chosen(self.start), self.programs.loose)

    def _solved(self, chosen: Integers, program: Assembled) -> Point:
        self.fix(chosen)
        self._limit_breach(program)
        return self.solver.run()

    def _limit_breach(self, program: Assembled) -> None:
        """Take over the last row's limit: the total breach, where there is one."""
        if len(program.breaches):
            self.solver.set_row(len(program.row_upper) - 1, -np.inf, program.row_upper[-1])

    def _break_ties(self, point: Point) -> Point:
        """Among the optima of the LP just solved: the least movement, then the lower ids."""
        moved, rank = _movement(self._decision)
        for weights in (moved, moved * rank):
            self.solver.stay_optimal()
            try:
                point = self.solver.minimise(self._decision.weight, weights)
            except NoSolutionError:
                return point
        return point


def with_least_breach(problem: Problem, solver: Solver) -> tuple[Programs, Floats]:
    """The programs with Σ breaches ≤ the least possible as their last row, and such a point.

    The solver begins with breaches so dear that they come before value: from there both the least
    breach and the most value are near, and it is left there.
    """
    program = problem.program
    solver.set_gain(_dear_breaches(problem))
    solver.run()
    basis = solver.basis()
    values = _least_breach(problem, solver)
    least = program.total_breach(values)
    exact, loose = (limited(program, least + slack * _size(problem)) for slack in BREACH_SLACKS)
    solver.start_from_basis(basis)
    return Programs(exact, loose), values


def _dear_breaches(problem: Problem) -> Floats:
    """The gain with each unit of breach dearer than any unit of rate gains."""
    program, points = problem.program, problem.decision.points
    moved = points.added + points.withdrawn
    gain = program.gain.copy()
    per_unit = np.divide(
        np.abs(gain[problem.decision.weight]), moved, out=np.zeros(len(moved)), where=moved > 1.0
    )
    gain[program.breaches] -= DEAR * float(per_unit.max(initial=1.0))
    return gain


def _least_breach(problem: Problem, solver: Solver) -> Floats:
    """The point with the least total breach, found as the most value is: LP, repair, MILP."""
    decision, program = problem.decision, open_program(problem)
    search = Search(problem, Programs(program, program), program.today, solver)
    solver.primal(True)
    relaxed = solver.minimise(program.breaches)
    solver.primal(False)
    near = search.repaired(decision.chosen(relaxed.values)).values
    missed = program.total_breach(near) - program.total_breach(relaxed.values)
    whole = int(program.whole.sum())
    if not whole or missed <= BREACH_SLACKS[0] * _size(problem) or whole > SEARCHED_UP_TO:
        return near
    for tolerance in (SEARCH_FEASIBILITY, FEASIBILITY):
        milp = Solver(problem.program, whole=True, tolerance=tolerance)
        milp.start_from(near)
        milp.set_gap(0.0, MOST_NODES)
        try:
            search.fix(decision.chosen(milp.minimise(program.breaches).values))
            return solver.run().values
        except NoSolutionError:
            continue
    return near


def _size(problem: Problem) -> float:
    """How much money there is, currency per month: what a rounding is measured against."""
    return max(problem.snapshot.envelope, float(problem.book.held_today.sum()))


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
    )


def best_whole(search: Search, start: Floats, nodes: int = MOST_NODES) -> Floats:
    """The MILP's best point, from a feasible one; that itself if nothing better is found.

    Presolve may call the least breach impossible by a hair: then with an LP's tolerance.
    """
    program = search.programs.loose
    exact = int(program.whole.sum()) <= EXACT_UP_TO
    for tolerance in (SEARCH_FEASIBILITY, FEASIBILITY):
        solver = Solver(program, whole=True, tolerance=tolerance)
        solver.set_gain(search.tied_gain)
        solver.start_from(start)
        solver.set_gap(EXACT_GAP if exact else LARGE_GAP, nodes)
        try:
            return solver.run().values
        except NoSolutionError:
            continue
    return start


def _best_alone(decision: Decision, program: Assembled) -> Integers:
    """For each bet the point that gains most by itself, of those that it may use."""
    gain = program.gain[decision.weight]
    usable = program.upper[decision.weight] > 0
    order = np.lexsort((-gain, ~usable, decision.points.of_bet))
    return decision.weight[order[decision.points.first[:-1]]]


def _movement(decision: Decision) -> tuple[Floats, Floats]:
    """a + w at each point, and a weight in (0, 1] that rises with the id."""
    points = decision.points
    rank = (points.of_bet + 1) / max(decision.book.size, 1)
    return points.added + points.withdrawn, rank
