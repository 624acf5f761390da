"""The bets of a snapshot as arrays, one entry for each bet in id order, and allocations of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from allocation.engine.snapshot import Bet, Guardrail, Snapshot
from allocation.engine.value import Response

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

FIELDS = (
    "working",
    "entangled",
    "belief",
    "value_if_true",
    "full_funding",
    "minimum",
    "reclaimable",
    "notice_months",
    "exit_cost",
    "ramp_cost",
    "withdrawable",
    "may_grow",
)
WORTHS = ("expected_value", "notice_months", "exit_cost", "ramp_cost")
"""What a change of beliefs, values and one-off costs changes in a book."""
SMALLEST_SHARE = 1e-6
CENT = 0.01
NO_VALUE = -1
"""The number of an attribute that a bet does not have."""


@dataclass(frozen=True)
class Book:
    """What the formulas call c, u, p, V, F, ρ, n, e, r, λ: arrays of shape (bets,)."""

    snapshot: Snapshot

    @property
    def bets(self) -> tuple[Bet, ...]:
        return self.snapshot.bets

    @property
    def size(self) -> int:
        return len(self.snapshot.bets)

    @cached_property
    def index(self) -> dict[str, int]:
        """Where each bet stands in the arrays."""
        return {bet.id: place for place, bet in enumerate(self.bets)}

    @cached_property
    def _numbers(self) -> Floats:
        """The plain numbers of every bet, read once: shape (fields, bets)."""
        rows = list(map(attrgetter(*FIELDS), self.bets))
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(FIELDS)).T

    def with_bets(self, others: Mapping[str, Bet]) -> Book:
        """The book with some bets' worths changed; what does not hang on these is kept."""
        bets = list(self.bets)
        numbers = self._numbers.copy()
        for bet_id, bet in others.items():
            place = self.index[bet_id]
            bets[place] = bet
            numbers[:, place] = attrgetter(*FIELDS)(bet)
        book = Book(replace(self.snapshot, bets=tuple(bets)))
        kept = {name: value for name, value in vars(self).items() if name not in WORTHS}
        vars(book).update(kept | {"snapshot": book.snapshot, "_numbers": numbers})
        return book

    def _floats(self, field: str) -> Floats:
        return np.ascontiguousarray(self._numbers[FIELDS.index(field)])

    @cached_property
    def working(self) -> Floats:
        """c, currency per month."""
        return self._floats("working")

    @cached_property
    def entangled(self) -> Floats:
        """u, currency per month."""
        return self._floats("entangled")

    @cached_property
    def reclaimable(self) -> Floats:
        """ρ, share of what is withdrawn."""
        return self._floats("reclaimable")

    @cached_property
    def notice_months(self) -> Floats:
        """n, months."""
        return self._floats("notice_months")

    @cached_property
    def exit_cost(self) -> Floats:
        """e, currency per unit of rate withdrawn."""
        return self._floats("exit_cost")

    @cached_property
    def ramp_cost(self) -> Floats:
        """r, currency per unit of rate added."""
        return self._floats("ramp_cost")

    @cached_property
    def expected_value(self) -> Floats:
        """p·V, currency over the horizon; nothing where full funding is nothing."""
        worth = self._floats("belief") * self._floats("value_if_true")
        return np.asarray(np.where(self.full_funding > 0, worth, 0.0))

    @cached_property
    def full_funding(self) -> Floats:
        """F, currency per month."""
        return self._floats("full_funding")

    @cached_property
    def withdrawal_limit(self) -> Floats:
        """Liquidity, w_j ≤ λ_j·c_j: the most that can be withdrawn now, currency per month."""
        return self._floats("withdrawable") * self.working

    @cached_property
    def maximum(self) -> Floats:
        """The most a bet may hold: its maximum, never below c_j; c_j where it may not grow."""
        own = [np.inf if bet.maximum is None else bet.maximum for bet in self.bets]
        return np.where(self._floats("may_grow") > 0, np.maximum(own, self.working), self.working)

    @cached_property
    def minimum_if_funded(self) -> Floats:
        """m: a bet holds nothing or at least this: its minimum, but never more than a c_j > 0."""
        minimum = self._floats("minimum")
        return np.where(self.working > 0, np.minimum(minimum, self.working), minimum)

    @cached_property
    def smallest_funding(self) -> Floats:
        """What counts as funded, where 'funded or not' matters: x_j > 0 needs a number.

        One millionth of the envelope, at least a cent; no more than c_j > 0 or the maximum.
        """
        smallest = max(CENT, SMALLEST_SHARE * self.snapshot.envelope)
        held = np.where(self.working > 0, self.working, np.inf)
        capped = np.minimum(np.full(self.size, smallest), np.minimum(held, self.maximum))
        least = np.where(capped > 0, capped, smallest)
        return np.asarray(np.maximum(self.minimum_if_funded, least))

    @cached_property
    def responses(self) -> tuple[Floats, Floats]:
        """g by its points: shares of full funding, and of value; shape (bets, points).

        A response of fewer points than the longest repeats its last.
        """
        places: dict[Response, int] = {}
        which = [places.setdefault(bet.response, len(places)) for bet in self.bets]
        longest = max((len(response.points) for response in places), default=1)
        table = np.zeros((max(len(places), 1), longest, 2))
        for response, place in places.items():
            table[place] = response.points[-1]
            table[place, : len(response.points)] = response.points
        points = table[np.array(which, dtype=np.int64)]
        return points[:, :, 0], points[:, :, 1]

    def earned_share(self, working: Floats, bet: Integers | slice = slice(None)) -> Floats:
        """g_j(x_j/F_j), the share of V_j that is earned; nothing where full funding is nothing.

        `working`: currency per month, one entry for each of `bet`.
        """
        shares, values = (points[bet] for points in self.responses)
        full = self.full_funding[bet]
        part = np.divide(working, full, out=np.zeros(len(full)), where=full > 0)
        earned = np.zeros(len(part))
        for left in range(shares.shape[1] - 1):
            width = shares[:, left + 1] - shares[:, left]
            rise = values[:, left + 1] - values[:, left]
            filled = np.clip(part - shares[:, left], 0.0, width)
            earned += rise * np.divide(filled, width, out=np.zeros(len(part)), where=width > 0)
        return earned

    @cached_property
    def useful_maximum(self) -> Floats:
        """Funding above which a bet earns nothing more; holding more serves a lower limit alone.

        The belief and the value do not enter: what they make of a bet changes no column.
        """
        last = self.responses[0][:, -1] * self.full_funding
        return np.asarray(np.maximum.reduce([last, self.working, self.smallest_funding]))

    @cached_property
    def team_shares(self) -> csr_matrix:
        """θ_jt, shape (teams, bets): the share of bet j's money that team t absorbs."""
        place = {team.id: row for row, team in enumerate(self.snapshot.teams)}
        entries = [
            (place[team], column, share)
            for column, bet in enumerate(self.bets)
            for team, share in bet.teams.items()
        ]
        rows, columns, shares = zip(*entries, strict=True) if entries else ((), (), ())
        return csr_matrix((shares, (rows, columns)), shape=(len(place), self.size), dtype=float)

    @cached_property
    def needs(self) -> tuple[Integers, Integers]:
        """Every need as two places: the bet that needs, and the one that it needs."""
        index = self.index
        pairs = [
            (place, index[needed])
            for place, bet in enumerate(self.bets)
            if bet.needs
            for needed in sorted(bet.needs)
        ]
        found = np.array(pairs, dtype=np.int64).reshape(len(pairs), 2)
        return found[:, 0], found[:, 1]

    @cached_property
    def held_today(self) -> Floats:
        """c_j + u_j, currency per month."""
        return self.working + self.entangled

    @cached_property
    def _attributes(self) -> dict[str, tuple[dict[str, int], Integers]]:
        """For each attribute that a scope names: its values, numbered, and every bet's number."""
        names = {name for rail in self.snapshot.guardrails for name in rail.scope}
        found = {}
        for name in sorted(names):
            numbers: dict[str, int] = {}
            given = (bet.attributes.get(name) for bet in self.bets)
            of_bets = [
                NO_VALUE if value is None else numbers.setdefault(value, len(numbers))
                for value in given
            ]
            found[name] = (numbers, np.array(of_bets, dtype=np.int64))
        return found

    def covered_by(self, guardrail: Guardrail) -> Booleans:
        """Which bets a guardrail's scope covers: each attribute has one of its values."""
        covered = np.ones(self.size, dtype=np.bool_)
        for name, values in guardrail.scope.items():
            numbers, of_bets = self._attributes[name]
            wanted = [numbers[value] for value in values if value in numbers]
            covered &= np.isin(of_bets, wanted)
        return covered


