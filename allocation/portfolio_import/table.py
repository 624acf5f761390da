"""The file as it really is: its encoding, its separator, its header, and the lines of its rows."""

from collections.abc import Iterable
from dataclasses import dataclass

from allocation.portfolio_import.mapping import FileTerms
from spm.sheets.problems import Problem, Unusable, quoted
from spm.sheets.text import SEPARATORS, decoded, joined_cells, records

MOST_BYTES = 64 * 1024 * 1024
MOST_ROWS = 200_000
LINES_BEFORE_HEADER = 20


@dataclass(frozen=True)
class Line:
    """One record: the line on which it begins, and its cells by column name."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """The records of a file, and those that are not shaped like the header."""

    encoding: str
    separator: str
    lines: list[Line]
    problems: list[Problem]


def read_table(content: bytes, terms: FileTerms, columns: Iterable[str]) -> Table:
    """Take a CSV file apart.

    Args:
        content: the bytes of the file.
        terms: its encoding and separator where the mapping states them.
        columns: the columns that the mapping needs; what stands above the header is passed over.

    Raises:
        Unusable: not text, too large, or no header with these columns.
    """
    if len(content) > MOST_BYTES:
        raise Unusable(f"The file is larger than {MOST_BYTES} bytes; split it by year.")
    text, encoding = decoded(content, terms.encoding)
    text = joined_cells(text)
    wanted = list(columns)
    best: tuple[list[str], str] | None = None
    for separator in [terms.separator] if terms.separator else SEPARATORS:
        missing = _missing_columns(text, separator, wanted)
        if not missing:
            return _taken_apart(text, encoding, separator, wanted)
        if best is None or len(missing) < len(best[0]):
            best = (missing, separator)
    assert best is not None
    raise Unusable(_no_header(text, *best))


def _header(text: str, separator: str, wanted: list[str]) -> tuple[int, list[str]]:
    """The record within the first few that has most of the columns."""
    best: tuple[int, list[str]] = (1, [])
    found = -1
    for count, (line, cells) in enumerate(records(text, separator)):
        names = [" ".join(cell.split()) for cell in cells]
        present = _present(names, wanted)
        if present > found:
            best, found = (line, names), present
        if present == len(wanted) or count >= LINES_BEFORE_HEADER:
            break
    return best


def _present(names: list[str], wanted: list[str]) -> int:
    known = {name.casefold() for name in names}
    return sum(column.casefold() in known for column in wanted)


def _missing_columns(text: str, separator: str, wanted: list[str]) -> list[str]:
    _, names = _header(text, separator, wanted)
    known = {name.casefold() for name in names}
    return [column for column in wanted if column.casefold() not in known]


def _no_header(text: str, missing: list[str], separator: str) -> str:
    _, names = _header(text, separator, [])
    lacks = ", ".join(map(quoted, missing))
    has = ", ".join(map(quoted, names)) or "nothing"
    return (
        "The file has no header with the columns that the mapping names. "
        f"Missing: {lacks}. Its first line has: {has}."
    )


def _taken_apart(text: str, encoding: str, separator: str, wanted: list[str]) -> Table:
    header_line, names = _header(text, separator, wanted)
    spelled = {column.casefold(): column for column in wanted}
    header = [spelled.get(name.casefold(), name) for name in names]
    doubled = sorted({column for column in wanted if header.count(column) > 1})
    if doubled:
        raise Unusable(f"The header has the column {quoted(doubled[0])} more than once.")
    lines: list[Line] = []
    problems: list[Problem] = []
    for number, cells in records(text, separator):
        if number <= header_line or not any(cell.strip() for cell in cells):
            continue
        if len(lines) >= MOST_ROWS:
            raise Unusable(f"The file has more than {MOST_ROWS} rows.")
        problem = _misshapen(number, cells, header)
        if problem is not None:
            problems.append(problem)
            continue
        lines.append(Line(number, dict(zip(header, cells, strict=False))))
    return Table(encoding, separator, lines, problems)


def _misshapen(number: int, cells: list[str], header: list[str]) -> Problem | None:
    """Cells too many or too few; empty ones at the end are what spreadsheets leave behind."""
    surplus = cells[len(header) :]
    if len(cells) < len(header) or any(cell.strip() for cell in surplus):
        reason = (
            f"it has {len(cells)} cells where the header has {len(header)}; "
            "a cell that holds the separator must stand in quotes"
        )
        return Problem(number, "", reason, whole_row=True)
    return None
