"""The pages of webhooks, for administrators: nothing typed is lost, secrets are shown once."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from spm.accounts.models import Role, User
from spm.sealed import unseal
from spm.webhooks import changes
from spm.webhooks.events import owe
from spm.webhooks.models import Event, Webhook, WebhookDelivery
from tests.api_client import ApiClient, client_of
from tests.factories import PASSWORD, make_member, make_portfolio

pytestmark = pytest.mark.django_db

ADDRESS = "https://hooks.example.org/7"


def signed_in(person: User) -> Client:
    """A browser of theirs."""
    client = Client()
    client.force_login(person)
    return client


class World:
    """A portfolio with an administrator, a webhook and a delivery."""

    def __init__(self) -> None:
        self.portfolio = make_portfolio()
        self.admin = make_member(self.portfolio, Role.ADMIN)
        self.hook, self.secret = changes.add(
            self.admin, self.portfolio.pk, ADDRESS, [Event.THESIS_BROKEN]
        )
        owe(self.portfolio.pk, Event.THESIS_BROKEN, {"bet": 1})
        self.delivery = WebhookDelivery.objects.get(webhook=self.hook)
        self.browser = signed_in(self.admin)

    def act(self, what: str) -> Any:
        """Press a button, and sign where that is asked for."""
        url = f"/settings/webhooks/{self.hook.pk}/{what}"
        return self.browser.post(url, {"signature": PASSWORD}, follow=True)


def test_a_webhook_is_added_and_its_secret_shown_once() -> None:
    portfolio = make_portfolio()
    browser = signed_in(make_member(portfolio, Role.ADMIN))
    assert b"No webhooks yet" in browser.get("/settings/webhooks").content
    events = ["thesis.broken", "proposal.published"]
    typed = {"address": ADDRESS, "events": events, "signature": PASSWORD}
    answer = browser.post("/settings/webhooks/new", typed)
    hook = Webhook.objects.get()
    secret = unseal(hook.sealed_secret)
    assert secret.startswith("whsec_") and secret in answer.content.decode()
    assert secret not in hook.sealed_secret
    assert hook.events == ["proposal.published", "thesis.broken"]
    page = browser.get("/settings/webhooks").content.decode()
    assert ADDRESS in page and "whsec_" not in page


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"address": "http://hooks.example.org/"}, "begins with https://"),
        ({"address": ""}, "Give an address"),
        ({"address": "https://me:secret@example.org/"}, "a name or a password"),
        ({"events": []}, "Choose at least one."),
        ({"events": ["all"]}, "not one of the available choices"),
        ({"signature": ""}, "Sign with your password."),
        ({"signature": "copper"}, "That is not your password."),
    ],
)
def test_what_cannot_be_asked_is_refused_and_what_was_typed_stays(
    typed: dict[str, Any], says: str
) -> None:
    browser = signed_in(make_member(make_portfolio(), Role.ADMIN))
    given = {"address": ADDRESS, "events": ["thesis.revived"], "signature": PASSWORD, **typed}
    answer = browser.post("/settings/webhooks/new", given)
    page = answer.content.decode()
    assert answer.status_code == 422 and says in page
    assert not given["address"] or f'value="{given["address"]}"' in page
    assert PASSWORD not in page and not Webhook.objects.exists()


def test_a_webhook_is_changed_paused_tried_out_and_removed() -> None:
    world = World()
    typed = {"address": ADDRESS + "0", "events": ["thesis.revived"]}
    assert world.browser.post(f"/settings/webhooks/{world.hook.pk}", typed).status_code == 422
    typed["signature"] = PASSWORD
    assert world.browser.post(f"/settings/webhooks/{world.hook.pk}", typed).status_code == 302
    world.hook.refresh_from_db()
    assert (world.hook.address, world.hook.events) == (ADDRESS + "0", ["thesis.revived"])
    assert b"A test event is on its way." in world.act("test").content
    assert WebhookDelivery.objects.filter(event="webhook.test").count() == 1
    assert b"Let it go on" in world.act("pause").content
    assert b"let it go on first" in world.act("test").content
    assert b"It goes on." in world.act("resume").content
    before = unseal(world.hook.sealed_secret)
    assert b"whsec_" in world.act("secret").content
    world.hook.refresh_from_db()
    assert unseal(world.hook.sealed_earlier) == before != unseal(world.hook.sealed_secret)
    world.act("remove")
    assert not Webhook.objects.exists() and not WebhookDelivery.objects.exists()


def test_the_log_says_status_and_time_and_sends_again() -> None:
    world = World()
    rows = WebhookDelivery.objects.filter(pk=world.delivery.pk)
    rows.update(outcome="dead", tries=8, last_status=503, last_seconds=0.25)
    page = world.browser.get("/settings/webhooks").content.decode()
    assert "Given up" in page and "503" in page and "0.25 s" in page
    url = f"/settings/webhooks/deliveries/{world.delivery.pk}/redeliver"
    assert b"It is sent once more" in world.browser.post(url, follow=True).content
    world.delivery.refresh_from_db()
    assert (world.delivery.outcome, world.delivery.tries) == ("waiting", 0)


def test_why_nothing_is_sent_any_more_stands_on_the_page() -> None:
    world = World()
    Webhook.objects.update(active=False, disabled_because="3 events in a row; <b>503</b>.")
    page = world.browser.get("/settings/webhooks").content.decode()
    assert "Nothing is sent here any more." in page and "&lt;b&gt;503" in page


def test_more_webhooks_and_deliveries_cost_no_more_queries() -> None:
    world = World()
    counts = []
    for _ in range(2):
        world.browser.get("/settings/webhooks")
        with CaptureQueriesContext(connection) as queries:
            assert world.browser.get("/settings/webhooks").status_code == 200
        counts.append(len(queries))
        for _ in range(5):
            changes.add(world.admin, world.portfolio.pk, ADDRESS, [Event.THESIS_BROKEN])
            owe(world.portfolio.pk, Event.THESIS_BROKEN, {})
    assert counts[0] == counts[1]


def test_there_are_not_too_many() -> None:
    world = World()
    for _ in range(changes.MOST - 1):
        changes.add(world.admin, world.portfolio.pk, ADDRESS, [Event.THESIS_BROKEN])
    typed = {"address": ADDRESS, "events": ["thesis.broken"], "signature": PASSWORD}
    answer = world.browser.post("/settings/webhooks/new", typed)
    assert answer.status_code == 422 and b"remove one first" in answer.content


def test_only_administrators_see_or_change_anything_of_their_own_portfolio() -> None:
    world = World()
    one = f"/settings/webhooks/{world.hook.pk}"
    again = f"/settings/webhooks/deliveries/{world.delivery.pk}/redeliver"
    acts = [f"{one}/{what}" for what in ("pause", "resume", "remove", "test", "secret")]
    reads = ["/settings/webhooks", "/settings/webhooks/body", "/settings/webhooks/new", one]
    for role in (Role.VIEWER, Role.CONTRIBUTOR, Role.LEAD, Role.FINANCE):
        browser = signed_in(make_member(world.portfolio, role))
        answers = [browser.get(path).status_code for path in reads]
        answers += [browser.post(path).status_code for path in (*acts, again, one)]
        assert set(answers) == {403}, (role, answers)
    stranger = signed_in(make_member(make_portfolio(), Role.ADMIN))
    answers = [stranger.post(path).status_code for path in (*acts, again, one)]
    assert set(answers) == {404} and stranger.get(one).status_code == 404
    assert ADDRESS.encode() not in stranger.get("/settings/webhooks").content
    assert Webhook.objects.get().active


def test_a_person_signs_in_the_api_what_leads_elsewhere_and_a_key_need_not() -> None:
    world = World()
    client, path = ApiClient(person=world.admin), f"/webhooks/{world.hook.pk}"
    moved = {"address": "https://elsewhere.example.org/"}
    new = {**moved, "events": ["thesis.broken"]}
    for method, where, body in (
        ("POST", "/webhooks", new),
        ("PATCH", path, moved),
        ("POST", f"{path}/secret", {}),
    ):
        assert client.send(method, where, body, If_Match="*").status_code == 400
        signed = client.send(method, where, {**body, "signature": PASSWORD}, If_Match="*")
        assert signed.status_code in (200, 201), signed.content
    assert client.send("PATCH", path, {"active": False}, If_Match="*").status_code == 200
    key = client_of(world.admin, world.portfolio)
    assert key.send("PATCH", path, {"address": ADDRESS}, If_Match="*").status_code == 200


def test_a_webhook_is_made_once_its_secret_is_not_kept_and_nobodys_change_is_overwritten() -> None:
    portfolio = make_portfolio()
    client = client_of(make_member(portfolio, Role.ADMIN), portfolio)
    new = {"address": ADDRESS, "events": ["thesis.broken"]}
    made = client.post("/webhooks", new, Idempotency_Key="a").json()
    again = client.post("/webhooks", new, Idempotency_Key="a")
    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == {**made, "secret": None} and Webhook.objects.count() == 1
    path = f"/webhooks/{made['id']}"
    read = client.get(path)["ETag"]
    client.post(f"{path}/test")  # what waits is nobody's change
    assert client.send("PATCH", path, {"active": False}).status_code == 428
    assert client.send("PATCH", path, {"active": False}, If_Match=read).status_code == 200
    assert client.send("PATCH", path, {"active": True}, If_Match=read).status_code == 412
    assert client.send("DELETE", path, If_Match=read).status_code == 412


def test_the_api_makes_changes_tries_out_and_removes() -> None:
    portfolio = make_portfolio()
    client = client_of(make_member(portfolio, Role.ADMIN), portfolio)
    made = client.post("/webhooks", {"address": ADDRESS, "events": ["thesis.broken"]})
    assert made.status_code == 201 and made.json()["secret"].startswith("whsec_")
    path = f"/webhooks/{made.json()['id']}"
    assert "secret" not in client.get(path).json() and client.get(path).json()["active"]
    changed = client.send("PATCH", path, {"active": False}, If_Match="*")
    assert changed.json()["active"] is False
    assert client.post(f"{path}/test").status_code == 409
    client.send("PATCH", path, {"active": True}, If_Match="*")
    delivery = client.post(f"{path}/test").json()
    assert (delivery["event"], delivery["outcome"]) == ("webhook.test", "waiting")
    listed = client.get("/webhook-deliveries?outcome=waiting").json()["results"]
    assert [row["id"] for row in listed] == [delivery["id"]]
    assert client.post(f"/webhook-deliveries/{delivery['id']}/redeliver").status_code == 202
    wrong = client.post("/webhooks", {"address": "http://example.org", "events": ["thesis.broken"]})
    assert wrong.status_code == 400 and wrong.json()["errors"][0]["field"] == "address"
    assert client.send("DELETE", path).status_code == 204
    assert not Webhook.objects.exists()
