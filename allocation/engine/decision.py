"""What is decided: the columns of the program, and what they are bounded by on their own.

For bet j: a_j added, w_j withdrawn, the funding that earns on each piece of the response, whether
it is funded at all, and whether its funding changes. x_j = c_j + a_j − w_j is no column but an
expression, and so is what the bet holds of the envelope, c_j + u_j + a_j − ρ_j·w_j.

Nothing need forbid a bet to add and withdraw at once, since no optimum does: for the same held
money, adding less or withdrawing less leaves it more working funding, at no higher cost, and of
equals the one that moves less is taken. (a_j ≤ A_j bounds the addition itself and not x_j.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocation.engine.book import Allocation, Book, Booleans, Floats, Integers
from allocation.engine.program import Program

NONE = -1
Term = tuple[Integers, Floats]


@dataclass(frozen=True)
class Pieces:
    """The linear pieces of all responses, one entry for each piece of a bet of value."""

    bet: Integers
    width: Floats
    """Currency per month."""
    gain: Floats
    """p·V·slope/F: expected value over the horizon per unit of rate."""

    @classmethod
    def of(cls, book: Book) -> Pieces:
        """The pieces of every bet with a value and a full funding."""
        bets, widths, gains = [], [], []
        for place in np.flatnonzero(book.expected_value > 0):
            response = book.bets[place].response
            full, worth = book.full_funding[place], book.expected_value[place]
            bets.append(np.full(len(response.widths), place))
            widths.append(response.widths * full)
            gains.append(response.slopes * (worth / full))
        if not bets:
            return cls(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
        return cls(np.concatenate(bets), np.concatenate(widths), np.concatenate(gains))

    def filled(self, funding: Floats) -> Floats:
        """How much of each piece `funding` (currency per month, for each bet) fills, in order."""
        before = np.zeros(len(self.bet))
        for place in range(1, len(self.bet)):
            if self.bet[place] == self.bet[place - 1]:
                before[place] = before[place - 1] + self.width[place - 1]
        return np.clip(funding[self.bet] - before, 0.0, self.width)


@dataclass(frozen=True)
class Decision:
    """Where each decision stands in the program."""

    book: Book
    pieces: Pieces
    added: Integers
    withdrawn: Integers
    piece: Integers
    funded: Integers
    """One for each bet; NONE where nothing asks whether it is funded."""
    changed: Integers
    """One for each bet; NONE where no switching cost is paid or nothing can change.

    A bet without funding today changes exactly if it is funded: then the two are one column.
    """
    growth_limit: Floats
    """The most each a_j can be, currency per month."""

    @classmethod
    def enter(cls, program: Program, book: Book, asked: Booleans, floored: Booleans) -> Decision:
        """Add the columns.

        `asked`: bets of which something asks whether they are funded; `floored`: bets that a
        lower limit on held money covers, for which holding more than earns may be worth it.
        """
        growth = growth_limit(book, floored)
        pieces = Pieces.of(book)
        count = book.size
        movable = (growth > 0) | (book.withdrawal_limit > 0)
        switching = movable if book.snapshot.switching_cost > 0 else np.zeros(count, dtype=np.bool_)
        funded = _flags(program, asked, today=book.working > 0)
        starts = switching & asked & (book.working == 0)
        changed = _flags(program, switching & ~starts, today=np.zeros(count, dtype=np.bool_))
        return cls(
            book=book,
            pieces=pieces,
            added=program.columns(count, upper=growth),
            withdrawn=program.columns(count, upper=book.withdrawal_limit),
            piece=program.columns(
                len(pieces.bet), upper=pieces.width, today=pieces.filled(book.working)
            ),
            funded=funded,
            changed=np.where(starts, funded, changed),
            growth_limit=growth,
        )

    @property
    def most(self) -> Floats:
        """X_j: the most x_j can be, currency per month."""
        return self.book.working + self.growth_limit

    def held(self, weight: Floats) -> tuple[list[Term], float]:
        """Σ weight_j·(x_j + u_j + (1−ρ_j)·w_j) as terms and a constant: Σ weight·(c+u+a−ρw)."""
        some = np.flatnonzero(weight)
        terms = [
            (self.added[some], weight[some]),
            (self.withdrawn[some], -weight[some] * self.book.reclaimable[some]),
        ]
        return terms, float(weight @ self.book.held_today)

    def allocation(self, point: Floats) -> Allocation:
        """The allocation that a point of the program stands for, unrounded."""
        working = self.book.working + point[self.added] - point[self.withdrawn]
        untouched = (point[self.added] == 0) & (point[self.withdrawn] == 0)
        return Allocation.holding(
            self.book, np.where(untouched, self.book.working, np.maximum(working, 0.0))
        )


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


def _flags(program: Program, wanted: Booleans, today: Booleans) -> Integers:
    """A yes-or-no column for each wanted bet, NONE for the others."""
    places = np.full(len(wanted), NONE, dtype=np.int64)
    some = np.flatnonzero(wanted)
    places[some] = program.yes_or_no(len(some), today=today[some].astype(np.float64))
    return places
