"""What an import tells at the end: a table of the years, and where the money went after a break."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from allocation.portfolio_import.identity import Identified
from allocation.portfolio_import.rows import Reading

MOST_PROBLEMS = 400
MILLION = 1_000_000


@dataclass(frozen=True)
class YearFigures:
    """One replayed period as it stood on the day that its rows speak of.

    ``funded``, ``on_broken`` in currency per month; ``gain`` over the horizon and
    ``spent_after_break``, since each break, in currency. ``seconds`` by what was done.
    """

    period: int
    observed_on: str
    bets: int
    funded: float
    evidence: int
    breaks: int
    revivals: int
    broken: int
    on_broken: float
    spent_after_break: float
    proposal: str
    moves: int
    gain: float
    seconds: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """The figures as they are kept with the imported period."""
        return asdict(self)


@dataclass(frozen=True)
class AfterBreakLine:
    """A bet that went on being funded after its thesis broke."""

    title: str
    stream: str
    broken_on: str
    spent: float
    rate: float


def reading_lines(reading: Reading, source: str) -> Iterator[str]:
    """What was read, and each thing that could not be taken."""
    separator = {"\t": "tab"}.get(reading.separator, reading.separator)
    yield (
        f"{source}: {reading.lines} rows read ({reading.encoding}, separated by {separator}): "
        f"{len(reading.rows)} taken, {reading.left_out} left out."
    )
    for problem in reading.problems[:MOST_PROBLEMS]:
        yield f"  {problem}"
    if len(reading.problems) > MOST_PROBLEMS:
        yield f"  … and {len(reading.problems) - MOST_PROBLEMS} more."


def identity_lines(identified: Identified, rows: int) -> Iterator[str]:
    """Which spellings were taken for one bet, and which nearly were."""
    yield f"{rows} rows are {len(identified.bets)} bets. Spellings taken for one:"
    for pair in identified.joined:
        yield f"  {pair.why:<12} {pair.names[0]}  =  {pair.names[1]}  ({pair.stream})"
    if identified.nearly:
        yield "Similar, and kept apart; settle them in the mapping with bet.same or bet.different:"
    for pair in identified.nearly:
        yield f"  {pair.similarity:<12.2f} {pair.names[0]}  ≠  {pair.names[1]}  ({pair.stream})"


def year_table(years: Iterable[YearFigures], currency: str) -> Iterator[str]:
    """The years as lines of text; money in millions."""
    header = (
        "year", "as of", "bets", "funded/mo", "evidence", "breaks", "revived", "broken",
        "on broken/mo", "spent after break", "proposal", "moves", "gain",
    )  # fmt: skip
    rows = [
        (
            str(year.period),
            year.observed_on,
            str(year.bets),
            _millions(year.funded),
            str(year.evidence),
            str(year.breaks),
            str(year.revivals),
            str(year.broken),
            _millions(year.on_broken),
            _millions(year.spent_after_break),
            year.proposal,
            str(year.moves),
            _millions(year.gain),
        )
        for year in years
    ]
    yield f"Year by year, nothing approved; money in millions of {currency}:"
    yield from _columns([header, *rows], left={1, 10})


def after_break_lines(lines: Sequence[AfterBreakLine], currency: str) -> Iterator[str]:
    """Where most was spent after the thesis had broken."""
    if not lines:
        yield "No bet held money after its thesis had broken."
        return
    yield f"Most spent after the thesis broke, in millions of {currency}:"
    rows = [("bet", "stream", "broken since", "spent", "per month now")]
    rows += [
        (line.title[:60], line.stream, line.broken_on, _millions(line.spent), _millions(line.rate))
        for line in lines
    ]
    yield from _columns(rows, left={0, 1, 2})


def _millions(amount: float) -> str:
    return f"{amount / MILLION:,.1f}"


def _columns(rows: Sequence[Sequence[str]], left: set[int]) -> Iterator[str]:
    """Rows as lines, each column as wide as its widest cell."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  " + "  ".join(cells).rstrip()
