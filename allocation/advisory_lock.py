"""Advisory locks of the database: who works on something, across processes and transactions."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def tried(space: int, number: int) -> Iterator[bool]:
    """Try a lock; whether it is ours. It outlives transactions, and ends with the connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [space, number])
        (mine,) = cursor.fetchone()
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [space, number])
