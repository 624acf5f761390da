"""The test database: migrated by its owner, used by the runtime role, emptied by its owner."""

import redis
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connections

EMPTYING_ATTEMPTS = 3


def migrate_as_owner() -> frozenset[str]:
    """Build the tables, as on a real start.

    Returns:
        The tables that migrations themselves have filled, which no test may empty.
    """
    call_command("migrate", database="owner", verbosity=0, interactive=False)
    return frozenset(_tables_with_rows())


def empty_as_owner(keep: frozenset[str]) -> None:
    """Take every row away that a test has committed, append-only tables included.

    The runtime role could not: it may neither TRUNCATE nor delete what is append-only.

    Args:
        keep: tables to leave alone.
    """
    for attempt in range(EMPTYING_ATTEMPTS):
        tables = [table for table in _tables_with_rows() if table not in keep]
        if not tables:
            break
        try:
            _truncate(tables)
        except OperationalError:  # a worker is at work on them
            if attempt + 1 == EMPTYING_ATTEMPTS:
                raise
    connections["owner"].close()


def forget_who_looks() -> None:
    """Forget whose page was open: the next test's portfolio has the same number."""
    with redis.Redis.from_url(settings.LIVE_URL) as valkey:
        for key in valkey.scan_iter("present:*"):
            valkey.delete(key)


def _truncate(tables: list[str]) -> None:
    connection = connections["owner"]
    names = ", ".join(connection.ops.quote_name(table) for table in tables)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '5s'")
        cursor.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")


def _tables_with_rows() -> list[str]:
    connection = connections["owner"]
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        probes = [f"SELECT '{t}' WHERE EXISTS (SELECT 1 FROM {quote(t)})" for t in tables]
        cursor.execute(" UNION ALL ".join(probes))
        return [name for (name,) in cursor.fetchall()]
