"""Many rows at once: new ones by COPY, the quickest way in that PostgreSQL has, and changes of
many rows in one statement.
"""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from django.db import connections, models, router


def copy_in(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model as ``bulk_create`` would, in one COPY; each is given its id.

    Defaults are those of the model; keys, checks and triggers of the table hold as always. Only
    for models whose columns the database's driver writes as they are: no JSON, no arrays.

    Raises:
        IntegrityError: a constraint does not hold; nothing is written.
    """
    if not rows:
        return
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    fields = model._meta.concrete_fields
    key = model._meta.pk.attname
    names = [connection.ops.quote_name(str(field.column)) for field in fields]
    table = connection.ops.quote_name(model._meta.db_table)
    # What goes wrong comes as Django's own errors, as everywhere.
    with connection.cursor() as cursor, connection.wrap_database_errors:
        for row, identifier in zip(rows, _new_ids(cursor, model, len(rows)), strict=True):
            setattr(row, key, identifier)
        columns = itemgetter(*(field.attname for field in fields))
        with cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(columns(vars(row)))
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def write_over(rows: Sequence[models.Model], columns: Sequence[str]) -> None:
    """Write these columns of rows of one model as they stand on the objects, in one UPDATE.

    As ``save(update_fields=…)`` for each, but that no signals are sent and rows that are gone are
    passed over. Only for columns that the database's driver writes as they are.
    """
    if not rows:
        return
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    key = model._meta.pk
    fields = [key, *(model._meta.get_field(name) for name in columns)]
    names = [quote(str(field.column)) for field in fields]  # type: ignore[union-attr]
    arrays = [f"%s::{field.db_type(connection)}[]" for field in fields]
    set_to = ", ".join(f"{name} = new.{name}" for name in names[1:])
    values = [[getattr(row, field.attname) for row in rows] for field in fields]  # type: ignore[union-attr]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {quote(model._meta.db_table)} AS old SET {set_to}"
            f" FROM unnest({', '.join(arrays)}) AS new({', '.join(names)})"
            f" WHERE old.{names[0]} = new.{names[0]}",
            values,
        )


def _new_ids(cursor: Any, model: type[models.Model], count: int) -> list[int]:
    """As many new ids as there are rows, in rising order."""
    cursor.execute(
        "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
        [model._meta.db_table, model._meta.pk.column, count],
    )
    return [identifier for (identifier,) in cursor.fetchall()]
