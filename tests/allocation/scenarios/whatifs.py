"""A portfolio with a scenario, for the tests of scenarios."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from allocation import ledger
from allocation.models import Guardrail, Scenario
from allocation.scenarios import edit, solving
from bets.models import Bet, Portfolio, Team
from spm.accounts.models import Role, User
from tests.factories import make_member, make_portfolio, make_scaling_bet, make_team


@dataclass
class World:
    """Two bets that hold money, a team, a guardrail, and a scenario of the lead's."""

    portfolio: Portfolio
    lead: User
    sick: Bet
    well: Bet
    team: Team
    guardrail: Guardrail
    scenario: Scenario

    def change(self, kind: str, target: Any, to: Any) -> Scenario:
        """Change one value, as its author."""
        return edit.change(self.lead, self.scenario.pk, kind, str(target), to)

    @property
    def working(self) -> dict[str, float]:
        """What bets would hold in the answer, by title; currency per month."""
        positions = (self.scenario.solution or {})["positions"]
        return {str(bet): positions[str(bet.pk)]["working"] for bet in (self.sick, self.well)}

    def solved(self) -> Scenario:
        """The scenario with its answer, worked out here and now."""
        solving.run_owed(self.scenario.pk)
        self.scenario.refresh_from_db()
        return self.scenario


def make_world(**fields: Any) -> World:
    """Money should leave a bet of little belief for a promising one."""
    portfolio = make_portfolio()
    team = make_team(portfolio, name="Web")
    sick = make_scaling_bet(portfolio, title="Sick", **{"belief": 0.05, **fields})
    well = make_scaling_bet(portfolio, title="Well", belief=0.9, teams={team: 0.5})
    ledger.set_envelope(portfolio.pk, Decimal(70_000))
    positions = {sick.pk: (Decimal(40_000), Decimal(0)), well.pk: (Decimal(20_000), Decimal(0))}
    ledger.open_positions(portfolio.pk, positions)
    guardrail = Guardrail.objects.create(
        portfolio=portfolio, name="One bet", kind="bet_share", maximum=Decimal("0.9")
    )
    lead = make_member(portfolio, Role.LEAD, name="Anna Lead")
    scenario = edit.create(lead, portfolio, "What if")
    return World(portfolio, lead, sick, well, team, guardrail, scenario)
