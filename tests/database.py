"""The test database: migrated by its owner, used by the runtime role, emptied by its owner."""

from functools import cache

import redis
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connections

EMPTYING_ATTEMPTS = 3
NUMBER_ANEW = """
    SELECT setval(seqrelid, seqstart, false)
    FROM pg_sequence
    JOIN pg_depend ON objid = seqrelid AND classid = 'pg_class'::regclass
    WHERE refclassid = 'pg_class'::regclass AND refobjid = ANY(%s::regclass[])
"""


def migrate_as_owner() -> frozenset[str]:
    """Build the tables, as on a real start.

    Returns:
        The tables that migrations themselves have filled, which no test may empty.
    """
    call_command("migrate", database="owner", verbosity=0, interactive=False)
    return frozenset(_tables_with_rows())


def empty_as_owner(keep: frozenset[str]) -> None:
    """Take every row away that a test has committed, append-only tables included.

    The runtime role could not: it may not delete what is append-only.

    Args:
        keep: tables to leave alone.
    """
    try:
        for attempt in range(EMPTYING_ATTEMPTS):
            tables = [table for table in _tables_with_rows() if table not in keep]
            if not tables:
                return
            try:
                _delete_from(tables)
            except OperationalError:  # a worker is at work on them
                if attempt + 1 == EMPTYING_ATTEMPTS:
                    raise
    finally:
        connections["owner"].close()


def forget_who_looks() -> None:
    """Forget whose page was open: the next test's portfolio has the same number."""
    with redis.Redis.from_url(settings.LIVE_URL) as valkey:
        for key in valkey.scan_iter("present:*"):
            valkey.delete(key)


def _delete_from(tables: list[str]) -> None:
    """Delete all rows, and number anew from where the numbers began.

    TRUNCATE would need many times as long: it makes new files for each table and each index.
    """
    connection = connections["owner"]
    names = [connection.ops.quote_name(table) for table in tables]
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '5s'")
        # Neither what refuses to delete nor what looks for references is asked.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("; ".join(f"DELETE FROM {name}" for name in names))
        cursor.execute(NUMBER_ANEW, [names])


@cache
def _probes() -> str:
    connection = connections["owner"]
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    return " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {quote(table)})" for table in tables
    )


def _tables_with_rows() -> list[str]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(_probes())
        return [name for (name,) in cursor.fetchall()]
