"""A portfolio that is connected to the small Jira, and what a test does with the two."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.test import override_settings
from django.utils import timezone

from bets.models import Bet
from evidence.jira import changes, hooks
from evidence.jira.pull import pull
from evidence.models import JiraConnection, JiraRun
from spm.accounts.models import Role
from spm.sealed import unseal
from tests.factories import make_member, make_portfolio
from tests.jira.data import Issue, comment_shown, issue_shown, time_of
from tests.jira.server import ACCOUNT, TOKEN, Jira

JQL = "project = PAY"


class Connected:
    """A portfolio, its administrator, and its connection to a site."""

    def __init__(self, jira: Jira, mapping: dict[str, Any] | None = None) -> None:
        self.jira = jira
        self.portfolio = make_portfolio()
        self.admin = make_member(self.portfolio, Role.ADMIN)
        self.connection = changes.connect(
            self.admin, self.portfolio, jira.url, ACCOUNT if jira.is_cloud else "", TOKEN
        )
        self.count = changes.search(self.admin, self.connection.pk, JQL)
        if mapping is not None:
            changes.set_mapping(self.admin, self.connection.pk, mapping, False)
        self.begin()

    def begin(self) -> None:
        """Press the button that begins the first sync, or goes on."""
        changes.resume(self.admin, self.connection.pk)
        self.connection.refresh_from_db()

    def pull(self) -> JiraRun:
        """Read until nothing is due; the newest run."""
        while pull(self.connection.pk):
            pass
        self.connection.refresh_from_db()
        return self.connection.runs.first()  # type: ignore[return-value]

    def later(self) -> JiraRun:
        """The same, when the next run is due."""
        long_ago = timezone.now() - timedelta(hours=1)
        self.connection.runs.update(started_at=long_ago)
        JiraConnection.objects.filter(pk=self.connection.pk).update(not_before=None)
        return self.pull()

    def send(self, body: Any) -> None:
        """Let a webhook come in, with the secret in its address."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.connection.refresh_from_db()
        secret = unseal(self.connection.sealed_secret)
        hooks.take_in(self.connection.pk, raw, "", secret)

    def take(self) -> None:
        """Let the worker take what came in."""
        while hooks.take_waiting(self.connection.pk):
            pass

    def bet(self, key: str = "PAY-1") -> Bet:
        """The bet that an issue became."""
        return Bet.objects.get(
            portfolio=self.portfolio, external_keys__source="jira", external_keys__key=key
        )


@contextmanager
def connected(jira: Jira, mapping: dict[str, Any] | None = None) -> Iterator[Connected]:
    """The small Jira running, reachable, and connected."""
    with jira, override_settings(OUTGOING_ALLOW=[jira.at]):
        yield Connected(jira, mapping)


def told(
    issue: Issue,
    event: str = "jira:issue_updated",
    at: datetime | None = None,
    change: int = 1,
    **more: Any,
) -> dict[str, Any]:
    """The body of a webhook about an issue as it is, as Cloud sends it."""
    shown = issue_shown(issue, "https://jira.example.org", "2", None)
    moment = at or issue.updated
    return {
        "timestamp": int(moment.timestamp() * 1000),
        "webhookEvent": event,
        "issue_event_type_name": "issue_generic",
        "issue": shown,
        "changelog": {"id": str(change), "items": []},
        **more,
    }


def told_of_comment(issue: Issue, number: int, event: str, alone: bool = False) -> dict[str, Any]:
    """The body of a webhook about a comment: with some fields of the issue, or alone."""
    comment = next(each for each in issue.comments if each.id == number)
    body = {
        "timestamp": int(comment.at.timestamp() * 1000),
        "webhookEvent": event,
        "comment": comment_shown(comment, issue, "https://jira.example.org", "2"),
    }
    if alone:
        return body
    shown = issue_shown(
        issue, "https://jira.example.org", "2", ["summary", "status", "issuetype", "project"]
    )
    return {**body, "issue": shown}


__all__ = ["JQL", "Connected", "connected", "time_of", "told", "told_of_comment"]
