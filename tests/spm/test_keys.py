"""API keys: who makes, collects, rotates and revokes them, on the page and through the API."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.models import Notice
from evidence.notices.keys import tell_of_keys
from spm.accounts import keys
from spm.accounts.models import ApiKey, IdempotentAnswer, KeyChange, Membership, Role, User
from spm.accounts.permissions import NotAllowed
from spm.errors import Conflict, Invalid
from tests.api_client import ApiClient, assert_problem, client_of
from tests.factories import PASSWORD, make_member, make_portfolio
from tests.spm.test_signing import SECRET, code_now

pytestmark = pytest.mark.django_db

PAGE = "/settings/keys"


class World:
    """A portfolio with an administrator and a lead."""

    def __init__(self) -> None:
        self.portfolio = make_portfolio()
        self.admin = make_member(self.portfolio, Role.ADMIN)
        self.lead = make_member(self.portfolio, Role.LEAD, name="Lea Lead")

    def make(self, owner: User, *scopes: str, by: User | None = None) -> tuple[ApiKey, str]:
        """A key with these scopes besides 'read'."""
        given = {"owner": owner.pk, "name": "Sync", "scopes": ["read", *scopes]}
        return keys.make(by or self.admin, self.portfolio.pk, given)


def browser_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def opens(clear: str) -> bool:
    return bool(ApiClient(clear).get("/portfolios").status_code == 200)


def shown_in(page: str) -> str:
    """The key that a page shows."""
    return page.partition('<code id="secret">')[2].partition("</code>")[0]


def test_a_key_is_made_on_the_page_shown_once_and_listed_with_what_it_may() -> None:
    world = World()
    browser = browser_of(world.admin)
    assert "No keys in force" in browser.get(PAGE).content.decode()
    typed = {"name": "Jira sync", "owner": world.lead.pk, "scopes": ["evidence", "bets"]}
    unsigned = browser.post(f"{PAGE}/new", {**typed, "days": "30"})
    assert unsigned.status_code == 422 and "Jira sync" in unsigned.content.decode()
    assert not ApiKey.objects.exists()
    made = browser.post(f"{PAGE}/new", {**typed, "days": "30", "signature": PASSWORD})
    clear = shown_in(made.content.decode())
    assert opens(clear)
    page = browser.get(PAGE).content.decode()
    assert "Jira sync" in page and "Log evidence, Create and change bets" in page
    assert clear.split("_", 2)[2] not in page + str(list(ApiKey.objects.values_list()))
    assert "Is in force" in page and "Made: Jira sync" in page
    assert "Jira sync" in browser_of(world.lead).get(PAGE).content.decode()
    told = Notice.objects.get(person=world.lead)
    assert "made the key Jira sync in your name: read, evidence, bets." in told.text


def test_what_decides_over_money_is_seen_by_its_owner_alone_and_opens_once_collected() -> None:
    world = World()
    browser = browser_of(world.lead)
    key, clear = world.make(world.lead, "propose")
    assert clear == "" and key.awaits_owner
    assert "It opens nothing until you collect it." in Notice.objects.get(person=world.lead).text
    with pytest.raises(NotAllowed, match="its owner collects it"):
        keys.collect(world.admin, key.pk)
    made = browser.post(f"{PAGE}/{key.pk}/collect", {"signature": PASSWORD})
    clear = shown_in(made.content.decode())
    assert opens(clear)
    with pytest.raises(Conflict):
        keys.collect(world.lead, key.pk)
    with pytest.raises(NotAllowed, match="its owner alone rotates it"):
        keys.rotate(world.admin, key.pk, {"overlap_hours": 1})
    assert opens(keys.rotate(world.lead, key.pk, {"overlap_hours": 1})[1])
    kinds = KeyChange.objects.filter(api_key=key).values_list("kind", "by")
    by_lead = [("rotated", world.lead.pk), ("collected", world.lead.pk)]
    assert list(kinds) == [*by_lead, ("made", world.admin.pk)]


def test_after_a_rotation_both_secrets_open_for_as_long_as_was_chosen() -> None:
    world = World()
    key, before = world.make(world.lead, "bets")
    page = browser_of(world.admin).post(
        f"{PAGE}/{key.pk}/rotate", {"overlap_hours": "24", "days": "365", "signature": PASSWORD}
    )
    after = shown_in(page.content.decode())
    assert after.split("_")[1] == before.split("_")[1] and after != before
    assert opens(before) and opens(after)
    key.refresh_from_db()
    assert key.earlier_used_at is not None
    assert "last used" in browser_of(world.admin).get(f"{PAGE}/{key.pk}").content.decode()
    ApiKey.objects.update(earlier_until=timezone.now() - timedelta(seconds=1))
    assert not opens(before) and opens(after)
    _, last = keys.rotate(world.admin, key.pk, {"overlap_hours": 0})
    assert not opens(after) and opens(last)


def test_the_secret_of_before_never_outlives_the_end_that_it_had() -> None:
    world = World()
    key, _ = world.make(world.lead)
    soon = timezone.now() + timedelta(hours=2)
    ApiKey.objects.update(expires_at=soon)
    rotated, _ = keys.rotate(world.admin, key.pk, {"overlap_hours": 720, "days": 30})
    assert rotated.earlier_until == soon and rotated.expires_at > soon + timedelta(days=29)


def test_a_revoked_key_opens_nothing_from_the_next_request_on_by_any_secret() -> None:
    world = World()
    key, before = world.make(world.lead)
    _, after = keys.rotate(world.admin, key.pk, {"overlap_hours": 24})
    browser = browser_of(world.admin)
    assert b"There is no way back" in browser.get(f"{PAGE}/{key.pk}/revoke").content
    done = browser.post(f"{PAGE}/{key.pk}/revoke", follow=True).content.decode()
    assert "opens nothing any more" in done and "It was revoked." in done
    assert not opens(before) and not opens(after)
    for act in (keys.revoke, lambda by, pk: keys.rotate(by, pk, {"overlap_hours": 1})):
        with pytest.raises(Conflict):
            act(world.admin, key.pk)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
        ({"name": " "}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["bets"]}, "scopes"),
        ({"scopes": ["read", "everything"]}, "scopes"),
        ({"scopes": [["read"]]}, "scopes"),
        ({"owner": 999_999}, "owner"),
        ({"forever": True}, "forever"),
    ],
)
def test_what_cannot_be_made_is_refused_by_field(given: dict[str, Any], field: str) -> None:
    world = World()
    terms = {"owner": world.lead.pk, "name": "Sync", "scopes": ["read"], **given}
    with pytest.raises(Invalid) as refusal:
        keys.make(world.admin, world.portfolio.pk, terms)
    assert set(refusal.value.fields) == {field}


def test_people_manage_keys_through_the_api_too_and_no_key_does() -> None:
    world = World()
    admin, by_key = ApiClient(person=world.admin), client_of(world.admin, world.portfolio)
    body = {"owner": world.lead.pk, "name": "Sync", "scopes": ["read"], "days": 7}
    assert_problem(admin.post("/keys", body), 400, "invalid")
    made = admin.post("/keys", {**body, "signature": PASSWORD}).json()
    assert opens(made["key"])
    listed = admin.get("/keys").json()["results"]
    assert [row["state"] for row in listed if row["id"] == made["id"]] == ["ends soon"]
    mine = ApiClient(made["key"])
    assert [row["id"] for row in mine.get("/keys").json()["results"]] == [made["id"]]
    path = f"/keys/{made['id']}"
    refused = assert_problem(by_key.post("/keys", body), 403, "not-allowed")
    assert "people do, signed in" in refused["detail"]
    for client in (by_key, mine):
        assert client.post(f"{path}/revoke", {}).status_code in (403, 404)
    turned = admin.post(f"{path}/rotate", {"overlap_hours": 1, "signature": PASSWORD}).json()
    assert opens(turned["key"]) and opens(made["key"]) and turned["earlier_until"]
    assert admin.post(f"{path}/revoke", {}).json()["state"] == "was revoked"
    assert_problem(admin.post(f"{path}/revoke", {}), 409, "conflict")
    rows = admin.get(f"/key-changes?api_key={made['id']}").json()["results"]
    assert [row["kind"] for row in rows] == ["revoked", "rotated", "made"]
    assert not opens(turned["key"])


def test_a_key_asked_for_twice_is_one_and_its_secret_is_said_once_and_kept_nowhere() -> None:
    world = World()
    client = ApiClient(person=world.admin)
    asked = {"owner": world.lead.pk, "name": "Sync", "scopes": ["read"], "signature": PASSWORD}
    made = client.post("/keys", asked, Idempotency_Key="a").json()
    again = client.post("/keys", asked, Idempotency_Key="a")
    assert again["Idempotent-Replayed"] == "true" and again.json() == {**made, "key": None}
    assert opens(made["key"]) and ApiKey.objects.count() == 1
    assert made["key"] not in str(IdempotentAnswer.objects.values_list("body", flat=True))
    rotation = {"overlap_hours": 1, "signature": PASSWORD}
    path = f"/keys/{made['id']}/rotate"
    rotated = client.post(path, rotation, Idempotency_Key="b").json()
    assert client.post(path, rotation, Idempotency_Key="b").json() == {**rotated, "key": None}
    assert opens(rotated["key"])


def test_what_was_signed_with_a_code_that_opens_once_can_be_repeated() -> None:
    world = World()
    TOTP.activate(world.admin, SECRET)
    client = ApiClient(person=world.admin)
    asked = {"owner": world.lead.pk, "name": "Sync", "scopes": ["read"], "signature": code_now()}
    made = client.post("/keys", asked, Idempotency_Key="a").json()
    again = client.post("/keys", asked, Idempotency_Key="a")
    assert again.status_code == 201 and again.json() == {**made, "key": None}
    assert client.post("/keys", asked, Idempotency_Key="b").status_code == 400
    assert ApiKey.objects.count() == 1


def test_the_owner_is_told_once_two_weeks_before_a_key_ends_and_it_is_marked() -> None:
    world = World()
    key, _ = world.make(world.lead)
    Notice.objects.all().delete()
    now = timezone.now()
    tell_of_keys(now)
    assert not Notice.objects.exists()
    ApiKey.objects.update(expires_at=now + timedelta(days=10))
    for _ in range(2):
        tell_of_keys(now)
    told = Notice.objects.get()
    assert told.person == world.lead and told.text.startswith("The key Sync ends on")
    assert told.url == f"{PAGE}/{key.pk}"
    assert "Ends soon" in browser_of(world.admin).get(PAGE).content.decode()


def test_a_key_whose_owner_lost_their_role_says_so_and_shows_nothing() -> None:
    world = World()
    _, clear = world.make(world.lead)
    Membership.objects.filter(user=world.lead).delete()
    assert ApiClient(clear).get("/portfolios").json()["results"] == []
    assert "no role here any more" in browser_of(world.admin).get(PAGE).content.decode()


def test_who_signs_in_by_something_new_hears_which_keys_go_on() -> None:
    world = World()
    for _ in range(7):
        world.make(world.lead)
    old, _ = world.make(world.lead)
    keys.revoke(world.lead, old.pk)
    Notice.objects.all().delete()
    browser = browser_of(world.lead)
    changed = browser.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "orchard-kettle-9", "password2": "orchard-kettle-9"},
    )
    assert changed.status_code == 302
    told = Notice.objects.get()
    assert (told.person, told.url) == (world.lead, PAGE)
    assert "In your name go on: Sync, Sync, Sync, Sync, Sync and 2 more." in told.text


def test_more_keys_cost_no_more_queries() -> None:
    world = World()
    browser, counts = browser_of(world.admin), []
    for _ in range(2):
        world.make(world.lead)
        browser.get(PAGE)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(PAGE).status_code == 200
        counts.append(len(queries))
        for _ in range(5):
            world.make(make_member(world.portfolio))
    assert counts[0] == counts[1]