class Funding(ABC):
    """What bets hold: an entry for each, or several for one bet, such as what it could hold.

    Everything that a formula says of a bet's funding is said here, once, in currency per month.
    """

    book: Book
    working: Floats
    """x."""
    entangled: Floats
    """u + (1−ρ)·w."""

    @property
    @abstractmethod
    def bet(self) -> Integers | slice:
        """Which bet each entry is of."""

    @property
    @abstractmethod
    def changed(self) -> Booleans:
        """Which entries count as a change of funding."""

    def own(self, of_bets: Floats) -> Floats:
        """What an array of the book says for each entry's bet."""
        return of_bets[self.bet]

    @property
    def added(self) -> Floats:
        """a_j = max(x_j − c_j, 0)."""
        return np.maximum(self.working - self.own(self.book.working), 0.0)

    @property
    def withdrawn(self) -> Floats:
        """w_j = max(c_j − x_j, 0)."""
        return np.maximum(self.own(self.book.working) - self.working, 0.0)

    @property
    def newly_entangled(self) -> Floats:
        """(1−ρ_j)·w_j: what is withdrawn and not freed."""
        return self.entangled - self.own(self.book.entangled)

    @property
    def freed(self) -> Floats:
        """ρ_j·w_j: what is withdrawn and can be used elsewhere."""
        return self.withdrawn - self.newly_entangled

    @property
    def held(self) -> Floats:
        """x_j + u_j + (1−ρ_j)·w_j: the envelope's money that the bet takes."""
        return self.working + self.entangled

    @property
    def funded(self) -> Floats:
        """f_j: 1 where x_j > 0, and 0 where the bet has no working funding."""
        return (self.working > 0).astype(np.float64)

    @property
    def kept(self) -> Floats:
        """min(x_j, c_j) = c_j − w_j: what of today's working funding goes on working."""
        return np.minimum(self.working, self.own(self.book.working))

    @property
    def grown(self) -> Floats:
        """1 where x_j > c_j."""
        return (self.working > self.own(self.book.working)).astype(np.float64)


@dataclass(frozen=True)
class Allocation(Funding):
    """New working and entangled funding for each bet, currency per month.

    What is withdrawn and added follows from `working`: never both for one bet.
    """

    book: Book
    working: Floats
    entangled: Floats

    @classmethod
    def today(cls, book: Book) -> Allocation:
        """x = c: nothing moves."""
        return cls(book, book.working.copy(), book.entangled.copy())

    @classmethod
    def holding(cls, book: Book, working: Floats) -> Allocation:
        """The allocation with x = `working`, unrounded: u_j + (1−ρ_j)·w_j is entangled."""
        withdrawn = np.maximum(book.working - working, 0.0)
        return cls(book, working, book.entangled + (1.0 - book.reclaimable) * withdrawn)

    @property
    def bet(self) -> slice:
        """Every bet once, in order."""
        return slice(None)

    @property
    def changed(self) -> Booleans:
        """Which bets' funding changes."""
        return np.asarray(self.working != self.book.working)
