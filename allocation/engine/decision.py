"""What is decided: for each bet which of the points that it could move to, and how far.

All that can be said of one bet (what it earns, holds, frees, costs) is linear between a few
fundings: where it stands today, nothing, the least and the most it may hold, and the bends of its
response. These are its points, x_jk, and the columns of the program are their weights:

    λ_jk ≥ 0,   Σ_k λ_jk = 1,   x_j = Σ_k λ_jk·x_jk

A point's column says of each limit what the bet takes there more than today, and of the objective
what it gains over today, both straight from the formulas. The points of a bet are in up to three
groups, of which a whole answer uses one: staying as it is, leaving altogether, and a range from the
least to the most (with today's funding as a point again, where changing at all has its price).
Within a range the response is concave, so that the weights fall on neighbouring points by
themselves; only which group is a yes-or-no decision. As a linear program, without whole columns,
that is the tightest there is bet by bet: every bet's convex hull.

Nothing need forbid a bet to mix points below and above today's funding, since no optimum does: for
the same held money, less of both leaves it more working funding, at no higher cost, and of equals
the one that moves less is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_matrix

from allocation.engine.book import Allocation, Book, Booleans, Floats, Funding, Integers
from allocation.engine.measure import Measure
from allocation.engine.program import COUNT, MONEY, Program, Triplets

STAY, LEAVE, RANGE = 0, 1, 2
"""The groups of a bet's points."""
GROUPS = 3
WHOLE_WEIGHT = 1e-9
"""A weight this near to 1 is 1."""


@dataclass(frozen=True)
class Points(Funding):
    """All points of all bets, in the order of bets, the groups one after the other, x rising."""

    book: Book
    of_bet: Integers
    group: Integers
    working: Floats
    is_today: Booleans
    """One for each bet: the point where nothing changes."""
    pays_to_change: bool
    """Whether κ > 0, so that being in the range costs even at today's funding."""

    @property
    def bet(self) -> Integers:
        return self.of_bet

    @cached_property
    def entangled(self) -> Floats:  # type: ignore[override]
        """u_j + (1−ρ_j)·w_j."""
        stuck = 1.0 - self.own(self.book.reclaimable)
        return np.asarray(self.own(self.book.entangled) + stuck * self.withdrawn)

    @property
    def changed(self) -> Booleans:
        return ~self.is_today

    @cached_property
    def first(self) -> Integers:
        """Where each bet's points begin, and after the last of them where they end."""
        counts = np.bincount(self.of_bet, minlength=self.book.size)
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    def summed(self, weights: Floats) -> Floats:
        """Σ over the points of each bet."""
        return np.bincount(self.of_bet, weights, minlength=self.book.size).astype(np.float64)

    @classmethod
    def of(cls, book: Book, asked: Booleans, most: Floats) -> Points:
        """The points of every bet.

        `asked`: bets of which something asks whether they are funded; `most`: X_j, currency per
        month.
        """
        today, lowest_possible = book.working, book.working - book.withdrawal_limit
        pays = book.snapshot.switching_cost > 0
        can_leave = asked & (today > 0) & (lowest_possible <= 0)
        least_funded = np.where(asked, book.smallest_funding, 0.0)
        least = np.maximum(lowest_possible, least_funded)
        least = np.where(today > 0, np.minimum(least, today), least)
        ranged = (most > least) | ((most == least) & (least > today))
        in_range = ranged & (least <= today) & (not pays)
        bets, fundings = _range_points(book, least, most, ranged)
        stays, leaves = np.flatnonzero(~in_range), np.flatnonzero(can_leave)
        of_bet = np.concatenate([stays, leaves, bets])
        group = np.repeat([STAY, LEAVE, RANGE], [len(stays), len(leaves), len(bets)])
        working = np.concatenate([today[stays], np.zeros(len(leaves)), fundings])
        order = np.argsort(of_bet, kind="stable")
        of_bet, group, working = of_bet[order], group[order], working[order]
        is_today = (group == STAY) | (in_range[of_bet] & (working == today[of_bet]))
        return cls(book, of_bet, group, working, is_today, pays)

    def is_whole(self) -> Booleans:
        """The weights that are yes-or-no decisions: of staying and leaving, where there is more."""
        alone = np.diff(self.first)[self.of_bet] == 1
        return np.asarray((self.group != RANGE) & ~alone)


def _range_points(
    book: Book, least: Floats, most: Floats, ranged: Booleans
) -> tuple[Integers, Floats]:
    """The fundings from `least` to `most` at which anything bends, each once, by bet."""
    bets = np.flatnonzero(ranged)
    bends = book.responses[0][bets] * book.full_funding[bets, None]
    ends = np.stack([least[bets], most[bets], book.working[bets]], axis=1)
    found = np.concatenate([ends, bends], axis=1)
    found = np.sort(np.clip(found, least[bets, None], most[bets, None]), axis=1)
    fresh = np.ones(found.shape, dtype=np.bool_)
    fresh[:, 1:] = found[:, 1:] > found[:, :-1]
    return np.broadcast_to(bets[:, None], found.shape)[fresh], found[fresh]


