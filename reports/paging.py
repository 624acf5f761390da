"""Pages of rows that were worked out: each begins below the last row of the one before it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, and the key with which the next page begins, or ''."""

    rows: list[Row]
    older: str


def page_of(rows: Sequence[Row], key_of: Callable[[Row], str], before: str, size: int) -> Page[Row]:
    """The page below the row with this key; the first one where no row has it (any more)."""
    keys = [key_of(row) for row in rows] if before else []
    start = keys.index(before) + 1 if before in keys else 0
    shown = list(rows[start : start + size])
    return Page(shown, key_of(shown[-1]) if start + size < len(rows) else "")
