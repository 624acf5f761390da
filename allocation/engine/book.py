"""The bets of a snapshot as arrays, one entry for each bet in id order, and allocations of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from allocation.engine.snapshot import Bet, Guardrail, Snapshot

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

SMALLEST_SHARE = 1e-6
CENT = 0.01


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

    def _floats(self, field: str) -> Floats:
        return np.array([getattr(bet, field) for bet in self.bets], dtype=np.float64)

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
        growing = np.array([bet.may_grow for bet in self.bets], dtype=np.bool_)
        return np.where(growing, np.maximum(own, self.working), self.working)

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
    def useful_maximum(self) -> Floats:
        """Funding above which a bet earns nothing more; holding more serves a lower limit alone."""
        last = np.array([bet.response.last_share for bet in self.bets]) * self.full_funding
        worth = np.where(self.expected_value > 0, last, 0.0)
        return np.asarray(np.maximum.reduce([worth, self.working, self.smallest_funding]))

    @cached_property
    def held_today(self) -> Floats:
        """c_j + u_j, currency per month."""
        return self.working + self.entangled

    @cached_property
    def _covered(self) -> dict[str, Booleans]:
        return {
            guardrail.id: np.array([guardrail.covers(bet) for bet in self.bets], dtype=np.bool_)
            for guardrail in self.snapshot.guardrails
        }

    def covered_by(self, guardrail: Guardrail) -> Booleans:
        """Which bets the scope of one of the snapshot's guardrails covers."""
        return self._covered[guardrail.id]


@dataclass(frozen=True)
class Allocation:
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
    def added(self) -> Floats:
        """a_j = max(x_j − c_j, 0)."""
        return np.maximum(self.working - self.book.working, 0.0)

    @property
    def withdrawn(self) -> Floats:
        """w_j = max(c_j − x_j, 0)."""
        return np.maximum(self.book.working - self.working, 0.0)

    @property
    def newly_entangled(self) -> Floats:
        """(1−ρ_j)·w_j: what is withdrawn and not freed."""
        return self.entangled - self.book.entangled

    @property
    def freed(self) -> Floats:
        """ρ_j·w_j: what is withdrawn and can be used elsewhere."""
        return self.withdrawn - self.newly_entangled

    @property
    def held(self) -> Floats:
        """x_j + u_j + (1−ρ_j)·w_j: the envelope's money that the bet takes."""
        return self.working + self.entangled

    @property
    def changed(self) -> Booleans:
        """Which bets' funding changes."""
        return np.asarray(self.working != self.book.working)
