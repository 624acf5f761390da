"""What a person is told, through the API: they choose it, and no key silences anything."""

import pytest

from evidence.notices.wants import wants_of
from spm.accounts.models import Role
from tests.api_client import ApiClient, assert_problem, client_of
from tests.factories import make_member, make_portfolio

pytestmark = pytest.mark.django_db

PATH = "/notice-settings"


def test_a_person_reads_and_changes_what_they_are_told_and_the_rest_stays() -> None:
    person = make_member(make_portfolio(), Role.LEAD)
    client = ApiClient(person=person)
    read = client.get(PATH)
    shown = read.json()
    assert (shown["mail"]["break"], shown["on_page"]["break"]) == ("at_once", True)
    assert (shown["quiet_from"], shown["digest"]) == (None, "hourly")
    wanted = {
        "mail": {"silence": "never"},
        "on_page": {"silence": False},
        "quiet_from": "22:00",
        "quiet_until": "06:30",
        "time_zone": "Europe/Zurich",
    }
    changed = client.send("PATCH", PATH, wanted, If_Match=read["ETag"])
    assert changed.status_code == 200, changed.content
    assert (
        changed.json()
        == client.get(PATH).json()
        == {
            **shown,
            **wanted,
            "mail": {**shown["mail"], "silence": "never"},
            "on_page": {**shown["on_page"], "silence": False},
        }
    )
    assert wants_of(person).off_page == {"silence"}
    again = client.send("PATCH", PATH, {"on_page": {"silence": True}}, If_Match="*")
    assert again.json()["on_page"]["silence"] is True
    assert again.json()["mail"]["silence"] == "never"


def test_what_is_no_choice_is_refused_by_field_and_a_late_change_is_told() -> None:
    client = ApiClient(person=make_member(make_portfolio(), Role.LEAD))
    read = client.get(PATH)["ETag"]
    assert_problem(client.send("PATCH", PATH, {"digest": "daily"}), 428, "condition-required")
    for wrong, field in (
        ({"mail": {"break": "loud"}}, "mail.break"),
        ({"mail": {"nonsense": "never"}}, "mail.nonsense"),
        ({"on_page": {"break": "yes"}}, "on_page.break"),
        ({"quiet_from": "25:00"}, "quiet_from"),
        ({"quiet_from": "22:00"}, "quiet_until"),
        ({"time_zone": "Mars"}, "time_zone"),
        ({"digest_hour": 24}, "digest_hour"),
    ):
        refused = client.send("PATCH", PATH, wrong, If_Match=read)
        document = assert_problem(refused, 400, "invalid")
        assert [error["field"] for error in document["errors"]] == [field]
    assert client.send("PATCH", PATH, {"digest": "daily"}, If_Match=read).status_code == 200
    late = client.send("PATCH", PATH, {"digest": "hourly"}, If_Match=read)
    assert_problem(late, 412, "changed")


def test_a_key_reads_what_its_owner_is_told_and_silences_nothing() -> None:
    portfolio = make_portfolio()
    key = client_of(make_member(portfolio, Role.LEAD), portfolio)
    assert key.get(PATH).json()["mail"]["break"] == "at_once"
    answer = key.send("PATCH", PATH, {"mail": {"break": "never"}}, If_Match="*")
    assert_problem(answer, 403, "not-allowed")
