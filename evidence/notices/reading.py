"""What the page of notices shows, and marking them as read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from evidence.models import Notice, NoticeChoice, NoticeKind
from evidence.notices.tell import LIVE_NAME
from spm import live
from spm.accounts.models import User

ROWS = 50


@dataclass(frozen=True)
class Page:
    """Some notices, newest first, and the id before which the next page begins (or None)."""

    rows: list[Notice]
    older: int | None


def notices_of(person: User, only_unread: bool, kind: str) -> "QuerySet[Notice]":
    """A person's notices that the filters leave; a kind that does not exist leaves all."""
    rows = Notice.objects.of(person)
    if only_unread:
        rows = rows.unread()
    if kind in NoticeKind.values:
        rows = rows.filter(kind=kind)
    return rows.select_related("portfolio")


def page_of(rows: "QuerySet[Notice]", before: int | None) -> Page:
    """One page; unread first within it. One query."""
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-id")[: ROWS + 1])
    shown = found[:ROWS]
    older = shown[-1].pk if len(found) > ROWS else None
    return Page(sorted(shown, key=lambda row: row.read_at is not None), older)


# Every page asks this; put together by the ORM, it takes four times as long as the answer does.
_UNREAD = f"""
    SELECT count(*) FROM {Notice._meta.db_table} AS notice
    WHERE notice.person_id = %s AND notice.read_at IS NULL AND notice.portfolio_id = ANY(%s)
      AND NOT EXISTS (
        SELECT FROM {NoticeChoice._meta.db_table} AS choice
        WHERE choice.person_id = notice.person_id AND choice.kind = notice.kind
          AND NOT choice.on_page)
"""


def count_unread(person_id: int, portfolio_ids: Sequence[int]) -> int:
    """How many notices of a person in these portfolios are unread; one query, or none."""
    if not portfolio_ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_UNREAD, [person_id, list(portfolio_ids)])
        (count,) = cursor.fetchone()
    return int(count)


def mark_read(person: User, **which: Any) -> int:
    """Mark some of a person's notices as read; how many were not before."""
    marked: int = Notice.objects.of(person).unread().filter(**which).update(read_at=timezone.now())
    if marked:
        live.say_to(person.pk, LIVE_NAME)
    return marked
