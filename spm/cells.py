"""Cells of a CSV export: text is text, and never a formula in somebody's spreadsheet."""

from collections.abc import Iterable
from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠", "'")


def as_cells(row: Iterable[Any]) -> list[Any]:
    """The row with each text that a spreadsheet could take for a formula quoted.

    An apostrophe is put before it; one that stands there already is doubled, so that whoever reads
    the file back can tell (OWASP ASVS 5.0, 1.2.10). Numbers stay numbers.
    """
    return [as_text(cell) if isinstance(cell, str) else cell for cell in row]


def as_text(text: str) -> str:
    """One such text."""
    clean = "".join(mark for mark in text if mark in "\t\n" or mark.isprintable())
    return f"'{clean}" if clean.startswith(FORMULA_STARTS) else clean


def restored(text: str) -> str:
    """What a text was before ``as_text`` made it safe."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text
