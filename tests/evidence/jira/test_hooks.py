"""Webhooks: whoever sends them shows it, all are kept, and their order never matters."""

import hashlib
import hmac
import json
import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bets.models import Bet
from evidence.jira import changes, hooks
from evidence.models import Evidence, JiraBody
from spm.sealed import unseal
from tests.evidence.jira.connected import Connected, connected, told, told_of_comment
from tests.factories import make_hypothesis
from tests.jira.data import BEGAN, Comment, Issue
from tests.jira.server import Jira

pytestmark = pytest.mark.django_db
MAPPING = {"types": ["Epic"], "marker": "#evidence"}


def one(**fields: Any) -> Issue:
    """An issue."""
    return Issue(**{"id": 1, "key": "PAY-1", "summary": "Instant payouts", **fields})


def a_life(with_comments: bool = True) -> list[dict[str, Any]]:
    """The bodies that an issue causes in its life, in the order in which things happened."""
    issue, hour = one(), timedelta(hours=1)
    bodies = [told(issue, "jira:issue_created", change=1)]
    for number, (summary, status, kind) in enumerate(
        [
            ("Instant payouts", "In Progress", "Epic"),
            ("<script>alert(1)</script> & payouts", "In Progress", "Epic"),
            ("Payouts within a minute", "Done", "Epic"),
        ],
        start=1,
    ):
        issue.summary, issue.status, issue.type = summary, status, kind
        issue.updated = BEGAN + number * hour
        bodies.append(told(issue, change=number + 1))
    if with_comments:
        issue.comments = [
            Comment(7, "#evidence for strong: nine of ten came back", BEGAN + 2 * hour),
            Comment(8, "#evidence against weak: one asked how to turn it off", BEGAN + 2 * hour),
            Comment(9, "Just talking.", BEGAN + 2 * hour, author=None),
        ]
        bodies += [told_of_comment(issue, number, "comment_created") for number in (7, 8, 9)]
        issue.comments[0].text = "#evidence against moderate: two of ten came back"
        issue.comments[0].at = BEGAN + 3 * hour
        bodies.append(told_of_comment(issue, 7, "comment_updated"))
        bodies.append(told_of_comment(issue, 8, "comment_deleted", alone=True))
    return bodies


def end_state(office: Connected) -> Any:
    """What counts in the end."""
    issue, bet = office.connection.issues.get(), office.bet()
    rows = Evidence.objects.filter(portfolio=office.portfolio)
    counts = rows.exclude(kind="retraction").filter(retractions=None)
    return (
        issue.facts,
        issue.deleted,
        (bet.title, bet.delivery_signal, bet.delivery_signal_at, bet.stage),
        bet.belief and round(bet.belief, 6),
        sorted(counts.values_list("note", "direction", "strength", "observed_at")),
        sorted(office.connection.comments.values_list("comment_id", "text", "deleted")),
    )


def test_whatever_the_order_and_however_often_the_end_is_the_same() -> None:
    ends = []
    for seed in range(3):
        with connected(Jira("server", []), MAPPING) as office:
            bodies = a_life() * (1 if seed == 0 else 2)
            if seed:
                random.Random(seed).shuffle(bodies)
            # The bet has its hypothesis before the comments are looked at.
            office.send(a_life()[0])
            office.take()
            make_hypothesis(office.bet())
            for each in bodies:
                office.send(each)
                if seed % 2:
                    office.take()
            office.take()
            ends.append(end_state(office))
            outcomes = list(office.connection.bodies.values_list("outcome", flat=True))
            assert outcomes == ["taken"] * len(a_life())
    assert all(end == ends[0] for end in ends)
    _, deleted, bet, belief, evidence, comments = ends[0]
    assert bet[:2] == ("Payouts within a minute", "Done") and not deleted
    assert [each[1:3] for each in evidence] == [("against", "moderate")]
    assert evidence[0][0].startswith("two of ten came back") and belief < 0.5
    assert [each[2] for each in comments] == [False, True, False]


def test_a_webhook_alone_is_enough_and_what_is_not_said_is_not_known() -> None:
    with connected(Jira("server", []), MAPPING) as office:
        issue = one(comments=[Comment(7, "Hello", BEGAN)])
        office.send(told_of_comment(issue, 7, "comment_created"))
        office.take()
        assert office.bet().title == "Instant payouts"
        issue.summary, issue.updated = "Earlier", BEGAN - timedelta(days=1)
        office.send(told(issue))
        office.take()
        assert office.bet().title == "Instant payouts"


def test_a_pull_and_webhooks_are_one_way_of_knowing() -> None:
    jira = Jira("cloud", [one(comments=[Comment(7, "#evidence for weak: a", BEGAN)])])
    with connected(jira, MAPPING) as office:
        office.pull()
        make_hypothesis(office.bet())
        assert changes.retry(office.admin, office.connection.pk) == 1
        issue = jira.issue("PAY-1")
        office.send(told(issue))
        office.send(told_of_comment(issue, 7, "comment_created"))
        office.take()
        assert Evidence.objects.count() == 1
        issue.comments.clear()
        issue.updated = timezone.now()
        office.later()
        assert Evidence.objects.filter(kind="retraction").count() == 1


def test_a_deleted_issue_says_so_and_stays_a_bet() -> None:
    with connected(Jira("server", []), MAPPING) as office:
        issue = one()
        for event in ("jira:issue_deleted", "jira:issue_created"):
            office.send(told(issue, event))
            office.take()
        assert not Bet.objects.exists()  # it was gone before it became one
        other = one(id=2, key="PAY-2")
        for event in ("jira:issue_created", "jira:issue_deleted", "jira:issue_updated"):
            office.send(told(other, event))
            office.take()
        assert office.bet("PAY-2").delivery_signal == "Deleted in Jira"


