"""Guardrails through the API and the command: the same door as the page."""

from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from allocation.models import Guardrail, LimitChange
from spm.accounts.models import Role
from tests.api_client import ApiClient, assert_problem, client_for
from tests.factories import make_portfolio

pytestmark = pytest.mark.django_db

H3 = {
    "name": "Exploratory",
    "kind": "share",
    "maximum": "0.2",
    "scope": {"horizon": ["H3"]},
    "reason": "They are many and small.",
}


@pytest.fixture
def client() -> ApiClient:
    return client_for(make_portfolio(slug="office"), Role.FINANCE)


def test_a_guardrail_is_created_once_under_a_key_and_shown(client: ApiClient) -> None:
    first = client.post("/guardrails", H3, Idempotency_Key="a")
    again = client.post("/guardrails", H3, Idempotency_Key="a")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again["Idempotent-Replayed"] == "true"
    shown = client.get(f"/guardrails/{first.json()['id']}")
    assert shown.json() == first.json()
    assert shown["ETag"] == '"1"'
    assert (shown.json()["maximum"], shown.json()["minimum"]) == ("0.2000", None)


def test_by_its_name_it_is_made_changed_or_found(client: ApiClient) -> None:
    body: dict[str, Any] = {key: value for key, value in H3.items() if key != "name"}
    answers = [
        client.send("PUT", "/guardrails/by-name/Exploratory", each)
        for each in (body, body, {**body, "maximum": 0.3})
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert [answer.json()["version"] for answer in answers] == [1, 1, 2]
    changes = client.get("/limit-changes").json()["results"]
    assert [change["after"]["maximum"] for change in changes] == ["0.3000", "0.2000"]
    assert changes[0]["reason"] == H3["reason"]


def test_a_change_names_the_version_that_it_was_made_from(client: ApiClient) -> None:
    made = client.post("/guardrails", H3).json()
    path, change = f"/guardrails/{made['id']}", {"maximum": "0.3", "reason": "More."}
    assert_problem(client.send("PATCH", path, change), 428, "condition-required")
    assert client.send("PATCH", path, change, If_Match='"1"').json()["version"] == 2
    assert client.send("PATCH", path, change, If_Match='"1"').status_code == 412
    off = client.send("PATCH", path, {"active": False, "reason": "A trial."}, If_Match="*")
    assert off.json()["active"] is False


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "turnover", "minimum": "0.1", "scope": {}}, "minimum"),
        ({"maximum": "1.2"}, "maximum"),
        ({"scope": {"colour": ["green"]}}, "scope"),
        ({"reason": ""}, "reason"),
        ({"maximum": [1]}, "maximum"),
        ({"odd": 1}, "odd"),
    ],
)
def test_what_cannot_be_is_refused_with_the_field_named(
    client: ApiClient, given: dict[str, Any], field: str
) -> None:
    answer = client.post("/guardrails", {**H3, **given})
    assert answer.status_code == 400
    assert field in answer.content.decode()
    assert not Guardrail.objects.exists()


def command(*words: str) -> str:
    said = StringIO()
    call_command("guardrail", "office", *words, stdout=said)
    return said.getvalue()


def test_the_command_makes_changes_and_takes_out_of_force() -> None:
    portfolio = make_portfolio(slug="office", name="Office")
    why = "--reason=The board asks."
    share = ("H3", "--kind=share", "--max=0.2", "--scope=horizon=H3", why)
    assert command(*share) == "Office: guardrail 'H3' is made.\n"
    assert command(*share) == "Office: guardrail 'H3' is as it was.\n"
    assert command("H3", "--max=0.25", why) == "Office: guardrail 'H3' is changed.\n"
    command("H3", "--off", why)
    made = Guardrail.objects.get(portfolio=portfolio)
    assert (made.maximum, made.active, made.scope) == (Decimal("0.25"), False, {"horizon": ["H3"]})
    assert LimitChange.objects.count() == 3


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("T", "--kind=turnover", "--min=0.1", "--reason=x"), "minimum: .* no minimum"),
        (("T", "--reason=x"), "kind: Give the kind"),
        (("T", "--kind=share", "--max=0.2", "--scope=colour=red", "--reason=x"), "'colour'"),
    ],
)
def test_the_command_names_the_field_that_cannot_be(words: tuple[str, ...], says: str) -> None:
    make_portfolio(slug="office")
    with pytest.raises(CommandError, match=says):
        command(*words)
    with pytest.raises(CommandError, match="There is no portfolio 'nowhere'"):
        call_command("guardrail", "nowhere", "T", reason="x")
