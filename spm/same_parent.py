"""Foreign keys over two columns: what a row names must belong to the same portfolio (or bet).

Django states foreign keys over one column only; these are stated in migrations, so that no path
into a table can mix two portfolios.
"""

from django.db.migrations import RunSQL


def same_parent(table: str, column: str, target: str, parent: str = "portfolio_id") -> RunSQL:
    """A migration operation: (column, parent) of table refers to (id, parent) of target.

    Args:
        table: the table that refers.
        column: its foreign key; where it is null, nothing is checked.
        target: the table referred to, with a unique constraint on (id, parent).
        parent: the column that both must agree in.
    """
    name = f"{table}_{column}_same_{parent}"[:63]
    return RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column}, {parent}) "
        f"REFERENCES {target} (id, {parent}) DEFERRABLE INITIALLY DEFERRED",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )
