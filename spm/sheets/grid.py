"""A file taken apart with nothing known about it: what it is, its header, and the cells below.

A CSV file or a spreadsheet, recognised by its content and not by its name. All cells become text;
what they mean is the reader's business.
"""

import re
from collections import Counter
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from spm.cells import restored
from spm.sheets.problems import Problem, Unusable
from spm.sheets.text import SEPARATORS, decoded, joined_cells, records
from spm.sheets.workbook import is_workbook, rows_of_workbook

MOST_BYTES = 10_000_000
MOST_COLUMNS = 200
MOST_ROWS = 100_000
LINES_BEFORE_HEADER = 20
LOOKED_AT = 60
#: A header fills at least this share of the columns that the rows below it fill.
FILLED_BY_HEADER = 0.6

_NUMBER_OR_DAY = re.compile(r"[£$€¥\s(+\-−]*\d[\d.,:/\s'%)-]*")
_COMMA_DECIMALS = re.compile(r"\d{1,3}(\.\d{3})+,\d+|\d+,\d{1,2}|\d+,\d{4,}")
_POINT_DECIMALS = re.compile(r"\d{1,3}(,\d{3})+\.\d+|\d+\.\d{1,2}|\d+\.\d{4,}")
_PDF = b"%PDF"

Rows = list[tuple[int, list[str]]]


@dataclass(frozen=True)
class Grid:
    """The columns of a file and its rows, each with the line on which it begins.

    ``kind`` is 'csv' or the kind of spreadsheet; ``encoding`` and ``separator`` are those of a CSV
    file, ``sheet`` is the name of the sheet that was read. ``header`` are the first and the last
    line of the header. ``misshapen`` are the rows with more cells than the header; ``problems``
    says so of each.
    """

    kind: str
    columns: list[str]
    header: tuple[int, int]
    rows: Rows
    encoding: str = ""
    separator: str = ""
    sheet: str = ""
    problems: list[Problem] = field(default_factory=list)
    misshapen: Rows = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The grid as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> "Grid":
        """The grid again."""
        problems = [Problem(**each) for each in given["problems"]]
        rows, misshapen = (
            [(number, cells) for number, cells in given[name]] for name in ("rows", "misshapen")
        )
        header = (given["header"][0], given["header"][1])
        read = {"problems": problems, "rows": rows, "misshapen": misshapen, "header": header}
        return cls(**{**given, **read})

    def column(self, name: str) -> list[str]:
        """The cells of a column, from the first row to the last."""
        place = self.columns.index(name)
        return [cells[place] for _, cells in self.rows]


def read_grid(content: bytes) -> Grid:
    """Take a file apart.

    Raises:
        Unusable: it is too large, no table, or nothing that can be read; the text is one line.
    """
    if len(content) > MOST_BYTES:
        raise Unusable(f"The file is larger than {MOST_BYTES // 1_000_000} MB: split it.")
    if not content.strip():
        raise Unusable("The file is empty.")
    if content.startswith(_PDF):
        raise Unusable("The file is a PDF, whatever its name: save the table as CSV or XLSX.")
    if is_workbook(content):
        kind, sheet, rows = rows_of_workbook(content)
        return _grid(rows, kind=kind, sheet=sheet)
    text, encoding = decoded(content)
    text = joined_cells(text)
    separator = separator_of(text)
    return _grid(_numbered(text, separator), kind="csv", encoding=encoding, separator=separator)


def separator_of(text: str) -> str:
    """The separator by which most of the first records have the same number of cells."""
    return max(SEPARATORS, key=lambda separator: _agreement(text, separator))


def _agreement(text: str, separator: str) -> tuple[int, int]:
    """How many records agree on a number of cells above one, and on how many."""
    try:
        widths = Counter(len(cells) for _, cells in islice(records(text, separator), LOOKED_AT))
    except Unusable:
        return 0, 0
    several = {width: count for width, count in widths.items() if width > 1}
    if not several:
        return 0, 0
    width = max(several, key=lambda each: (several[each], each))
    return several[width], width


def _numbered(text: str, separator: str) -> Rows:
    rows: Rows = []
    for number, cells in records(text, separator):
        if any(cell.strip() for cell in cells):
            rows.append((number, cells))
        if len(rows) > MOST_ROWS + LINES_BEFORE_HEADER:
            break
    return rows


# --- the header -----------------------------------------------------------------------------------


def _grid(rows: Rows, **of: str) -> Grid:
    filled = [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]
    if len(filled) < 2:
        raise Unusable("The file has no rows below a header: it needs one line that names columns.")
    first, last = _header_of(filled)
    columns = _names([cells for _, cells in filled[first : last + 1]])
    if len(columns) > MOST_COLUMNS:
        raise Unusable(
            f"The file has {len(columns):,} columns, and at most {MOST_COLUMNS} can be read: "
            "leave out those that are not needed."
        )
    below = filled[last + 1 :]
    if len(below) > MOST_ROWS:
        raise Unusable(f"The file has more than {MOST_ROWS:,} rows: split it.")
    if not below:
        raise Unusable("The file has a header and no rows below it.")
    kept, misshapen = _parted(below, len(columns))
    return Grid(
        columns=columns,
        header=(filled[first][0], filled[last][0]),
        rows=kept,
        problems=[_too_many(number, len(cells), len(columns)) for number, cells in misshapen],
        misshapen=misshapen,
        **of,
    )


