"""What the runtime role may do: the owner migrates, the runtime role owns nothing.

Run after each migration by the owner (``manage.py migrate --database owner``). Grants are made
anew each time, so that a table that became append-only loses what it had.
"""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db import connections

from spm.append_only import append_only_tables


def grant_runtime_role(connection: Any, runtime_role: str) -> None:
    """Give the runtime role what it needs on every table, and no more on append-only ones."""
    quote = connection.ops.quote_name
    role = quote(runtime_role)
    protected = set(append_only_tables())
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
        cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}")
        for table in connection.introspection.table_names(cursor):
            verbs = "SELECT, INSERT" if table in protected else "SELECT, INSERT, UPDATE, DELETE"
            if table == "django_migrations":
                verbs = "SELECT"
            cursor.execute(f"REVOKE ALL ON {quote(table)} FROM {role}")
            cursor.execute(f"GRANT {verbs} ON {quote(table)} TO {role}")


def grant_after_migrate(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Signal receiver: once the owner has migrated the last app, make the grants."""
    runtime_role = settings.DATABASES["default"]["USER"]
    connection = connections[using]
    if connection.settings_dict["USER"] == runtime_role:
        return  # one role for both, as in a database that somebody else administers
    grant_runtime_role(connection, runtime_role)
