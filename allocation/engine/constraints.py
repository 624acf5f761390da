"""The constraints of every portfolio, one class each. Guardrails are in guardrails.py.

Liquidity (w_j ≤ λ_j·c_j), minimum, maximum and no growth are not here: they say which points a bet
has (`decision.Points`), and so does what becomes entangled.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy.sparse import csr_matrix, diags_array

from allocation.engine.book import Book, Booleans, Floats, Integers
from allocation.engine.decision import Decision
from allocation.engine.lending import Lending
from allocation.engine.measure import FUNDED, GROWN, HELD, KEPT
from allocation.engine.program import COUNT, Program, Triplets


class Constraint(Protocol):
    """One kind of constraint."""

    def enter(self, program: Program, decision: Decision) -> None:
        """Add the constraint's rows, and columns of its own, to the program."""


class Envelope:
    """Σ [ x_j + u_j + (1−ρ_j)·w_j ] + reserve floor ≤ E, currency per month.

    Dual: expected value over the horizon of one more unit of rate in the envelope.
    """

    name = "envelope"

    def enter(self, program: Program, decision: Decision) -> None:
        snapshot = decision.book.snapshot
        everything = csr_matrix(np.ones((1, decision.book.size)))
        room = snapshot.envelope - snapshot.reserve_floor
        decision.limit(program, [self.name], HELD, everything, upper=room)


class Teams:
    """Σ_j θ_jt·(x_j + u_j + (1−ρ_j)·w_j) ≤ K_t − Σ_s y_ts + Σ_s φ_st·y_st, lending y ≥ 0.

    Dual: expected value of one more unit of capacity in team t.

    Where teams are overloaded today, what each is over is the least over all lending (in sum over
    the teams). Which team carries it may be a matter of who lends to whom, so today's lending is
    decided too: b_t ≤ b°_t for some split b° that is as small in sum as today's can be.
    """

    @staticmethod
    def name_of(team: str) -> str:
        return f"team {team}"

    def enter(self, program: Program, decision: Decision) -> None:
        book = decision.book
        teams = book.snapshot.teams
        if not teams:
            return
        today = Lending.least(book.snapshot, book.team_shares @ book.held_today)
        flows = program.columns(len(today.pairs.lender), upper=np.inf, today=today.amount)
        breach = self._breach_columns(program, book, today)
        excess = (np.arange(len(breach)), breach, -np.ones(len(breach)))
        decision.limit(
            program,
            [self.name_of(team.id) for team in teams],
            HELD,
            book.team_shares,
            upper=np.array([team.capacity for team in teams]),
            terms=(today.pairs.taken(flows), excess),
        )

    @staticmethod
    def _breach_columns(program: Program, book: Book, today: Lending) -> Integers:
        """b_t ≤ b°_t, where b° is any split of today's least overload; none if there is none."""
        total = today.total_overload
        if total == 0.0:
            return np.zeros(0, dtype=np.int64)
        teams, pairs = book.snapshot.teams, today.pairs
        every, one = np.arange(len(teams)), np.ones(len(teams))
        least = program.columns(len(teams), upper=total, today=today.overload)
        flows = program.columns(len(pairs.lender), upper=np.inf, today=today.amount)
        room = np.array([team.capacity for team in teams]) - book.team_shares @ book.held_today
        program.rows(pairs.taken(flows), (every, least, -one), upper=room)
        program.rows((np.zeros_like(every), least, one), upper=np.array([total]))
        breach = program.breach_columns(len(teams), upper=total, today=today.overload)
        program.rows((every, breach, one), (every, least, -one), upper=0.0 * one)
        return breach


class Needs:
    """x_j > 0 only if x_k > 0 for each k that j needs: f_j ≤ f_k.

    Where today's c_j > 0 lacks its k, the breach is the funding that works without it, and it may
    not grow without it: min(x_j, c_j) ≤ c_j·f_k + b, currency per month, and [x_j > c_j] ≤ f_k.
    """

    @staticmethod
    def name_of(bet: str, needed: str) -> str:
        return f"bet {bet} needs {needed}"

    def enter(self, program: Program, decision: Decision) -> None:
        book = decision.book
        bet, needed = book.needs
        broken = (book.working[bet] > 0) & (book.working[needed] <= 0)
        self._met(program, decision, bet[~broken], needed[~broken])
        self._broken(program, decision, bet[broken], needed[broken])

    def _names(self, book: Book, bets: Integers, needed: Integers) -> list[str]:
        return [
            self.name_of(book.bets[bet].id, book.bets[other].id)
            for bet, other in zip(bets, needed, strict=True)
        ]

    def _met(self, program: Program, decision: Decision, bet: Integers, needed: Integers) -> None:
        """f_j ≤ f_k."""
        names, weights = self._names(decision.book, bet, needed), _one_each(decision.book, bet)
        without = self._without(decision, needed, np.ones(len(bet)))
        today = FUNDED.of(decision.today)[needed]
        decision.limit(program, names, FUNDED, weights, upper=today, unit=COUNT, terms=(without,))

    def _broken(
        self, program: Program, decision: Decision, bet: Integers, needed: Integers
    ) -> None:
        """min(x_j, c_j) ≤ c_j·f_k + b, and [x_j > c_j] ≤ f_k."""
        names, weights = self._names(decision.book, bet, needed), _one_each(decision.book, bet)
        without = self._without(decision, needed, decision.book.working[bet])
        decision.limit(program, names, KEPT, weights, upper=0.0, terms=(without,))
        grown = (weights @ decision.more(GROWN)).tocoo()
        grows = (grown.row, decision.weight[grown.col], grown.data)
        without = self._without(decision, needed, np.ones(len(bet)))
        program.rows(grows, without, upper=np.zeros(len(bet)), unit=COUNT)

    @staticmethod
    def _without(decision: Decision, needed: Integers, most: Floats) -> Triplets:
        """−most·(f_k − f_k today), a row for each needed bet."""
        allowed = (diags_array(-most) @ decision.more(FUNDED)[needed]).tocoo()
        return allowed.row, decision.weight[allowed.col], allowed.data


def _one_each(book: Book, bets: Integers) -> csr_matrix:
    """A row for each of `bets` that counts it and no other."""
    count = len(bets)
    return csr_matrix((np.ones(count), bets, np.arange(count + 1)), shape=(count, book.size))


def asked_if_funded(book: Book) -> Booleans:
    """Bets of which a minimum or a need asks whether they are funded."""
    asked = book.minimum_if_funded > 0
    asked[book.needs[1]] = True
    return asked
