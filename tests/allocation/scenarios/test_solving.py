"""A scenario's solve is a debt on its row: answered once, by whoever comes, whatever is lost."""

from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.utils import timezone

from allocation.models import Scenario
from allocation.scenarios import edit, solving
from allocation.tasks import sweep_scenarios
from bets.models import Bet
from tests.allocation.scenarios.whatifs import World, make_world


def solve_now(world: World) -> Scenario:
    """What a worker does, and what it leaves."""
    return world.solved()


@pytest.mark.django_db
def test_the_answer_is_kept_with_its_figures() -> None:
    world = make_world()
    world.change("stop", world.sick.pk, True)
    scenario = solve_now(world)
    assert (scenario.state, scenario.owed_since, scenario.solving_since) == ("done", None, None)
    assert scenario.solution is not None
    assert world.working["Sick"] == 0.0
    assert scenario.turnover == 40_000.0
    assert scenario.gain == scenario.solution["do_nothing"]["gain"] > 0
    assert 0 <= scenario.solution["robustness"]["probability_better"] <= 1
    assert scenario.solution["frontier"]


@pytest.mark.django_db
def test_what_does_not_go_together_is_said_and_mended_by_the_next_change() -> None:
    world = make_world()
    row = {"kind": "count", "scope": {}, "min": 2, "max": None}
    Scenario.objects.filter(pk=world.scenario.pk).update(
        changes=[{"kind": "guardrail", "target": "new-1", "from": None, "to": {**row, "min": -2}}]
    )
    scenario = solve_now(world)
    assert (scenario.state, scenario.worth) == ("failed", None)
    assert "guardrail" in scenario.problem
    edit.undo_all(world.lead, scenario.pk)
    assert solve_now(world).state == "done"


@pytest.mark.django_db
def test_a_fault_of_the_portfolio_is_said_with_names_not_numbers() -> None:
    world = make_world()
    Bet.objects.filter(pk=world.sick.pk).update(response=[[0.4, 0.1], [0.8, 0.9]])
    edit.rebase(world.lead, world.scenario.pk)
    assert solve_now(world).problem.startswith(
        "These assumptions do not go together: Sick, response:"
    )


@pytest.mark.django_db
def test_an_engine_that_fails_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()

    def fail(snapshot: Any) -> None:
        raise RuntimeError("out of ideas")

    monkeypatch.setattr(solving, "solve", fail)
    scenario = solve_now(world)
    assert (scenario.state, scenario.problem) == ("failed", solving.OUR_FAULT)


@pytest.mark.django_db
def test_a_change_while_it_is_solved_is_solved_too(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    real, asked = solving.solve, []

    def solve_slowly(snapshot: Any) -> Any:
        asked.append(snapshot.envelope)
        if len(asked) == 1:
            world.change("envelope", "", 80_000)
        return real(snapshot)

    monkeypatch.setattr(solving, "solve", solve_slowly)
    scenario = solve_now(world)
    assert asked == [70_000.0, 80_000.0]
    assert scenario.solved_version == scenario.version
    assert scenario.solution is not None
    assert scenario.solution["envelope"]["limit"] == 80_000.0


def test_who_finds_it_being_solved_leaves_at_once(committed_db: None) -> None:
    world = make_world()
    runs: list[int] = []

    def come_second() -> None:
        runs.append(solving.run_owed(world.scenario.pk))
        connections.close_all()

    with connection.cursor() as cursor:
        lock = [solving.LOCK_SPACE, world.scenario.pk]
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", lock)
        second = Thread(target=come_second)
        second.start()
        second.join()
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", lock)
    assert runs == [0]


def test_what_has_waited_is_swept_up_whatever_became_of_the_message(committed_db: None) -> None:
    world = make_world()
    # As after a worker that died in the middle, and a Valkey that has forgotten everything.
    long_ago = timezone.now() - timedelta(minutes=5)
    owed = Scenario.objects.filter(pk=world.scenario.pk)
    owed.update(owed_since=long_ago, solving_since=long_ago)
    cache.clear()
    sweep_scenarios()
    world.scenario.refresh_from_db()
    assert world.scenario.state == "done"
