"""Scenarios are made, changed, undone, carried over and put away: by their author alone."""

from typing import Any

import pytest

from allocation.models import Scenario
from allocation.scenarios import edit
from allocation.scenarios.opened import Opened
from bets.models import Bet
from spm.accounts.models import Role
from spm.accounts.permissions import NotAllowed
from spm.errors import Invalid
from tests.allocation.scenarios.whatifs import make_world
from tests.factories import make_member, make_portfolio

pytestmark = pytest.mark.django_db


def in_words(scenario: Scenario) -> list[str]:
    """The changes as people read them."""
    return [text for _, text in Opened(scenario).in_words()]


def test_a_scenario_starts_from_today_and_remembers_it() -> None:
    world = make_world()
    Bet.objects.filter(pk=world.sick.pk).update(belief=0.5)
    scenario = Scenario.objects.get(pk=world.scenario.pk)
    assert scenario.snapshot["envelope"] == 70_000.0
    assert [bet["belief"] for bet in scenario.snapshot["bets"]] == [0.05, 0.9]
    assert scenario.names["bet"] == {str(world.sick.pk): "Sick", str(world.well.pk): "Well"}
    assert (scenario.changes, scenario.state) == ([], "queued")


def test_changes_are_listed_in_words() -> None:
    world = make_world()
    row: dict[str, Any] = {"kind": "bet_share", "scope": {}, "min": None, "max": 0.5}
    world.change("belief", world.sick.pk, 0.4)
    world.change("value", world.well.pk, {"p10": 1e6, "p50": 3e6, "p90": 4e6})
    world.change("maximum", world.well.pk, None)
    world.change("stop", world.sick.pk, True)
    world.change("guardrail", world.guardrail.pk, row)
    world.change("capacity", world.team.pk, 120_000)
    world.change("horizon", "", 12)
    assert in_words(world.change("envelope", "", 60_000)) == [
        "Belief in Sick 5% → 40%",
        "Value of Well €2M → €3M",
        "Most for Well €60k/mo → none",
        "Sick stopped",
        "Guardrail One bet at most 90% → at most 50%",
        "Capacity of Web €100k/mo → €120k/mo",
        "Horizon 24 → 12 months",
        "Envelope €70k/mo → €60k/mo",
    ]


def test_a_change_is_undone_by_itself_and_all_of_them_together() -> None:
    world = make_world()
    world.change("belief", world.sick.pk, 0.4)
    world.change("stop", world.well.pk, True)
    left = edit.undo(world.lead, world.scenario.pk, "belief", str(world.sick.pk))
    assert in_words(left) == ["Well stopped"]
    assert edit.undo_all(world.lead, world.scenario.pk).changes == []


def test_the_same_value_again_changes_nothing_and_owes_nothing() -> None:
    world = make_world()
    world.change("belief", world.sick.pk, 0.4)
    solved = world.solved()
    again = world.change("belief", world.sick.pk, 0.4)
    assert (again.version, again.state) == (solved.version, "done")


@pytest.mark.parametrize(
    ("kind", "to", "field"),
    [("belief", 1.2, "to"), ("belief", None, "to"), ("colour", 1, "kind"), ("value", 7, "to")],
)
def test_what_cannot_be_taken_names_its_field_and_changes_nothing(
    kind: str, to: Any, field: str
) -> None:
    world = make_world()
    with pytest.raises(Invalid) as refusal:
        world.change(kind, world.sick.pk, to)
    assert list(refusal.value.fields) == [field]
    world.scenario.refresh_from_db()
    assert world.scenario.changes == []


def test_a_copy_starts_from_the_same_day_with_the_same_changes() -> None:
    world = make_world()
    world.change("belief", world.sick.pk, 0.4)
    colleague = make_member(world.portfolio, Role.FINANCE)
    copy = edit.create(colleague, world.portfolio, parent_id=world.scenario.pk)
    assert (copy.name, copy.author, copy.parent) == ("What if, copy", colleague, world.scenario)
    assert in_words(copy) == ["Belief in Sick 5% → 40%"]
    edit.change(colleague, copy.pk, "belief", str(world.sick.pk), 0.05)
    world.scenario.refresh_from_db()
    assert in_words(world.scenario) == ["Belief in Sick 5% → 40%"]


def test_only_the_author_changes_a_scenario() -> None:
    world = make_world()
    colleague = make_member(world.portfolio, Role.FINANCE)
    with pytest.raises(NotAllowed, match="Duplicate it"):
        edit.change(colleague, world.scenario.pk, "envelope", "", 1_000_000)
    with pytest.raises(NotAllowed):
        edit.describe(colleague, world.scenario.pk, archived=True)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR, Role.ADMIN])
def test_who_may_not_propose_makes_no_scenarios(role: str) -> None:
    world = make_world()
    with pytest.raises(NotAllowed, match="Portfolio lead"):
        edit.create(make_member(world.portfolio, role), world.portfolio)


def test_what_is_elsewhere_is_not_there() -> None:
    world = make_world()
    stranger = make_member(make_portfolio(), Role.LEAD)
    with pytest.raises(Scenario.DoesNotExist):
        edit.change(stranger, world.scenario.pk, "envelope", "", 1)
    with pytest.raises(Invalid, match="no such scenario"):
        edit.create(world.lead, world.portfolio, parent_id=make_world().scenario.pk)


def test_rebasing_on_today_keeps_the_changes() -> None:
    world = make_world()
    world.change("belief", world.sick.pk, 0.4)
    world.change("belief", world.well.pk, 0.8)
    Bet.objects.filter(pk=world.sick.pk).update(belief=0.1)
    Bet.objects.filter(pk=world.well.pk).update(belief=0.8)
    scenario, left_out = edit.rebase(world.lead, world.scenario.pk)
    assert in_words(scenario) == ["Belief in Sick 10% → 40%"]
    assert [change.target for change in left_out] == [str(world.well.pk)]
    assert scenario.taken_at > world.scenario.taken_at


def test_a_scenario_is_renamed_noted_put_away_and_brought_back() -> None:
    world = make_world()
    described = edit.describe(world.lead, world.scenario.pk, name="Other", note="For the board")
    assert (described.name, described.note) == ("Other", "For the board")
    assert edit.describe(world.lead, world.scenario.pk, archived=True).archived_at is not None
    assert edit.describe(world.lead, world.scenario.pk, archived=False).archived_at is None
    with pytest.raises(Invalid, match="name"):
        edit.describe(world.lead, world.scenario.pk, name=" ")
