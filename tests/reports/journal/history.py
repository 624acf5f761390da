"""A small history of decisions, made of rows whose figures a hand can work out."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from allocation import ledger
from allocation.models import Decision, Proposal, ProposalChange, Transfer
from bets.models import Bet, Portfolio
from evidence.models import ThesisBreak
from spm.accounts.models import Role, User
from tests.factories import make_bet, make_member, make_portfolio

OPENED = date(2026, 1, 1)
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def noon(month: int, day: int) -> datetime:
    """Noon of a day of the year in which everything happens."""
    return datetime(2026, month, day, 12, tzinfo=UTC)


class Office:
    """A portfolio of 10,000 a month in which days pass, and people decide."""

    def __init__(self, **working: int) -> None:
        self.portfolio: Portfolio = make_portfolio()
        self.finance: User = make_member(self.portfolio, Role.FINANCE, name="Grace Hopper")
        self.bets: dict[str, Bet] = {
            title: make_bet(self.portfolio, title=title, stage="scaling", belief=0.5)
            for title in working
        }
        ledger.set_envelope(self.portfolio.pk, Decimal(10_000), on=OPENED)
        held = {self.bets[title].pk: (Decimal(rate), Decimal(0)) for title, rate in working.items()}
        ledger.open_positions(self.portfolio.pk, held, on=OPENED)

    def turned(self, title: str, kind: str, at: datetime) -> ThesisBreak:
        """The thesis of a bet breaks or revives."""
        return ThesisBreak.objects.create(
            portfolio=self.portfolio,
            bet=self.bets[title],
            kind=kind,
            at=at,
            known_at=at,
            belief=0.1,
        )

    def proposal(self, at: datetime, **fields: Any) -> Proposal:
        """A proposal without moves."""
        values = {
            "status": "approved",
            "closed_at": at,
            "content_sha256": "",
            "created_at": at,
            "checked_at": at,
            "horizon_months": 24,
            "snapshot": {},
            "solution": {},
            **fields,
        }
        objectives = ("current", "proposed", "bound")
        values |= {f"objective_{name}": 0.0 for name in objectives}
        number = self.portfolio.proposals.count() + 1
        return Proposal.objects.create(
            portfolio=self.portfolio,
            number=number,
            gain=0.0,
            gain_per_month_of_waiting=0.0,
            **values,
        )

    def change(
        self, proposal: Proposal, title: str, before: int, after: int, **fields: Any
    ) -> ProposalChange:
        """What a proposal says of a bet; what leaves it is wholly free at once if not said."""
        values = {"freed": max(before - after, 0), "belief": 0.1, **fields}
        return ProposalChange.objects.create(
            proposal=proposal,
            bet=self.bets[title],
            working_before=before,
            working_after=after,
            **values,
        )

    def decided(self, proposal: Proposal, kind: str, at: datetime, **fields: Any) -> Decision:
        """A decision by finance about it."""
        Proposal.objects.filter(pk=proposal.pk).update(status=kind, closed_at=at)
        approved = {"approved": True, "refused": False}.get(kind)
        proposal.changes.update(approved=approved)
        values = {"decided_by": self.finance, "authority": "Role: finance", **fields}
        return Decision.objects.create(
            portfolio=self.portfolio,
            proposal=proposal,
            kind=kind,
            decided_at=at,
            proposal_version=1,
            content_sha256="",
            **values,
        )

    def moved(
        self,
        decision: Decision | None,
        giver: str,
        taker: str,
        amount: int,
        booked: date,
        effective: date | None = None,
        kind: str = Transfer.Kind.MOVE,
    ) -> None:
        """Book one transfer; 'reserve', a bet, or 'stuck: ' and a bet for what is entangled."""
        entry = ledger.Entry(
            kind, self._place(giver), self._place(taker), Decimal(amount), effective or booked
        )
        ledger.book(self.portfolio.pk, [entry], on=booked, decision=decision)

    def _place(self, name: str) -> ledger.Place:
        if name == "reserve":
            return ledger.RESERVE
        if name.startswith("stuck: "):
            return ledger.entangled(self.bets[name.removeprefix("stuck: ")].pk)
        return ledger.working(self.bets[name].pk)

    def approve(
        self,
        at: datetime,
        changes: dict[str, tuple[int, int]],
        moves: list[tuple[str, str, int]],
        **fields: Any,
    ) -> Decision:
        """A proposal with these changes is approved and its moves are booked at once."""
        proposal = self.proposal(at)
        for title, (before, after) in changes.items():
            self.change(proposal, title, before, after)
        decision = self.decided(proposal, "approved", at, **fields)
        for giver, taker, amount in moves:
            self.moved(decision, giver, taker, amount, at.date())
        return decision
