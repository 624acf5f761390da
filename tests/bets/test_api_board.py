"""Limits on work in progress and saved views through the API: the same rules as on the board."""

import pytest

from bets.models import BoardView, DefaultView, WipLimit, WipLimitChange
from bets.saved_views import save_view
from spm.accounts.models import Role
from tests.api_client import assert_problem, client_for, client_of
from tests.factories import make_member, make_portfolio, make_stream

pytestmark = pytest.mark.django_db


def test_a_limit_is_set_journalled_once_and_taken_away_again() -> None:
    portfolio = make_portfolio()
    stream = make_stream(portfolio)
    client = client_for(portfolio)
    body = {"stage": "testing", "stream": stream.pk, "limit": 4}
    for _ in range(2):
        answer = client.send("PUT", "/wip-limits", body)
        assert answer.status_code == 200, answer.content
        assert answer.json() == {**body, "portfolio": portfolio.pk}
    assert WipLimitChange.objects.get().api_key is not None
    (row,) = client.get("/wip-limits").json()["results"]
    assert {**row, "id": 0} == {**body, "portfolio": portfolio.pk, "id": 0}
    assert client.send("PUT", "/wip-limits", {**body, "limit": None}).json()["limit"] is None
    assert not WipLimit.objects.exists()
    assert WipLimitChange.objects.count() == 2


def test_whoever_has_seen_another_limit_changes_nothing() -> None:
    portfolio = make_portfolio()
    WipLimit.objects.create(portfolio=portfolio, stage="testing", limit=3)
    body = {"stage": "testing", "limit": 4, "was": 2}
    refused = assert_problem(
        client_for(portfolio).send("PUT", "/wip-limits", body), 409, "conflict"
    )
    assert refused["changed"] == ["limit"]
    assert WipLimit.objects.get().limit == 3
    assert client_for(portfolio).send("PUT", "/wip-limits", {**body, "was": 3}).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"limit": 1_000}, "limit"),
        ({"limit": "4"}, "limit"),
        ({"limit": -1}, "limit"),
        ({"stage": "done"}, "stage"),
        ({"stream": 4711}, "stream"),
        ({"lane": 1}, "lane"),
    ],
)
def test_a_limit_that_cannot_be_is_refused_by_name(wrong: dict[str, object], field: str) -> None:
    body = {"stage": "testing", "limit": 4, **wrong}
    answer = client_for(make_portfolio()).send("PUT", "/wip-limits", body)
    problem = assert_problem(answer, 400, "invalid")
    assert [error["field"] for error in problem["errors"]] == [field]


def test_a_view_is_saved_once_shown_changed_and_deleted() -> None:
    portfolio = make_portfolio()
    lead = make_member(portfolio)
    client = client_of(lead, portfolio)
    body = {"name": "Broken", "query": "thesis=broken&nonsense=1", "opens": True}
    made = client.post("/saved-views", body, Idempotency_Key="a")
    assert made.status_code == 201, made.content
    view = made.json()
    assert (view["owner"], view["query"]) == (lead.pk, "thesis=broken")
    assert (view["shared"], view["opens"]) == (False, True)
    assert client.post("/saved-views", body, Idempotency_Key="a").json() == view
    address = f"/saved-views/{view['id']}"
    change = {"name": "Theses", "shared": True, "opens": False}
    assert_problem(client.send("PATCH", address, change), 428, "condition-required")
    read = client.get(address)["ETag"]
    changed = client.send("PATCH", address, change, If_Match=read)
    late = client.send("PATCH", address, {"name": "Late"}, If_Match=read)
    assert_problem(late, 412, "changed")
    assert changed.json() == {**view, "name": "Theses", "shared": True, "opens": False}
    assert client.get(address).json() == changed.json()
    assert not DefaultView.objects.exists()
    assert client.send("DELETE", address).status_code == 204
    assert_problem(client.get(address), 404, "not-found")


def test_a_change_of_several_things_is_made_whole_or_not_at_all() -> None:
    portfolio = make_portfolio()
    viewer = make_member(portfolio, Role.VIEWER)
    view = save_view(viewer, portfolio, "Mine", "")
    client = client_of(viewer, portfolio)
    body = {"name": "Ours", "shared": True}
    assert_problem(
        client.send("PATCH", f"/saved-views/{view.pk}", body, If_Match="*"), 403, "not-allowed"
    )
    assert BoardView.objects.get().name == "Mine"


def test_the_views_of_others_are_seen_if_they_share_them_and_changed_by_nobody_else() -> None:
    portfolio = make_portfolio()
    lead = make_member(portfolio)
    save_view(lead, portfolio, "Private", "")
    shared = save_view(lead, portfolio, "Shared", "", share=True)
    client = client_for(portfolio, Role.CONTRIBUTOR)
    listed = client.get(f"/saved-views?portfolio={portfolio.pk}").json()["results"]
    assert [row["name"] for row in listed] == ["Shared"]
    for method, body in (("PATCH", {"name": "Mine"}), ("DELETE", None)):
        answer = client.send(method, f"/saved-views/{shared.pk}", body, If_Match="*")
        assert_problem(answer, 403, "not-allowed")


def test_a_key_that_only_reads_saves_no_view_and_sets_no_limit() -> None:
    portfolio = make_portfolio()
    client = client_of(make_member(portfolio), portfolio, ["read"])
    assert_problem(client.post("/saved-views", {"name": "Mine"}), 403, "not-allowed")
    body = {"stage": "testing", "limit": 4}
    assert_problem(client.send("PUT", "/wip-limits", body), 403, "not-allowed")