def test_an_issue_that_moves_to_another_project_stays_the_same_bet() -> None:
    with connected(Jira("server", []), MAPPING) as office:
        office.send(told(one()))
        office.take()
        bet = office.bet()
        office.send(told(one(key="NEW-4", updated=BEGAN + timedelta(days=1))))
        office.take()
        assert office.bet("NEW-4") == bet and bet.external_keys.count() == 1


@pytest.mark.parametrize(
    ("raw", "outcome", "says"),
    [
        (b"", "broken", "not JSON"),
        (b'{"webhookEvent": "jira:issue_upd', "broken", "not JSON"),
        (b"\xff\xfe", "broken", "not UTF-8"),
        (b"[1, 2]", "broken", "no object"),
        (b'{"a": "\\u0000"}', "broken", "NUL"),
        (b"[" * 5000, "broken", "nested"),
        (b'{"webhookEvent": "jira:issue_updated"}', "broken", "holds no issue"),
        (b'{"webhookEvent": "jira:issue_updated", "issue": {}}', "broken", "no id"),
        (b'{"webhookEvent": "jira:issue_updated", "issue": {"id": 7}}', "broken", "which moment"),
        (b'{"webhookEvent": "comment_deleted", "comment": {"id": "1"}}', "broken", "which issue"),
        (b'{"webhookEvent": "sprint_started"}', "unknown", ""),
        (b'{"webhookEvent": ["a"]}', "unknown", ""),
        (b"{}", "unknown", ""),
    ],
)
def test_what_is_broken_or_unknown_is_kept_and_counted(raw: bytes, outcome: str, says: str) -> None:
    with connected(Jira("server", []), MAPPING) as office:
        office.send(raw)
        office.send(raw)
        office.take()
        body = JiraBody.objects.get()
        assert (body.outcome, bytes(body.body), body.times) == (outcome, raw, 2)
        assert says in body.problem


def test_a_time_that_is_still_to_come_does_not_count_for_ever() -> None:
    with connected(Jira("server", []), MAPPING) as office:
        office.send(told(one(updated=timezone.now() + timedelta(days=400))))
        office.take()
        assert JiraBody.objects.get().problem == "It speaks of a time that is still to come."


def test_a_fault_of_ours_leaves_a_dead_letter_that_can_be_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with connected(Jira("server", []), MAPPING) as office:
        real = hooks.take_news
        monkeypatch.setattr(hooks, "take_news", lambda *args: 1 / 0)
        office.send(told(one()))
        office.take()
        body = JiraBody.objects.get()
        assert body.outcome == "dead" and "ZeroDivisionError" in body.problem
        monkeypatch.setattr(hooks, "take_news", real)
        changes.retry(office.admin, office.connection.pk)
        office.take()
        assert office.bet().title == "Instant payouts"
        assert JiraBody.objects.get().outcome == "taken"


def test_what_comes_during_a_pause_waits() -> None:
    with connected(Jira("server", []), MAPPING) as office:
        changes.pause(office.admin, office.connection.pk)
        office.send(told(one()))
        office.take()
        assert JiraBody.objects.get().outcome == "waiting"
        office.begin()
        office.take()
        assert office.bet().title == "Instant payouts"


def test_who_sends_it_has_to_show_it() -> None:
    with connected(Jira("server", []), MAPPING) as office:
        pk, secret = office.connection.pk, unseal(office.connection.sealed_secret)
        raw = json.dumps(told(one())).encode()
        right = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        browser = Client(enforce_csrf_checks=True)

        def post(path: str, signature: str = "", body: bytes = raw) -> int:
            headers = {"X-Hub-Signature": signature} if signature else {}
            answer = browser.post(f"/hooks/jira/{path}", body, "application/json", headers=headers)
            return answer.status_code

        refused = [
            post(f"{pk}"),
            post(f"{pk}/nonsense"),
            post(f"{pk}/{secret}x"),
            post(f"{pk + 1}/{secret}"),
            post(f"{pk}", right[:-1] + ("0" if right[-1] != "0" else "1")),
            post(f"{pk}", right, raw + b" "),
            post(f"{pk}", right.replace("sha256", "sha1")),
            post(f"{pk}/{secret}", "sha256=00"),  # a signature that is there has to be right
        ]
        assert refused == [401] * 8 and not JiraBody.objects.exists()
        with CaptureQueriesContext(database) as seen:
            assert post(f"{pk}", right) == 202
        assert len(seen) <= 7
        assert post(f"{pk}/{secret}") == 202
        assert JiraBody.objects.get().times == 2
        assert browser.get(f"/hooks/jira/{pk}/{secret}").status_code == 405
        new = changes.new_secret(office.admin, pk)
        assert (post(f"{pk}/{secret}"), post(f"{pk}/{new}")) == (401, 202)
        changes.disconnect(office.admin, pk)
        assert post(f"{pk}/{new}") == 401


def test_what_was_settled_long_ago_is_forgotten_and_what_is_owed_is_not() -> None:
    with connected(Jira("server", []), MAPPING) as office:
        office.send(told(one()))
        office.take()
        office.send(b'{"webhookEvent": "jira:issue_deleted"}')
        later = timezone.now() + hooks.KEPT_FOR + timedelta(days=1)
        assert hooks.forget_old(later) == 1
        assert hooks.waiting_connections() == [office.connection.pk]
