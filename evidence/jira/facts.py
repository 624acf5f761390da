"""What somebody says of an issue at a time, so that it can be put together in any order.

Each fact carries a stamp: the moment of which it speaks (the issue's own ``updated``), the id of
the change that it was said with, and a digest of the value. Stamps of one field sort; the fact with
the highest is what is known. So the same facts lead to the same knowledge in whatever order, and
however often, they arrive.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from evidence.jira.text import plain, short

#: A stamp and a value, as they are stored.
Fact = list[str]
Facts = dict[str, Fact]

SUMMARY, STATUS, TYPE, KEY = "summary", "status", "issuetype", "key"
SINCE = "statuscategorychangedate"
#: Fields of which something is always known; others if a mapping names them.
ALWAYS = (SUMMARY, STATUS, TYPE, SINCE)
LONGEST_ID = 40
LONGEST_KEY = 255
YEARS = range(1990, 2200)


class Unreadable(Exception):
    """It is not what Jira says of an issue; the text says why, in a sentence."""


@dataclass(frozen=True)
class CommentSaid:
    """One comment as somebody says that it is; ``at`` is when it was last changed."""

    comment_id: str
    issue_id: str
    stamp: str
    text: str = ""
    author: str = ""
    at: datetime | None = None
    deleted: bool = False


@dataclass(frozen=True)
class IssueSaid:
    """What is said of one issue, as of ``moment``. ``facts`` may be few; ``has_all_comments`` where
    it had no others at that moment.
    """

    issue_id: str
    moment: datetime | None = None
    facts: Facts = field(default_factory=dict)
    comments: tuple[CommentSaid, ...] = ()
    deleted: bool = False
    has_all_comments: bool = False


def read_issue(
    issue: Mapping[str, Any],
    names: Collection[str],
    otherwise: datetime | None = None,
    change: int = 0,
) -> IssueSaid:
    """What an issue, as a search or a webhook shows it, says.

    Args:
        issue: with ``id``, ``key`` and ``fields``.
        names: the fields that a mapping names, beside those that are always read.
        otherwise: the moment of which it speaks where it does not say so itself.
        change: the id of the change that it was said with; 0 where there is none.

    Raises:
        Unreadable: it has no id, or no moment can be told.
    """
    issue_id, fields = id_of(issue), issue.get("fields")
    if not issue_id:
        raise Unreadable("The issue has no id.")
    if not isinstance(fields, Mapping):
        fields = {}
    moment = moment_of(fields.get("updated")) or otherwise
    if moment is None:
        raise Unreadable("Neither the issue nor the message says of which moment it speaks.")
    values = {name: plain(fields[name]) for name in {*ALWAYS, *names} if name in fields}
    if isinstance(issue.get("key"), str):
        values[KEY] = short(plain(issue["key"]), LONGEST_KEY)
    facts = {name: [stamp(moment, value, change), value] for name, value in values.items()}
    comments, complete = _comments_of(issue_id, fields.get("comment"))
    return IssueSaid(issue_id, moment, facts, comments, has_all_comments=complete)


def read_comment(comment: Mapping[str, Any], issue_id: str) -> CommentSaid | None:
    """What a comment says, or None for what cannot be told apart from others."""
    comment_id = id_of(comment)
    at = moment_of(comment.get("updated")) or moment_of(comment.get("created"))
    if not comment_id or not issue_id or at is None:
        return None
    text = plain(comment.get("body"))
    author = short(plain(comment.get("author")), 200)
    return CommentSaid(comment_id, issue_id, stamp(at, text), text, author, at)


def together(known: Facts, said: Facts) -> Facts:
    """What is known once something more is said: of each field the fact with the highest stamp."""
    newer = {
        name: fact for name, fact in said.items() if name not in known or fact[0] > known[name][0]
    }
    return {**known, **newer}


def value_of(facts: Facts, name: str) -> str:
    """The value of a field; nothing where nothing is known."""
    return facts[name][1] if name in facts else ""


def moment_in(facts: Facts, name: str) -> datetime | None:
    """The moment of which a fact speaks."""
    if name not in facts:
        return None
    return datetime.strptime(facts[name][0][:21], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)


def stamp(moment: datetime, value: str, change: int = 0) -> str:
    """By which two facts about one field are ordered, whoever says them."""
    digest = hashlib.sha256(value.encode()).hexdigest()[:16]
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%S%f}.{change:020d}.{digest}"


def moment_of(text: Any) -> datetime | None:
    """A time as Jira writes it (``2026-02-15T19:01:52.971-0800``), in UTC, or None."""
    if not isinstance(text, str) or len(text) > 40:
        return None
    try:
        read = datetime.fromisoformat(text)
        moment = None if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment is not None and moment.year in YEARS else None


def id_of(thing: Any) -> str:
    """The id of an issue or a comment as text, or nothing."""
    found = thing.get("id") if isinstance(thing, Mapping) else None
    text = str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
    return text if text.isascii() and text.isalnum() and len(text) <= LONGEST_ID else ""


def _comments_of(issue_id: str, given: Any) -> tuple[tuple[CommentSaid, ...], bool]:
    """The comments in an issue's fields, and whether they are all that it has."""
    rows = given.get("comments") if isinstance(given, Mapping) else None
    if not isinstance(given, Mapping) or not isinstance(rows, list):
        return (), False
    read = [read_comment(row, issue_id) for row in rows if isinstance(row, Mapping)]
    total = given.get("total")
    complete = isinstance(total, int) and total == len(rows)
    return tuple(each for each in read if each is not None), complete
