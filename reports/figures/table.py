"""The table behind a picture: the same figures for whoever would rather read, and for CSV."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Column:
    """The head of a column."""

    label: str
    numeric: bool = False


@dataclass(frozen=True)
class Cell:
    """One cell; ``value`` is what a CSV holds where it differs from the text."""

    text: str
    href: str = ""
    numeric: bool = False
    value: Any = None


@dataclass(frozen=True)
class Table:
    """Rows of cells under their heads."""

    caption: str
    columns: Sequence[Column]
    rows: list[list[Cell]] = field(default_factory=list)

    def as_rows(self) -> list[list[Any]]:
        """For CSV: the heads, then the values."""
        heads: list[Any] = [column.label for column in self.columns]
        return [heads] + [
            [cell.text if cell.value is None else cell.value for cell in row] for row in self.rows
        ]
