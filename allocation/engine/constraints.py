"""The constraints of every portfolio, one class each. Guardrails are in guardrails.py.

Two constraints need no row, since they bound one decision each: liquidity (w_j ≤ λ_j·c_j,
`Book.withdrawal_limit`), and the maximum with no growth (`decision.growth_limit`).
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from allocation.engine.book import Book, Booleans, Floats
from allocation.engine.decision import NONE, Decision
from allocation.engine.lending import Lending, team_shares
from allocation.engine.program import Program


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
        terms, held = decision.held(np.ones(decision.book.size))
        program.limit(self.name, *terms, upper=snapshot.envelope - snapshot.reserve_floor - held)


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
        snapshot = decision.book.snapshot
        if not snapshot.teams:
            return
        shares = team_shares(decision.book)
        today = Lending.least(snapshot, shares @ decision.book.held_today)
        pairs = today.pairs
        flows = program.columns(len(pairs.lender), upper=np.inf, today=today.amount)
        breach = self._breach_columns(program, decision, shares, today)
        for place, team in enumerate(snapshot.teams):
            terms, held = decision.held(shares[place])
            lent = [(flows, pairs.weight_on(place))]
            excess = [(breach[place : place + 1], np.array([-1.0]))] if len(breach) else []
            program.limit(self.name_of(team.id), *terms, *lent, *excess, upper=team.capacity - held)

    @staticmethod
    def _breach_columns(
        program: Program, decision: Decision, shares: Floats, today: Lending
    ) -> np.ndarray:
        """b_t ≤ b°_t, where b° is any split of today's least overload; none if there is none."""
        total = today.total_overload
        if total == 0.0:
            return np.zeros(0, dtype=np.int64)
        teams = decision.book.snapshot.teams
        pairs = today.pairs
        least = program.columns(len(teams), upper=total, today=today.overload)
        flows = program.columns(len(pairs.lender), upper=np.inf, today=today.amount)
        loads = shares @ decision.book.held_today
        for place, team in enumerate(teams):
            program.row(
                (flows, pairs.weight_on(place)),
                (least[place : place + 1], np.array([-1.0])),
                upper=team.capacity - loads[place],
            )
        program.row((least, np.ones(len(teams))), upper=total)
        breach = program.breach_columns(len(teams), upper=total, today=today.overload)
        program.rows((breach, 1.0), (least, -1.0), upper=0.0)
        return breach


class Minimum:
    """x_j = 0 or x_j ≥ m_j, and what 'funded' means: f_j = 0 exactly where x_j = 0.

    m_j·f_j ≤ x_j ≤ X_j·f_j with m_j the minimum (never above a c_j > 0), or the smallest amount
    that counts as funding.
    """

    def enter(self, program: Program, decision: Decision) -> None:
        some = np.flatnonzero(decision.funded != NONE)
        book, flags = decision.book, decision.funded[some]
        moved = ((decision.added[some], 1.0), (decision.withdrawn[some], -1.0))
        today = book.working[some]
        program.rows(*moved, (flags, -book.smallest_funding[some]), lower=-today, choice=True)
        program.rows(*moved, (flags, -decision.most[some]), upper=-today, choice=True)
        pieces = decision.pieces
        flags = decision.funded[pieces.bet]
        some = np.flatnonzero((flags != NONE) & (flags != decision.changed[pieces.bet]))
        most = np.minimum(pieces.width, decision.most[pieces.bet])[some]
        program.rows((decision.piece[some], 1.0), (flags[some], -most), upper=0.0, choice=True)


class Changed:
    """a_j ≤ A_j·z_j and w_j ≤ λ_j·c_j·z_j: funding changes only where switching is paid for.

    The same holds for each piece of the response: what it gains or loses against today, s̄_jk, is
    at most z_j of what it could. That follows for whole z_j, and keeps the LP from changing a bet
    on its steepest piece for a fraction of the switching cost.
    """

    def enter(self, program: Program, decision: Decision) -> None:
        some = np.flatnonzero(decision.changed != NONE)
        flags = decision.changed[some]
        for moved, most in (
            (decision.added, decision.growth_limit),
            (decision.withdrawn, decision.book.withdrawal_limit),
        ):
            program.rows((moved[some], 1.0), (flags, -most[some]), upper=0.0, choice=True)
        self._pieces(program, decision)

    @staticmethod
    def _pieces(program: Program, decision: Decision) -> None:
        pieces, book = decision.pieces, decision.book
        today = pieces.filled(book.working)
        flags = decision.changed[pieces.bet]
        up = np.minimum(pieces.width - today, decision.growth_limit[pieces.bet])
        down = np.minimum(today, book.withdrawal_limit[pieces.bet])
        for sign, most in ((1.0, up), (-1.0, down)):
            some = np.flatnonzero(flags != NONE)
            program.rows(
                (decision.piece[some], sign),
                (flags[some], -most[some]),
                upper=sign * today[some],
                choice=True,
            )


class Needs:
    """x_j > 0 only if x_k > 0 for each k that j needs: x_j ≤ X_j·f_k.

    Where today's c_j > 0 lacks its k, the breach is the funding that works without it.
    """

    @staticmethod
    def name_of(bet: str, needed: str) -> str:
        return f"bet {bet} needs {needed}"

    def enter(self, program: Program, decision: Decision) -> None:
        book = decision.book
        for place, bet in enumerate(book.bets):
            for needed in sorted(bet.needs):
                flag = decision.funded[book.index[needed]]
                program.limit(
                    self.name_of(bet.id, needed),
                    (decision.added[place : place + 1], 1.0),
                    (decision.withdrawn[place : place + 1], -1.0),
                    (np.array([flag]), np.array([-decision.most[place]])),
                    upper=-book.working[place],
                )


def asked_if_funded(book: Book) -> Booleans:
    """Bets of which a minimum or a need asks whether they are funded."""
    asked = book.minimum_if_funded > 0
    for bet in book.bets:
        for needed in bet.needs:
            asked[book.index[needed]] = True
    return asked
