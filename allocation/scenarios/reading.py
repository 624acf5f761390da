"""What pages and the API read of scenarios."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from allocation.models import Scenario
from bets.models import Portfolio

HEAVY = ("snapshot", "solution", "names")
SORTS = ("name", "changed_at", "gain", "turnover", "worth")


def listed(portfolio: Portfolio, *, archived: bool = False) -> QuerySet[Scenario]:
    """The portfolio's scenarios with what a list shows, newest first; one query."""
    return (
        Scenario.objects.filter(portfolio=portfolio, archived_at__isnull=not archived)
        .select_related("author", "portfolio", "parent", "proposal")
        .defer(*HEAVY, *_heavy_of("parent"), "proposal__snapshot", "proposal__solution")
        .order_by("-id")
    )


def opened_one(principal: Any, scenario_id: int) -> Scenario:
    """One scenario with all that its page shows; raises DoesNotExist if it cannot be seen."""
    rows = (
        Scenario.objects.visible_to(principal)
        .select_related("author", "portfolio", "parent", "proposal", "newest_evidence")
        .defer(*_heavy_of("parent"), "proposal__snapshot", "proposal__solution")
    )
    scenario: Scenario = rows.get(pk=scenario_id)
    return scenario


def opened_some(principal: Any, scenario_ids: Sequence[int]) -> list[Scenario]:
    """Scenarios of one portfolio in the order of their ids as given; what cannot be seen is left
    out, and so is what is in another portfolio than the first."""
    rows = Scenario.objects.visible_to(principal).select_related("author", "portfolio")
    found = {scenario.pk: scenario for scenario in rows.filter(pk__in=list(scenario_ids))}
    scenarios = [found[pk] for pk in dict.fromkeys(scenario_ids) if pk in found]
    return [each for each in scenarios if each.portfolio_id == scenarios[0].portfolio_id]


def ids_in(query: QueryDict) -> list[int]:
    """The scenarios that an address names as ``ids``, each once; what is no id is left out."""
    texts = query.getlist("ids")
    numbers = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 10]
    return list(dict.fromkeys(numbers))


def _heavy_of(relation: str) -> list[str]:
    return [f"{relation}__{name}" for name in (*HEAVY, "changes")]
