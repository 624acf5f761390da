"""Workbooks that we write: typed cells, no formula, nothing that a spreadsheet would run.

Rows are written as they come and never held in memory together, so a sheet may be long.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import IO, Any

import xlsxwriter

LONGEST_CELL = 32_767
LONGEST_NAME = 31
MOST_ROWS = 1_048_576
WIDEST = 60
LOOKED_AT = 50

#: No text becomes a formula, a number or a link, whatever it looks like.
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
    "nan_inf_to_errors": False,
}


@dataclass(frozen=True)
class Sheet:
    """A sheet: its name and its rows, the head first.

    Cells are text, numbers, dates, moments (written in UTC, without the zone, which spreadsheets
    do not have) or None for nothing.
    """

    name: str
    rows: Iterable[Sequence[Any]]


def write_workbook(file: IO[bytes], sheets: Iterable[Sheet]) -> None:
    """Write an XLSX workbook.

    Args:
        file: where to; has to be seekable.
        sheets: each is written out before the next is asked for its rows.

    Raises:
        ValueError: a sheet has more rows than a spreadsheet can hold.
    """
    # Closed also after an error: rows wait in files of their own until then.
    with xlsxwriter.Workbook(file, OPTIONS) as workbook:
        formats = {
            "head": workbook.add_format({"bold": True}),
            date: workbook.add_format({"num_format": "yyyy-mm-dd"}),
            datetime: workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            Decimal: workbook.add_format({"num_format": "#,##0.00"}),
        }
        for sheet in sheets:
            _write(workbook.add_worksheet(_name(sheet.name)), sheet, formats)


def _name(text: str) -> str:
    """What a sheet may be called."""
    return clean("".join(" " if mark in "[]:*?/\\" else mark for mark in text))[:LONGEST_NAME]


def clean(text: str) -> str:
    """The text without control characters, as long as a cell may be."""
    return "".join(mark for mark in text if mark in "\t\n" or mark.isprintable())[:LONGEST_CELL]


def _write(page: Any, sheet: Sheet, formats: dict[Any, Any]) -> None:
    rows = iter(sheet.rows)
    first = [row for _, row in zip(range(LOOKED_AT), rows, strict=False)]
    for column, width in enumerate(_widths(first)):
        page.set_column(column, column, width)
    page.freeze_panes(1, 0)
    for number, row in enumerate(_chained(first, rows)):
        if number >= MOST_ROWS:
            raise ValueError(f"A sheet holds {MOST_ROWS:,} rows at most.")
        for column, cell in enumerate(row):
            _write_cell(page, number, column, cell, formats)


def _chained(first: list[Sequence[Any]], rest: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    yield from first
    yield from rest


def _widths(rows: list[Sequence[Any]]) -> list[int]:
    """How wide each column is, by its first rows."""
    widths: list[int] = []
    for row in rows:
        for column, cell in enumerate(row):
            length = min(WIDEST, len(str(cell if cell is not None else "")) + 2)
            if column == len(widths):
                widths.append(length)
            widths[column] = max(widths[column], length)
    return widths


def _write_cell(page: Any, row: int, column: int, cell: Any, formats: dict[Any, Any]) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, datetime):
        moment = cell.astimezone(UTC).replace(tzinfo=None)
        page.write_datetime(row, column, moment, formats[datetime])
    elif isinstance(cell, date):
        page.write_datetime(row, column, cell, formats[date])
    elif isinstance(cell, Decimal):
        page.write_number(row, column, float(cell), formats[Decimal])
    elif isinstance(cell, int | float) and not isinstance(cell, bool):
        page.write_number(row, column, cell)
    else:
        head = formats["head"] if row == 0 else None
        page.write_string(row, column, clean(str(cell)), head)