@dataclass(frozen=True)
class Decision:
    """The columns of the program, which begin with one for each point."""

    book: Book
    points: Points
    weight: Integers
    """λ, one for each point."""
    growth_limit: Floats
    """The most each a_j can be, currency per month."""

    @classmethod
    def enter(cls, program: Program, book: Book, asked: Booleans, floored: Booleans) -> Decision:
        """Add the columns, and Σ_k λ_jk = 1.

        `asked`: bets of which something asks whether they are funded; `floored`: bets that a
        lower limit on held money covers, for which holding more than earns may be worth it.
        """
        growth = growth_limit(book, floored)
        points = Points.of(book, asked, book.working + growth)
        count = len(points.of_bet)
        weight = program.columns(
            count, upper=1.0, today=points.is_today, unit=COUNT, whole=points.is_whole()
        )
        one = np.ones(book.size)
        program.rows((points.of_bet, weight, np.ones(count)), lower=one, upper=one, unit=COUNT)
        return cls(book, points, weight, growth)

    def with_book(self, book: Book) -> Decision:
        """The same decision on a book of which only worths are others."""
        points = replace(self.points, book=book)
        vars(points).update(first=self.points.first, entangled=self.points.entangled)
        decision = replace(self, book=book, points=points)
        vars(decision)["_more"] = self._more
        return decision

    @cached_property
    def today(self) -> Allocation:
        """x = c."""
        return Allocation.today(self.book)

    @property
    def most(self) -> Floats:
        """X_j: the most x_j can be, currency per month."""
        return self.book.working + self.growth_limit

    def more(self, measure: Measure) -> csr_matrix:
        """What each point measures more than today; shape (bets, points)."""
        if measure.name not in self._more:
            points = self.points
            before = points.own(measure.of(self.today))
            values = measure.of(points) - before
            shape = (self.book.size, len(points.of_bet))
            matrix = csr_matrix((values, np.arange(len(values)), points.first), shape=shape)
            self._more[measure.name] = matrix
        return self._more[measure.name]

    @cached_property
    def _more(self) -> dict[str, csr_matrix]:
        return {}

    def limit(
        self,
        program: Program,
        names: Sequence[str],
        measure: Measure,
        weights: csr_matrix,
        *,
        lower: ArrayLike = -np.inf,
        upper: ArrayLike = np.inf,
        unit: bool = MONEY,
        terms: tuple[Triplets, ...] = (),
    ) -> None:
        """Limits on a measure: lower ≤ Σ_j weight_j·measure_j + terms ≤ upper, one for each row.

        `weights`: shape (limits, bets). What is held today stands on the right-hand side, what
        moving to a point changes on the left.
        """
        if not names:
            return
        today = weights @ measure.of(self.today)
        more = (weights @ self.more(measure)).tocoo()
        rows = program.limits(
            names,
            (more.row, self.weight[more.col], more.data),
            *terms,
            lower=np.asarray(lower, dtype=np.float64) - today,
            upper=np.asarray(upper, dtype=np.float64) - today,
            unit=unit,
        )
        program.measured(measure, rows, weights)

    def chosen(self, values: Floats) -> Integers:
        """The group of each bet that has the most weight at a point of the program."""
        points = self.points
        place = points.of_bet * GROUPS + points.group
        weights = np.bincount(place, values[self.weight], minlength=self.book.size * GROUPS)
        return np.argmax(weights.reshape(self.book.size, GROUPS), axis=1)

    def only(self, chosen: Integers) -> Floats:
        """The upper bounds of all weights if each bet uses one group: 1 in it, and 0 elsewhere."""
        return (self.points.group == chosen[self.points.of_bet]).astype(np.float64)

    def allocation(self, values: Floats) -> Allocation:
        """The allocation that a point of the program stands for, unrounded."""
        points, today = self.points, self.book.working
        weights = values[self.weight]
        moved = points.summed(weights * (points.working - points.own(today)))
        working = np.where(moved == 0, today, np.maximum(today + moved, 0.0))
        alone = np.flatnonzero(weights > 1.0 - WHOLE_WEIGHT)
        working[points.of_bet[alone]] = points.working[alone]
        return Allocation.holding(self.book, working)


def growth_limit(book: Book, floored: Booleans) -> Floats:
    """The most a_j can be: up to the maximum, what the envelope holds, and what earns.

    Beyond the last point of its response a bet earns nothing and costs money, so it never pays
    to go there, except where a lower limit asks for more money in its scope.
    """
    ceiling = max(
        book.snapshot.envelope - book.snapshot.reserve_floor, float(book.held_today.sum())
    )
    room = max(ceiling - float(book.entangled.sum()), 0.0)
    useful = np.where(floored, np.inf, book.useful_maximum)
    return np.maximum(np.minimum(np.minimum(book.maximum, useful), room) - book.working, 0.0)
