"""Locks that one worker takes at a time, and that end with its connection."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def only_one(space: int, number: int) -> Iterator[bool]:
    """Try an advisory lock, and say whether it is ours; it outlives transactions.

    Args:
        space: keeps the locks of one subject apart from those of another.
        number: which one, such as the id of a row.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [space, number])
        (mine,) = cursor.fetchone()
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [space, number])
