"""Through the API: the portfolio's parts are kept in step by name, and bets are moved."""

from decimal import Decimal
from typing import Any

import pytest

from bets.models import Bet, Portfolio, StageChange, Team
from tests.api_client import ApiClient, assert_problem, client_for, client_of
from tests.factories import make_bet, make_member, make_portfolio, make_stream, make_team

pytestmark = pytest.mark.django_db


def admin_of(portfolio: Portfolio) -> ApiClient:
    return client_for(portfolio, "admin")


@pytest.mark.parametrize(
    ("kind", "fields", "other"),
    [
        ("themes", {"statement": "Grow.", "target_min_share": 0.1, "target_max_share": 0.4},
         {"target_min_share": 0.2, "target_max_share": 0.4}),
        ("streams", {"purpose": "Parcels."}, {"purpose": "Letters."}),
        ("teams", {"capacity": "90000.00"}, {"capacity": "80000.00"}),
    ],
)  # fmt: skip
def test_a_part_is_put_by_name_again_and_again_and_changed_as_it_was_read(
    kind: str, fields: dict[str, Any], other: dict[str, Any]
) -> None:
    client = admin_of(make_portfolio())
    path = f"/{kind}/by-name/Routing%20North"
    first = client.send("PUT", path, fields)
    assert first.status_code == 201 and first.json()["name"] == "Routing North"
    again = client.send("PUT", path, fields)
    assert (again.status_code, again.json(), again["ETag"]) == (200, first.json(), first["ETag"])
    one = f"/{kind}/{first.json()['id']}"
    assert_problem(client.send("PATCH", one, other), 428, "condition-required")
    changed = client.send("PATCH", one, other, If_Match=first["ETag"])
    assert changed.status_code == 200 and changed.json().items() >= other.items()
    assert client.get(one)["ETag"] == changed["ETag"] != first["ETag"]
    late = client.send("PATCH", one, fields, If_Match=first["ETag"])
    assert_problem(late, 412, "changed")
    taken = client.post(f"/{kind}", {"name": "routing north", **fields})
    assert {error["field"] for error in assert_problem(taken, 400, "invalid")["errors"]} == {"name"}
    assert_problem(client.send("PUT", path, {**fields, "name": "Other"}), 400, "invalid")
    assert_problem(client.send("PUT", path, {"colour": "red"}), 400, "invalid")
    assert client.send("DELETE", one, If_Match=changed["ETag"]).status_code == 204
    assert_problem(client.get(one), 404, "not-found")


def test_what_something_belongs_to_is_not_removed_and_strange_streams_are_refused() -> None:
    portfolio, elsewhere = make_portfolio(), make_portfolio()
    client, stream = admin_of(portfolio), make_stream(portfolio)
    team = client.post("/teams", {"name": "A", "capacity": "1.00", "stream": stream.pk}).json()
    assert team["stream"] == stream.pk
    assert "1 team" in client.send("DELETE", f"/streams/{stream.pk}").json()["detail"]
    for wrong in ({"stream": make_stream(elsewhere).pk}, {"stream": 0}):
        refused = client.send("PATCH", f"/teams/{team['id']}", wrong, If_Match="*")
        assert_problem(refused, 400, "invalid")
    assert_problem(client.post("/teams", {"name": "B"}), 400, "invalid")
    kept = client.send("PATCH", f"/teams/{team['id']}", {"stream": None}, If_Match="*")
    assert kept.json()["stream"] is None


def test_lending_and_the_portfolio_itself_are_changed_by_who_administers() -> None:
    portfolio = make_portfolio()
    giver, taker = make_team(portfolio), make_team(portfolio)
    client = admin_of(portfolio)
    assert client.send("PUT", f"/lending/{giver.pk}/{taker.pk}", {"efficiency": 0.4}).json() == {
        "from_team": giver.pk,
        "to_team": taker.pk,
        "efficiency": 0.4,
    }
    assert [row["efficiency"] for row in client.get("/lending").json()["results"]] == [0.4]
    client.send("PUT", f"/lending/{giver.pk}/{taker.pk}", {"efficiency": 0})
    assert client.get("/lending").json()["results"] == []
    path = f"/portfolios/{portfolio.pk}"
    body = {"intent": "Parcels on Sundays.", "horizon_months": 36}
    changed = client.send("PATCH", path, body, If_Match=client.get(path)["ETag"])
    assert changed.json().items() >= body.items()
    assert_problem(client.send("PATCH", path, {"envelope": "1.00"}, If_Match="*"), 400, "invalid")
    reader = client_of(make_member(portfolio, "admin"), portfolio, ["read", "bets"])
    lacks = assert_problem(reader.send("PATCH", path, body, If_Match="*"), 403, "not-allowed")
    assert "lacks the scope 'settings'" in lacks["detail"]


def test_a_bet_is_moved_by_the_rules_of_the_board_once_however_often_it_is_sent() -> None:
    portfolio = make_portfolio()
    owner = make_member(portfolio)
    bet = make_bet(portfolio, stage="funnel", stream=None, owner=None)
    client, path = client_of(owner, portfolio), f"/bets/{bet.pk}/move"
    refused = assert_problem(client.post(path, {"stage": "framing"}), 409, "conflict")
    assert len(refused["changed"]) == 2 and "stream" in " ".join(refused["changed"])
    Bet.objects.filter(pk=bet.pk).update(stream=make_stream(portfolio), owner=owner)
    tag = client.get(f"/bets/{bet.pk}")["ETag"]
    body = {"stage": "framing", "note": "As agreed."}
    moved = client.post(path, body, If_Match=tag, Idempotency_Key="once")
    assert (moved.status_code, moved.json()["stage"]) == (200, "framing")
    again = client.post(path, body, If_Match=tag, Idempotency_Key="once")
    assert (again.json(), again["Idempotent-Replayed"]) == (moved.json(), "true")
    assert moved["ETag"] != tag
    other = client_for(portfolio).post(path, {"stage": "funnel"}, If_Match=tag)
    assert "moved" in assert_problem(other, 412, "changed")["detail"]
    [row] = client.get(f"/stage-changes?bet={bet.pk}&to_stage=framing").json()["results"]
    assert (row["from_stage"], row["note"]) == ("funnel", "As agreed.")
    assert StageChange.objects.filter(bet=bet, to_stage="framing").count() == 1
    assert_problem(client.post(path, {"stage": "nowhere"}), 400, "invalid")


def test_a_capacity_is_money() -> None:
    portfolio = make_portfolio()
    admin_of(portfolio).send("PUT", "/teams/by-name/A", {"capacity": "90000.50"})
    assert Team.objects.get().capacity == Decimal("90000.50")
