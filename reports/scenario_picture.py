"""Scenarios as value against turnover."""

from collections.abc import Sequence

from django.urls import reverse

from allocation.models import Scenario
from reports.figures.value_against_turnover import (
    NARROW,
    Outcome,
    ValueAgainstTurnover,
    value_against_turnover,
)


def pictures_of(
    scenarios: Sequence[Scenario],
) -> tuple[ValueAgainstTurnover, ValueAgainstTurnover]:
    """The scenarios that have an answer, each with its own line, wide and narrow for a phone."""
    answered = [each for each in scenarios if each.solution is not None]
    outcomes = [
        Outcome(
            scenario.name,
            scenario.turnover or 0.0,
            scenario.gain or 0.0,
            reverse("allocation:scenario", args=[scenario.pk]),
        )
        for scenario in answered
    ]
    frontiers = [_frontier(scenario) for scenario in answered]
    drawn = [line for line in frontiers if line]
    currency = scenarios[0].portfolio.currency if scenarios else ""
    return (
        value_against_turnover(outcomes, drawn, currency),
        value_against_turnover(outcomes, drawn, currency, width=NARROW),
    )


def _frontier(scenario: Scenario) -> list[tuple[float, float]]:
    """The most that can be gained for so much moved, up to what the best moves itself."""
    points = {
        (point["turnover"], point["gain"])
        for point in (scenario.solution or {}).get("frontier", [])
    }
    return sorted(points)