def _parted(rows: Rows, width: int) -> tuple[Rows, Rows]:
    """Rows made as wide as the header, and such as hold more than it has columns."""
    kept: Rows = []
    misshapen: Rows = []
    for number, cells in rows:
        bare = [_clean(cell) for cell in cells]
        if any(bare[width:]):
            misshapen.append((number, bare))
        else:
            kept.append((number, _padded(bare[:width], width)))
    return kept, misshapen


def _too_many(line: int, cells: int, columns: int) -> Problem:
    reason = (
        f"it has {cells} cells where the header has {columns}; a cell that holds the separator "
        "must stand in quotes"
    )
    return Problem(line, "", reason, whole_row=True)


def _clean(cell: str) -> str:
    """The text of a cell without what can be neither stored nor shown, nor what an export put
    before it so that no spreadsheet takes it for a formula.
    """
    return restored("".join(mark for mark in cell if mark.isprintable() or mark in "\n\t").strip())


def _header_of(rows: Rows) -> tuple[int, int]:
    """The places of the header's first and last line among the rows."""
    width = _usual_width(rows)
    for place, (_, cells) in enumerate(rows[:LINES_BEFORE_HEADER]):
        names = [cell for cell in cells if cell.strip()]
        if len(names) < max(1, FILLED_BY_HEADER * width) or not _are_names(names):
            continue
        return place, place + _goes_on(cells, rows[place + 1 : place + 2])
    return 0, 0


def _usual_width(rows: Rows) -> int:
    """How many cells of a row are filled, in the middle of what the first rows have."""
    counts = sorted(sum(bool(cell.strip()) for cell in cells) for _, cells in rows[:LOOKED_AT])
    return counts[len(counts) // 2]


def _are_names(cells: list[str]) -> bool:
    """Whether cells name columns: words, and nearly all of them different."""
    figures = sum(bool(_NUMBER_OR_DAY.fullmatch(cell.strip())) for cell in cells)
    return figures * 3 <= len(cells) and len(set(cells)) * 4 >= len(cells) * 3


def _goes_on(cells: list[str], following: Rows) -> int:
    """1 where the next line names what merged cells of this one leave open, else 0."""
    if not following:
        return 0
    below = following[0][1]
    width = max(len(cells), len(below))
    upper, lower = _padded(cells, width), _padded(below, width)
    gaps = [place for place in range(width) if not upper[place].strip()]
    named = [cell for cell in lower if cell.strip()]
    fills = bool(gaps) and all(lower[place].strip() for place in gaps)
    return int(fills and _are_names(named) and any(not cell.strip() for cell in lower))


def _names(header: list[list[str]]) -> list[str]:
    """One name for each column: of two header lines both, of equal names the second numbered."""
    width = max(len(cells) for cells in header)
    names = [" ".join(cell.split()) for cell in _padded(header[0], width)]
    if len(header) > 1:
        below = [" ".join(cell.split()) for cell in _padded(header[1], width)]
        above = _carried_on(names)
        names = [
            f"{group} {name}" if group and name else (name or own)
            for group, own, name in zip(above, names, below, strict=True)
        ]
    while names and not names[-1]:
        names.pop()
    seen: Counter[str] = Counter()
    told = []
    for place, name in enumerate(names, start=1):
        name = name or f"Column {place}"
        seen[name.casefold()] += 1
        count = seen[name.casefold()]
        told.append(f"{name} ({count})" if count > 1 else name)
    return told


def _carried_on(names: list[str]) -> list[str]:
    """What merged cells say, over all of the columns that they span."""
    carried, last = [], ""
    for name in names:
        last = name or last
        carried.append(last)
    return carried


def _padded(cells: list[str], width: int) -> list[str]:
    return cells + [""] * (width - len(cells))


# --- how figures and days are written -------------------------------------------------------------


def decimal_sign_of(cells: list[str]) -> str:
    """The sign before the decimals, by what most of the cells can only mean: '.' or ','."""
    bare = [re.sub(r"[^\d.,]", "", cell) for cell in cells if any(c.isdigit() for c in cell)]
    comma = sum(bool(_COMMA_DECIMALS.fullmatch(cell)) for cell in bare)
    point = sum(bool(_POINT_DECIMALS.fullmatch(cell)) for cell in bare)
    return "," if comma > point else "."


def day_first_of(cells: list[str]) -> bool:
    """Whether 03/04/2026 is the third of April here, by the days that can only be one."""
    pairs = [
        (int(found[1]), int(found[2]))
        for cell in cells
        if (found := re.match(r"\s*(\d{1,2})[./-](\d{1,2})[./-]\d{2,4}", cell))
    ]
    month_first = sum(second > 12 >= first for first, second in pairs)
    day_first = sum(first > 12 >= second for first, second in pairs)
    return day_first >= month_first
