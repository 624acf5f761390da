"""Scenarios through the API: made, changed, solved, compared and proposed by programs."""

from typing import Any

import pytest

from allocation.models import Proposal, Scenario
from bets.models import Bet
from tests.allocation.scenarios.whatifs import World, make_world
from tests.api_client import ApiClient, assert_problem, client_for, client_of

pytestmark = pytest.mark.django_db


def program(world: World) -> ApiClient:
    """A program with the lead's key."""
    return client_of(world.lead, world.portfolio)


def made(world: World, **body: Any) -> Any:
    """A new scenario of that program."""
    answer = program(world).post("/scenarios", body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_scenario_is_made_changed_and_read_with_its_answer() -> None:
    world = make_world()
    scenario = made(world, name="A tenth less", note="For the board")
    address = f"/scenarios/{scenario['id']}"
    assert (scenario["state"], scenario["author"]) == ("queued", world.lead.pk)
    said = {"kind": "stop", "target": str(world.sick.pk), "to": True}
    changed = program(world).post(f"{address}/changes", said).json()
    assert changed["changes"] == [
        {
            "kind": "stop",
            "target": str(world.sick.pk),
            "from": False,
            "to": True,
            "words": "Sick stopped",
        }
    ]
    world.scenario = Scenario.objects.get(pk=scenario["id"])
    world.solved()
    shown = program(world).get(address).json()
    assert (shown["state"], shown["solved_version"]) == ("done", shown["version"])
    assert shown["solution"]["positions"][str(world.sick.pk)]["working"] == 0.0
    assert shown["turnover"] == 40_000.0
    left = program(world).post(f"{address}/undo", {"kind": "stop", "target": str(world.sick.pk)})
    assert left.json()["changes"] == []


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"kind": "belief", "target": "999999", "to": 0.5}, "target"),
        ({"kind": "belief", "target": "SICK", "to": 5}, "to"),
        ({"kind": "value", "target": "SICK", "to": {"p10": 1, "p50": "2", "p90": 3}}, "to.p50"),
        ({"kind": "colour", "target": "", "to": 1}, "kind"),
        ({"kind": "envelope", "to": 1, "extra": 1}, "extra"),
    ],
)
def test_a_change_that_cannot_be_taken_names_its_field(said: dict[str, Any], field: str) -> None:
    world = make_world()
    if said.get("target") == "SICK":
        said = {**said, "target": str(world.sick.pk)}
    answer = program(world).post(f"/scenarios/{world.scenario.pk}/changes", said)
    assert [each["field"] for each in assert_problem(answer, 400, "invalid")["errors"]] == [field]


def test_the_same_request_twice_makes_one_scenario() -> None:
    world = make_world()
    client = program(world)
    first = client.post("/scenarios", {"name": "Once"}, Idempotency_Key="a")
    again = client.post("/scenarios", {"name": "Once"}, Idempotency_Key="a")
    assert again.json() == first.json()
    assert Scenario.objects.filter(name="Once").count() == 1


def test_what_has_moved_on_is_told_and_rebased() -> None:
    world = make_world()
    address = f"/scenarios/{world.scenario.pk}"
    Bet.objects.filter(pk=world.well.pk).update(belief=0.5)
    shown = program(world).get(address).json()
    assert shown["since"] == ["Belief in Well 90% → 50%"]
    late = program(world).post(f"{address}/rebase", {"version": shown["version"] + 1})
    assert_problem(late, 409, "conflict")
    assert program(world).post(f"{address}/rebase").json()["since"] == []


def test_scenarios_are_compared_with_today() -> None:
    world = make_world()
    world.change("stop", world.sick.pk, True)
    world.solved()
    found = program(world).get(f"/scenarios/comparison?ids={world.scenario.pk}").json()
    sick = next(line for line in found["bets"] if line["label"] == "Sick")
    assert [figure["difference"] for figure in sick["figures"]] == [None, -40_000.0]
    for ids in ("", "x", "1,2,3,4,5", "²"):
        assert program(world).get(f"/scenarios/comparison?ids={ids}").status_code == 400
    assert_problem(program(world).get("/scenarios/comparison?ids=999999"), 404, "not-found")


def test_a_proposal_is_drawn_up_or_what_stands_in_the_way_is_named() -> None:
    world = make_world()
    world.change("belief", world.sick.pk, 0.95)
    world.solved()
    address = f"/scenarios/{world.scenario.pk}/propose"
    problem = assert_problem(program(world).post(address), 409, "conflict")
    assert problem["changed"][0].startswith("It assumes what is not so: Belief in Sick 5% → 95%.")
    world.change("belief", world.sick.pk, 0.05)
    world.change("stop", world.sick.pk, True)
    world.solved()
    answer = program(world).post(address)
    assert answer.status_code == 201
    assert Proposal.objects.get(pk=answer.json()["id"]).drawn_up_by == world.lead


def test_a_key_without_the_scope_reads_and_proposes_nothing() -> None:
    world = make_world()
    reader = client_of(world.lead, world.portfolio, ["read"])
    assert reader.get(f"/scenarios/{world.scenario.pk}").status_code == 200
    refused = assert_problem(reader.post("/scenarios", {}), 403, "not-allowed")
    assert "lacks the scope 'propose'" in refused["detail"]


def test_the_list_leaves_out_what_was_put_away_unless_asked() -> None:
    world = make_world()
    address = f"/scenarios/{world.scenario.pk}"
    put_away = program(world).send("PATCH", address, {"archived": True})
    assert put_away.json()["archived_at"] is not None
    reader = client_for(world.portfolio, "viewer")
    assert reader.get("/scenarios").json()["results"] == []
    [listed] = reader.get("/scenarios?archived=true").json()["results"]
    assert listed["id"] == world.scenario.pk
