"""The body of a webhook: which event it is of, and what it says.

Bodies differ between Cloud, Server and older Servers: an issue with all its fields, with six, or
none; a comment beside it, in it, or alone. What is not used is known as that.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from evidence.jira.facts import (
    YEARS,
    CommentSaid,
    IssueSaid,
    Unreadable,
    id_of,
    read_comment,
    read_issue,
)
from evidence.jira.text import clean, short
from spm.api.strict_json import decode
from spm.errors import Invalid

ISSUE_DELETED, COMMENT_DELETED = "jira:issue_deleted", "comment_deleted"
OF_ISSUES = {"jira:issue_created", "jira:issue_updated", ISSUE_DELETED}
OF_COMMENTS = {"comment_created", "comment_updated", COMMENT_DELETED}
#: What lies further ahead than clocks differ would count for ever after.
AHEAD = timedelta(days=1)
_ISSUE_IN_ADDRESS = re.compile(r"/issue/([0-9]{1,19})/comment/")


@dataclass(frozen=True)
class Body:
    """What a body is; ``said`` is None for an event that is not used."""

    event: str
    said: IssueSaid | None


def read_body(raw: bytes, names: Collection[str], now: datetime) -> Body:
    """What came.

    Args:
        raw: the bytes.
        names: the fields that a mapping names.
        now: no moment may lie far beyond it.

    Raises:
        Unreadable: it is not JSON, or not what Jira sends of such an event.
    """
    try:
        body = decode(raw)
    except Invalid as refusal:
        raise Unreadable(short(" ".join(refusal.fields.values()), 300)) from refusal
    if not isinstance(body, Mapping):
        raise Unreadable("The body is no object.")
    event = body.get("webhookEvent")
    named = short(clean(event), 100) if isinstance(event, str) else ""
    if named not in OF_ISSUES | OF_COMMENTS:
        return Body(named, None)
    said = _said(body, named, names)
    _refuse_the_future(said, now + AHEAD)
    return Body(named, said)


def _said(body: Mapping[str, Any], event: str, names: Collection[str]) -> IssueSaid:
    comment, issue = _part(body, "comment"), _part(body, "issue")
    if issue is None:
        if event in OF_ISSUES or comment is None:
            raise Unreadable("The message holds no issue.")
        said = IssueSaid(_issue_of(comment))
    else:
        said = read_issue(issue, names, _sent(body), _change(body))
    if comment is not None:
        one = _comment(comment, said.issue_id, event)
        said = replace(said, comments=(*said.comments, one))
    # Only a search is known to show all of them.
    return replace(said, deleted=event == ISSUE_DELETED, has_all_comments=False)


def _comment(comment: Mapping[str, Any], issue_id: str, event: str) -> CommentSaid:
    if event == COMMENT_DELETED:
        comment_id = id_of(comment)
        if not comment_id:
            raise Unreadable("The comment has no id.")
        return CommentSaid(comment_id, issue_id, "", deleted=True)
    read = read_comment(comment, issue_id)
    if read is None:
        raise Unreadable("The comment has no id or no time.")
    return read


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    found = body.get(name)
    return found if isinstance(found, Mapping) else None


def _issue_of(comment: Mapping[str, Any]) -> str:
    """The issue that a comment without one belongs to stands in its address."""
    address = comment.get("self")
    found = _ISSUE_IN_ADDRESS.search(address) if isinstance(address, str) else None
    if found is None:
        raise Unreadable("The message does not say of which issue the comment is.")
    return found.group(1)


def _sent(body: Mapping[str, Any]) -> datetime | None:
    """When it was sent, in milliseconds since 1970."""
    sent = body.get("timestamp")
    if isinstance(sent, bool) or not isinstance(sent, int) or not 0 < sent < 10**14:
        return None
    moment = datetime.fromtimestamp(sent / 1000, UTC)
    return moment if moment.year in YEARS else None


def _change(body: Mapping[str, Any]) -> int:
    """The id of the change in it, 0 where there is none."""
    log = _part(body, "changelog")
    number = id_of(log) if log is not None else ""
    return int(number) if number.isdigit() and len(number) < 20 else 0


def _refuse_the_future(said: IssueSaid, latest: datetime) -> None:
    limit = f"{latest.astimezone(UTC):%Y%m%dT%H%M%S%f}"
    stamps = [fact[0] for fact in said.facts.values()] + [each.stamp for each in said.comments]
    if any(each > limit for each in stamps):
        raise Unreadable("It speaks of a time that is still to come.")
