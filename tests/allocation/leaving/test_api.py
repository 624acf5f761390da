"""Ending a bet through the API: the same rules, once for each key."""

import pytest

from allocation.models import Proposal
from tests.allocation.leaving.ends import make_world
from tests.api_client import ApiClient, assert_problem

pytestmark = pytest.mark.django_db


def test_what_it_would_mean_is_shown_and_can_be_named_when_it_is_proposed() -> None:
    world = make_world()
    client, path = ApiClient(person=world.lead), f"/bets/{world.bet.pk}"
    seen = client.get(f"{path}/if-stopped").json()
    assert (seen["totals"]["freed"], seen["obstacles"]) == ("30000.00", [])
    named = {"reason": "Nobody borrows.", "content_sha256": seen["content_sha256"]}
    response = client.post(f"{path}/stop", named)
    assert response.status_code == 201
    made = response.json()
    assert (made["purpose"], made["about"], made["successor"]) == ("stop", world.bet.pk, None)
    shown = client.get(f"/proposals/{made['id']}").json()
    assert shown["consequences"]["bets"][0]["exit_cost"] == "60000.00"
    assert shown["changes"][0]["leaves_to"] == "stopped"
    assert_problem(
        client.post(f"{path}/stop", {**named, "content_sha256": "0" * 64}), 409, "conflict"
    )


def test_the_same_stop_sent_twice_is_one_proposal() -> None:
    world = make_world()
    client, body = ApiClient(person=world.lead), {"reason": "Nobody borrows."}
    first, second = (
        client.post(f"/bets/{world.bet.pk}/stop", body, Idempotency_Key="stop-1") for _ in range(2)
    )
    assert first.json() == second.json()
    assert second.headers["Idempotent-Replayed"] == "true"
    assert Proposal.objects.count() == 1


def test_dependents_stand_in_the_way_until_they_are_named() -> None:
    world = make_world()
    shop = world.dependent("Shop")
    client, path = ApiClient(person=world.lead), f"/bets/{world.bet.pk}/stop"
    refused = client.post(path, {"reason": "Nobody borrows."})
    assert_problem(refused, 409, "conflict")
    assert "‘Shop’ is funded and needs" in refused.json()["changed"][0]
    looked = client.get(f"/bets/{world.bet.pk}/if-stopped?stop_with={shop.pk}").json()
    assert (looked["obstacles"], looked["dependents"][0]["ends_with_it"]) == ([], True)
    made = client.post(path, {"reason": "Nobody borrows.", "stop_with": [shop.pk]})
    assert made.status_code == 201


def test_a_pivot_names_its_successor_and_what_goes_over() -> None:
    world = make_world()
    successor = world.successor()
    client = ApiClient(person=world.lead)
    body = {"reason": "Paid up front.", "successor": successor.pk, "amount": "12500.00"}
    made = client.post(f"/bets/{world.bet.pk}/pivot", body).json()
    assert (made["purpose"], made["successor"]) == ("pivot", successor.pk)
    moves = client.get(f"/proposals/{made['id']}").json()["moves"]
    assert {(move["to_bet"], move["amount"]) for move in moves} == {
        (successor.pk, "12500.00"),
        (None, "17500.00"),
    }


@pytest.mark.parametrize(
    ("query", "field"),
    [("stop_with=x", "stop_with"), ("successor=999999", "successor"), ("amount=-1", "amount")],
)
def test_what_cannot_be_read_is_answered_with_its_field(query: str, field: str) -> None:
    world = make_world()
    client = ApiClient(person=world.lead)
    response = client.get(f"/bets/{world.bet.pk}/if-stopped?{query}")
    assert response.status_code in (400, 422)
    assert response.json()["errors"][0]["field"] == field
