"""A portfolio with a bet to be ended, for the tests of ending it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from allocation import ledger
from allocation.models import Proposal, RecomputeRequest
from allocation.still_so import Shown
from bets.models import Bet, Dependency, Portfolio, Team
from spm.accounts.models import Role, User
from tests.factories import (
    make_hypothesis,
    make_member,
    make_portfolio,
    make_scaling_bet,
    make_team,
    make_theme,
)


@dataclass
class World:
    """A bet of 40,000 a month that is to end, in a portfolio of 100,000, and who acts on it."""

    portfolio: Portfolio
    lead: User
    finance: User
    bet: Bet
    team: Team

    def dependent(self, title: str, working: int = 10_000, needs: Bet | None = None) -> Bet:
        """A bet that needs the one to be ended, or another, and holds money."""
        bet = make_scaling_bet(self.portfolio, title=title, theme=make_theme(self.portfolio))
        Dependency.objects.create(bet=bet, needs=needs or self.bet)
        self.fund(bet, working)
        return bet

    def successor(self, **fields: Any) -> Bet:
        """A successor in Scaling, with a hypothesis of its own."""
        terms = {"title": "Second try", "predecessor": self.bet, **fields}
        bet = make_scaling_bet(self.portfolio, **terms)
        make_hypothesis(bet, statement="Merchants pay for it up front")
        return bet

    def fund(self, bet: Bet, working: int) -> None:
        """Give a bet money from the reserve."""
        if working:
            ledger.open_positions(self.portfolio.pk, {bet.pk: (Decimal(working), Decimal(0))})
        self.computed()

    def computed(self) -> None:
        """Nothing is owed: what has changed has been seen by the engine."""
        RecomputeRequest.objects.filter(portfolio=self.portfolio).delete()


def make_world(**fields: Any) -> World:
    """75 % of what leaves is freed, after two months' notice, at an exit cost of 1.5."""
    portfolio = make_portfolio()
    team = make_team(portfolio, name="Payments")
    lead = make_member(portfolio, Role.LEAD, name="Anna Lead")
    finance = make_member(portfolio, Role.FINANCE, name="Carl Finance")
    terms = {
        "title": "Merchant credit line",
        "belief": 0.05,
        "thesis_status": "broken",
        "reclaimable_share": 0.75,
        "notice_months": 2.0,
        "exit_cost": 1.5,
        "theme": make_theme(portfolio, name="Lending"),
        "owner": lead,
        **fields,
    }
    bet = make_scaling_bet(portfolio, teams={team: 0.5}, **terms)
    make_hypothesis(bet, statement="Merchants borrow again")
    make_member(portfolio, Role.CONTRIBUTOR, (team,), name="Tess Team")
    ledger.set_envelope(portfolio.pk, Decimal(100_000))
    world = World(portfolio, lead, finance, bet, team)
    world.fund(bet, 40_000)
    return world


def as_shown(proposal: Proposal) -> Shown:
    """What somebody sees who opens the proposal now."""
    proposal.refresh_from_db()
    return Shown(proposal.version, proposal.content_sha256)
