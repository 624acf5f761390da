"""Scenarios beside today: figures, differences, order, and what a spreadsheet gets of them."""

import pytest

from allocation.models import Scenario
from allocation.scenarios import edit, made_from
from allocation.scenarios.comparison import Comparison, Line, as_rows, compare, sorted_by
from allocation.snapshot import snapshot_of
from tests.allocation.assumptions.test_assumptions import NEW_BET
from tests.allocation.scenarios.whatifs import World, make_world

pytestmark = pytest.mark.django_db


def side_by_side(world: World, *scenarios: Scenario) -> Comparison:
    """The comparison as the page has it."""
    today = snapshot_of(world.portfolio)
    return compare(list(scenarios), today, made_from.names_of(world.portfolio))


def line(lines: list[Line], label: str) -> Line:
    """The row with this label."""
    return next(each for each in lines if each.label == label)


def two_scenarios() -> tuple[World, Scenario, Scenario]:
    """One that stops a bet, and one that adds one."""
    world = make_world()
    world.change("stop", world.sick.pk, True)
    first = world.solved()
    added = {**NEW_BET, "teams": {}, "value": {"p10": 9e6, "p50": 9e6, "p90": 9e6}}
    second = edit.create(world.lead, world.portfolio, "With trains")
    world.scenario = edit.change(world.lead, second.pk, "bet", "new-1", added)
    return world, first, world.solved()


def test_each_figure_stands_beside_todays_with_its_difference() -> None:
    world, first, second = two_scenarios()
    found = side_by_side(world, first, second)
    sick = line(found.bets, "Sick")
    assert [figure.amount for figure in sick.figures][:2] == [40_000.0, 0.0]
    assert [figure.difference for figure in sick.figures][:2] == [None, -40_000.0]
    worth = line(found.totals, "Worth")
    assert worth.figures[1].amount == first.worth
    assert line(found.totals, "Money moved").figures[0].amount == 0.0
    assert line(found.guardrails, "One bet").figures[0].text == "at most 90%"
    assert line(found.teams, "Web").figures[0].amount == 10_000.0


def test_what_one_scenario_has_added_is_in_its_column_alone() -> None:
    world, first, second = two_scenarios()
    trains = line(side_by_side(world, first, second).bets, "Night trains")
    assert [figure.amount for figure in trains.figures][:2] == [0.0, 0.0]
    assert trains.figures[2].amount > 0
    third = edit.create(world.lead, world.portfolio, parent_id=second.pk)
    buses = {**third.changes[0]["to"], "title": "Buses"}
    edit.change(world.lead, third.pk, "bet", "new-1", buses)
    world.scenario = third
    found = {each.label: each for each in side_by_side(world, second, world.solved()).bets}
    assert [bool(figure.amount) for figure in found["Buses"].figures] == [False, False, True]
    assert [bool(figure.amount) for figure in found["Night trains"].figures] == [False, True, False]


def test_rows_are_sorted_by_name_by_today_and_by_difference() -> None:
    world, first, second = two_scenarios()
    bets = side_by_side(world, first, second).bets
    ids = [first.pk, second.pk]
    by_name = [each.label for each in sorted_by(bets, "name", ids)]
    assert by_name == sorted(by_name, key=str.lower)
    assert sorted_by(bets, "-today", ids)[0].label == "Sick"
    assert sorted_by(bets, str(first.pk), ids)[0].label == "Sick"
    assert sorted_by(bets, "no such column", ids) == bets


def test_a_spreadsheet_gets_every_figure_and_difference() -> None:
    world, first, second = two_scenarios()
    rows = list(as_rows(side_by_side(world, first, second)))
    assert rows[0] == [
        "what",
        "unit",
        "today",
        "What if",
        "What if − today",
        "With trains",
        "With trains − today",
    ]
    sick = next(row for row in rows if row[0] == "Sick")
    assert sick[1:5] == ["currency per month", 40_000.0, 0.0, -40_000.0]


def test_an_unsolved_scenario_stands_there_empty() -> None:
    world = make_world()
    found = side_by_side(world, world.scenario)
    assert [figure.amount for figure in line(found.totals, "Worth").figures][1] is None
