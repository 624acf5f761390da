"""What a scenario is made from: the portfolio as it is now, with the names of what is in it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from allocation.assumptions import in_order
from allocation.models import Guardrail, Scenario
from allocation.snapshot import snapshot_of
from bets.models import Bet, Portfolio, Team, Theme, ValueStream
from evidence.models import Evidence

Names = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Origin:
    """A snapshot with its moment, the newest evidence that it has seen, and its names."""

    snapshot: dict[str, Any]
    names: Names
    taken_at: datetime
    newest_evidence: Evidence | None


def today(portfolio: Portfolio) -> Origin:
    """The portfolio as it is now; a fixed number of queries."""
    newest = Evidence.objects.filter(portfolio=portfolio).order_by("-id").first()
    return Origin(in_order(snapshot_of(portfolio)), names_of(portfolio), timezone.now(), newest)


def origin_of(scenario: Scenario) -> Origin:
    """What an existing scenario was made from."""
    return Origin(scenario.snapshot, scenario.names, scenario.taken_at, scenario.newest_evidence)


def names_of(portfolio: Portfolio) -> Names:
    """What the bets, teams, guardrails, themes and streams are called, by kind and id."""
    found = {
        "bet": Bet.objects.filter(portfolio=portfolio).values_list("id", "title"),
        "team": Team.objects.filter(portfolio=portfolio).values_list("id", "name"),
        "guardrail": Guardrail.objects.filter(portfolio=portfolio).values_list("id", "name"),
        "theme": Theme.objects.filter(portfolio=portfolio).values_list("id", "name"),
        "stream": ValueStream.objects.filter(portfolio=portfolio).values_list("id", "name"),
    }
    return {kind: {str(pk): name for pk, name in rows} for kind, rows in found.items()}
