"""One status row as the mapping reads it, and what is wrong with the cells that cannot be used."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

from allocation.portfolio_import.mapping import ImportMapping, JudgementTerms, Weighed, plain
from allocation.portfolio_import.table import Line, read_table
from spm.sheets import cells
from spm.sheets.cells import Unreadable
from spm.sheets.problems import Problem, quoted

LONGEST_NAME = 200
MOST_PER_MONTH = Decimal("100000000000")
CENT = Decimal("0.01")
CONTROL_CHARACTERS = dict.fromkeys([*range(32), *range(127, 160)], " ")

Value = TypeVar("Value")


@dataclass(frozen=True)
class Judged:
    """What one judgement column of a row says; ``verbatim`` is the cell as it stands."""

    terms: JudgementTerms
    verbatim: str
    weighed: Weighed


@dataclass(frozen=True)
class StatusRow:
    """One bet in one period.

    ``rate`` and ``full_rate`` are currency per month, None where the row does not say;
    ``benefits`` and ``whole_life_cost`` are in the file's own unit.
    """

    line: int
    period: int
    name: str
    key: str
    stream: str
    theme: str
    description: str = ""
    rate: Decimal | None = None
    full_rate: Decimal | None = None
    starts: date | None = None
    ends: date | None = None
    benefits: Decimal | None = None
    whole_life_cost: Decimal | None = None
    judged: tuple[Judged, ...] = ()


@dataclass
class Reading:
    """The rows of a file that can be used, and everything that could not be."""

    rows: list[StatusRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    encoding: str = ""
    separator: str = ""
    lines: int = 0

    @property
    def left_out(self) -> int:
        """How many rows were left out as a whole."""
        return len({problem.line for problem in self.problems if problem.whole_row})


def read_rows(content: bytes, mapping: ImportMapping) -> Reading:
    """Read a file of status rows.

    Every line of the file is either in ``rows`` or named by a problem that leaves it out.

    Raises:
        Unusable: the file as a whole cannot be taken apart.
    """
    table = read_table(content, mapping.file, mapping.columns())
    reading = Reading(
        problems=list(table.problems), encoding=table.encoding, separator=table.separator
    )
    reading.lines = len(table.lines) + len(table.problems)
    for line in table.lines:
        row = _RowReader(mapping, line, reading.problems).read()
        if row is not None:
            reading.rows.append(row)
    _leave_out_repeated(reading)
    reading.problems.sort()
    return reading


class _RowReader:
    """Reads the cells of one line, and notes which of them cannot be used."""

    def __init__(self, mapping: ImportMapping, line: Line, problems: list[Problem]) -> None:
        self.mapping = mapping
        self.line = line
        self.problems = problems

    def read(self) -> StatusRow | None:
        """The row, or None where it is left out; says why in either case."""
        mapping = self.mapping
        period = self._period()
        name = self.text(mapping.bet.name)
        stream = mapping.stream.canonical(self.text(mapping.stream.column))
        if period is None:
            return None
        unusable = self._unusable(name, stream)
        if unusable is not None:
            self._leave_out(*unusable)
            return None
        return StatusRow(
            line=self.line.number,
            period=period,
            name=name,
            key="".join(self.text(mapping.bet.key).split()),
            stream=stream[:120],
            theme=self.text(mapping.theme.column)[:120],
            description=self.text(mapping.bet.description),
            rate=self._rate(),
            full_rate=self._full_rate(),
            starts=self._date(mapping.starts),
            ends=self._date(mapping.ends),
            benefits=self._amount(mapping.worth.benefits, quiet=True),
            whole_life_cost=self._amount(mapping.worth.whole_life_cost, quiet=True),
            judged=tuple(self._judged(terms) for terms in mapping.judgements),
        )

    def _unusable(self, name: str, stream: str) -> tuple[str, str] | None:
        """The column and the reason for which the row cannot be taken at all, or None."""
        terms = self.mapping
        if not name or not stream:
            column = terms.stream.column if name else terms.bet.name
            return column, "it is empty, and a row cannot be told apart without it"
        if len(name) > LONGEST_NAME:
            return terms.bet.name, f"a name has at most {LONGEST_NAME} characters, not {len(name)}"
        return None

    def text(self, column: str) -> str:
        """A cell with single spaces and no control characters; empty for no column."""
        cell = self.line.cells.get(column, "") if column else ""
        return " ".join(cell.translate(CONTROL_CHARACTERS).split())

    def _note(self, column: str, reason: str) -> None:
        self.problems.append(Problem(self.line.number, column, reason))

    def _leave_out(self, column: str, reason: str) -> None:
        self.problems.append(Problem(self.line.number, column, reason, whole_row=True))

    def _period(self) -> int | None:
        terms = self.mapping.period
        if terms.every_row is not None:
            return terms.every_row
        try:
            return cells.year(self.text(terms.column))
        except Unreadable as error:
            self._leave_out(terms.column, str(error))
            return None

    def _read(self, column: str, reader: Callable[[str], Value], quiet: bool) -> Value | None:
        text = self.text(column)
        if cells.is_undisclosed(text, self.mapping.file.undisclosed):
            if text and not quiet:
                self._note(column, f"{quoted(text)} is not disclosed")
            return None
        try:
            return reader(text)
        except Unreadable as error:
            self._note(column, str(error))
            return None

    def _amount(self, column: str, quiet: bool = False) -> Decimal | None:
        if not column:
            return None
        return self._read(column, lambda text: cells.amount(text, self.mapping.file.decimal), quiet)

    def _date(self, column: str) -> date | None:
        if not column:
            return None
        day_first = self.mapping.file.day_first
        return self._read(column, lambda text: cells.day(text, day_first=day_first), quiet=False)

    def _rate(self) -> Decimal | None:
        """Currency per month: from the first funding column that holds a usable amount."""
        columns = self.mapping.funding.columns
        for column in columns:
            rate = self._per_month(column)
            if rate is not None:
                return rate
        if not any(self.text(column) for column in columns):
            self._note(columns[0], "no funding is given")
        return None

    def _full_rate(self) -> Decimal | None:
        """Currency per month that the work was meant to have; a problem with it is told once."""
        column = self.mapping.funding.full
        if not column:
            return None
        known = len(self.problems)
        rate = self._per_month(column)
        if column in self.mapping.funding.columns:
            del self.problems[known:]
        return rate

    def _per_month(self, column: str) -> Decimal | None:
        value = self._amount(column)
        if value is None:
            return None
        terms = self.mapping.funding
        rate = value * Decimal(str(terms.unit)) / terms.months
        if rate < 0:
            self._note(column, f"{quoted(self.text(column))} is below zero, and funding is not")
            return None
        if rate >= MOST_PER_MONTH:
            self._note(column, f"{quoted(self.text(column))} is more than can be held; see unit")
            return None
        return rate.quantize(CENT, ROUND_HALF_UP)

    def _judged(self, terms: JudgementTerms) -> Judged:
        text = self.text(terms.column)
        weighed = terms.values.get(plain(text))
        if weighed is None:
            weighed = Weighed()
            if not cells.is_undisclosed(text, self.mapping.file.undisclosed):
                known = ", ".join(map(quoted, terms.values))
                self._note(terms.column, f"{quoted(text)} is not a known value; known: {known}")
        return Judged(terms, text, weighed)


def _leave_out_repeated(reading: Reading) -> None:
    """A key, or a name within a stream, stands once in a period; the first row is taken."""
    seen: dict[tuple[int, str, str], int] = {}
    kept = []
    for row in reading.rows:
        marks = [(row.period, row.stream.casefold(), row.name.casefold())]
        if row.key:
            marks = [(row.period, "key", row.key.casefold())]
        first = next((seen[mark] for mark in marks if mark in seen), None)
        if first is not None:
            reason = f"the same bet already stands on line {first} for {row.period}"
            reading.problems.append(Problem(row.line, "", reason, whole_row=True))
            continue
        seen.update(dict.fromkeys(marks, row.line))
        kept.append(row)
    reading.rows = kept
