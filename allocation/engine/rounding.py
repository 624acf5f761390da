"""From the solver's numbers to cents, without breaking a limit by more than half of one.

Where both cents around an amount do that, the one that breaks nothing at all is taken.

Only the funding of bets that change is rounded; what becomes entangled is then (1−ρ)·w to the
nearest cent, and freed is the rest, so the books balance to the cent. Rounding one bet up or
down moves the limits it counts in, so the bets are rounded one after the other, each to the side
that leaves the limits best kept, and afterwards shifted by a cent where that mends one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_matrix, diags_array, vstack

from allocation.engine.book import CENT, Allocation, Book, Floats, Integers
from allocation.engine.problem import Problem
from allocation.engine.program import HALF_A_CENT, ROUNDING
from allocation.engine.solver import Point

MOST_PASSES = 4
NOISE = 1e-6
"""What is this much of a cent (or of a millionth of the amount) off a cent is that cent."""


@dataclass(frozen=True)
class _Shift:
    """What some of the limits change by."""

    rows: Integers
    amounts: Floats


@dataclass
class _Limits:
    """The money limits as matrices on what each bet holds and withdraws, kept up to date."""

    on_held: csc_matrix
    on_withdrawn: csc_matrix
    lower: Floats
    upper: Floats
    activity: Floats

    @classmethod
    def of(cls, problem: Problem, point: Point) -> _Limits:
        """What a row makes of held money, and what it makes of a withdrawal besides."""
        program, book = problem.program, problem.book
        held, withdrawn, found = [], [], []
        for measure, rows, weights in program.measured:
            if not program.money_rows[rows].all():
                continue
            per_added, per_withdrawn = measure.per_unit(book.reclaimable)
            held.append(weights @ diags_array(per_added))
            more = per_withdrawn + per_added * book.reclaimable
            withdrawn.append(weights @ diags_array(more))
            found.append(rows)
        rows = np.concatenate(found)
        besides = csc_matrix(vstack(withdrawn))
        besides.eliminate_zeros()
        return cls(
            on_held=csc_matrix(vstack(held)),
            on_withdrawn=besides,
            lower=program.row_lower[rows],
            upper=program.row_upper[rows],
            activity=(program.matrix @ point.values)[rows],
        )

    def shift(self, bet: int, held: float, withdrawn: float) -> _Shift:
        """What the rows change by when a bet holds and withdraws this much more."""
        rows: list[Integers] = []
        amounts: list[Floats] = []
        for matrix, more in ((self.on_held, held), (self.on_withdrawn, withdrawn)):
            own = slice(matrix.indptr[bet], matrix.indptr[bet + 1])
            rows.append(matrix.indices[own])
            amounts.append(matrix.data[own] * more)
        touched, place = np.unique(np.concatenate(rows), return_inverse=True)
        change: Floats = np.zeros(len(touched))
        np.add.at(change, place, np.concatenate(amounts))
        return _Shift(touched, change)

    def excess(self, shift: _Shift) -> tuple[float, float]:
        """Sums of what the rows of a shift are then broken by: above half a cent each, and all."""
        activity = self.activity[shift.rows] + shift.amounts
        over = np.maximum(activity - self.upper[shift.rows], self.lower[shift.rows] - activity)
        over = np.maximum(over, 0.0)
        return float(np.maximum(over - ROUNDING, 0.0).sum()), float(over.sum())

    def apply(self, shift: _Shift) -> None:
        """Bring the rows up to date with a shift."""
        self.activity[shift.rows] += shift.amounts

    @property
    def are_kept(self) -> bool:
        """Whether no row is broken by more than half a cent."""
        over = np.maximum(self.activity - self.upper, self.lower - self.activity)
        return not np.any(over > ROUNDING)


def to_cents(problem: Problem, point: Point) -> Allocation:
    """The allocation in cents that a point stands for."""
    book = problem.book
    exact = problem.decision.allocation(point.values)
    working = _snapped(exact)
    ranges = _ranges(problem, point)
    rounded = _Rounded(book, exact.working.copy(), exact.entangled.copy(), ranges)
    limits = _Limits.of(problem, point)
    moving = np.flatnonzero(working != book.working)
    for bet in np.flatnonzero((working == book.working) & exact.changed):
        rounded.settle(limits, int(bet), [float(book.working[bet])], exact)
    for bet in moving:
        options = _options(book, int(bet), float(exact.working[bet]), ranges)
        rounded.settle(limits, int(bet), options, exact)
    _mend(rounded, limits, moving, ranges, exact)
    return Allocation(book, rounded.working, rounded.entangled)


def _snapped(exact: Allocation) -> Floats:
    """Funding with changes of less than half a cent undone."""
    book = exact.book
    still = np.abs(exact.working - book.working) < HALF_A_CENT
    return np.where(still, book.working, exact.working)


@dataclass
class _Rounded:
    """The allocation while it is being rounded."""

    book: Book
    working: Floats
    entangled: Floats
    ranges: tuple[Floats, Floats]

    def settle(self, limits: _Limits, bet: int, options: list[float], exact: Allocation) -> None:
        """Give a bet the option that leaves the limits best kept, the nearest among equals."""
        target = float(exact.working[bet])
        shifts = [self._shift(limits, bet, option) for option in options]

        def badness(place: int) -> tuple[float, float, float, float]:
            breach, miss = limits.excess(shifts[place])
            miss += self._outside(bet, options[place])
            away = abs(options[place] - target)
            return round(breach / CENT, 3), round(miss / CENT, 3), away, options[place]

        best = min(range(len(options)), key=badness)
        limits.apply(shifts[best])
        self.entangled[bet] = self._entangled_at(bet, options[best])
        self.working[bet] = options[best]

    def _outside(self, bet: int, working: float) -> float:
        """By how much a bet would hold more than its maximum, or less than it may or must."""
        least, most = self.ranges
        return max(float(least[bet]) - working, working - float(most[bet]), 0.0)

    def _entangled_at(self, bet: int, working: float) -> float:
        before = float(self.book.entangled[bet])
        stuck = (1.0 - self.book.reclaimable[bet]) * max(self.book.working[bet] - working, 0.0)
        return round(before + float(stuck), 2) if stuck > 0 else before

    def _shift(self, limits: _Limits, bet: int, working: float) -> _Shift:
        entangled = self._entangled_at(bet, working)
        held = working + entangled - self.working[bet] - self.entangled[bet]
        before = max(self.book.working[bet] - self.working[bet], 0.0)
        after = max(self.book.working[bet] - working, 0.0)
        return limits.shift(bet, held, after - before)


def _ranges(problem: Problem, point: Point) -> tuple[Floats, Floats]:
    """What each bet may be rounded to: where it is funded its minimum, liquidity, and maximum."""
    book = problem.book
    holds = problem.decision.allocation(point.values).working > HALF_A_CENT
    least = np.where(holds, book.minimum_if_funded, 0.0)
    lower = np.maximum(least, book.working - book.withdrawal_limit)
    return lower, book.maximum


def _options(book: Book, bet: int, exact: float, ranges: tuple[Floats, Floats]) -> list[float]:
    """The cents around an exact amount, and the amount today, as far as the bet may hold them."""
    if exact < HALF_A_CENT:
        return [0.0]
    nearest = round(exact, 2)
    around = {nearest, round(nearest - CENT, 2), round(nearest + CENT, 2)}
    if abs(nearest - exact) < NOISE * max(CENT, exact * 1e-6):
        around = {nearest}
    close = [cents for cents in sorted(around) if abs(cents - exact) < CENT]
    return _allowed(close, bet, ranges) or [nearest]


def _allowed(options: list[float], bet: int, ranges: tuple[Floats, Floats]) -> list[float]:
    """Those above 0 that are outside what the bet may hold by half a cent at most."""
    least, most = float(ranges[0][bet]) - ROUNDING, float(ranges[1][bet]) + ROUNDING
    return [cents for cents in options if least <= cents <= most and cents > 0]


def _mend(
    rounded: _Rounded,
    limits: _Limits,
    moving: np.ndarray,
    ranges: tuple[Floats, Floats],
    exact: Allocation,
) -> None:
    """Shift bets by a cent as long as a limit is broken by more than half of one."""
    for _ in range(MOST_PASSES):
        if limits.are_kept:
            return
        for bet in moving:
            now = float(rounded.working[bet])
            if now < HALF_A_CENT:
                continue
            shifted = [now, round(now - CENT, 2), round(now + CENT, 2)]
            options = _allowed(shifted, int(bet), ranges) or [now]
            rounded.settle(limits, int(bet), options, exact)
