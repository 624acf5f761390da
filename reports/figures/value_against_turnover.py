"""Value against turnover: what scenarios would gain, over how much money they move.

The line is what can be gained at most if no more than so much is moved; a scenario that loosens a
limit stands above today's line, one that tightens a limit below it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reports.figures.table import Cell, Column, Table
from spm import formats

WIDE, NARROW = 1000.0, 358.0
HEIGHT_OF = {WIDE: 320.0, NARROW: 280.0}
LEFT, RIGHT, TOP, BOTTOM = 64.0, 24.0, 24.0, 44.0
TICKS = 4
LETTER_WIDTH, LINE_HEIGHT = 6.6, 16.0
MOST_LETTERS = 28
MARKS = ("circle", "square", "diamond", "triangle")


@dataclass(frozen=True)
class Outcome:
    """What a scenario comes to: money moved (currency per month) and gain (currency)."""

    label: str
    turnover: float
    gain: float
    href: str = ""


@dataclass(frozen=True)
class Mark:
    """One scenario: its shape around (x, y), and its words at (text_x, text_y)."""

    shape: str
    x: float
    y: float
    text_x: float
    text_y: float
    is_end: bool
    label: str
    title: str
    href: str

    @property
    def points(self) -> str:
        """The corners of a shape that is no circle."""
        corners = {
            "square": ((-5, -5), (5, -5), (5, 5), (-5, 5)),
            "diamond": ((0, -7), (7, 0), (0, 7), (-7, 0)),
            "triangle": ((0, -7), (6.5, 5), (-6.5, 5)),
        }.get(self.shape, ())
        return " ".join(f"{self.x + dx:.1f},{self.y + dy:.1f}" for dx, dy in corners)


@dataclass(frozen=True)
class Tick:
    """A line of the grid with its words."""

    at: float
    label: str


@dataclass(frozen=True)
class ValueAgainstTurnover:
    """The picture."""

    marks: list[Mark]
    lines: list[str]
    across: list[Tick]
    up: list[Tick]
    width: float
    height: float
    zero: float
    table: Table
    summary: str

    @property
    def view_box(self) -> str:
        """The picture's own units."""
        return f"0 0 {self.width:.0f} {self.height:.0f}"

    @property
    def left(self) -> float:
        """Where the plot begins."""
        return LEFT

    @property
    def right(self) -> float:
        """Where the plot ends."""
        return self.width - RIGHT

    @property
    def bottom(self) -> float:
        """Where the plot ends below."""
        return self.height - BOTTOM


def value_against_turnover(
    outcomes: Sequence[Outcome],
    frontiers: Sequence[Sequence[tuple[float, float]]],
    currency: str,
    width: float = WIDE,
) -> ValueAgainstTurnover:
    """Lay the picture out.

    Args:
        outcomes: the scenarios, in the order of their marks.
        frontiers: for each line its points, as (turnover, gain), rising.
        currency: three capitals.
        width: of the view box: text keeps its size, so a phone gets a narrower picture.
    """
    height = HEIGHT_OF.get(width, HEIGHT_OF[WIDE])
    points = [(0.0, 0.0), *((each.turnover, each.gain) for each in outcomes)]
    points += [point for line in frontiers for point in line]
    plot = _Plot(points, width, height)
    return ValueAgainstTurnover(
        marks=_marks(outcomes, plot, currency),
        lines=[
            " ".join(f"{plot.x(across):.1f},{plot.y(up):.1f}" for across, up in line)
            for line in frontiers
            if len(line) > 1
        ],
        across=[Tick(plot.x(value), formats.rate(value, currency)) for value in plot.ticks_across],
        up=[Tick(plot.y(value), formats.money(value, currency)) for value in plot.ticks_up],
        width=width,
        height=height,
        zero=plot.y(0.0),
        table=_table(outcomes, frontiers, currency),
        summary=_summary(outcomes, currency),
    )


class _Plot:
    """From money to places."""

    def __init__(self, points: Sequence[tuple[float, float]], width: float, height: float) -> None:
        most_across = max((across for across, _ in points), default=0.0)
        low = min(0.0, *(up for _, up in points))
        high = max(0.0, *(up for _, up in points))
        self.ticks_across = _ticks(0.0, most_across)
        self.ticks_up = _ticks(low, high)
        self.width, self.height = width, height

    def x(self, across: float) -> float:
        """Where a turnover stands."""
        return LEFT + across / self.ticks_across[-1] * (self.width - LEFT - RIGHT)

    def y(self, up: float) -> float:
        """Where a gain stands."""
        low, high = self.ticks_up[0], self.ticks_up[-1]
        return self.height - BOTTOM - (up - low) / (high - low) * (self.height - TOP - BOTTOM)


def _ticks(low: float, high: float) -> list[float]:
    """Round values from at most ``low`` to at least ``high``, nought among them."""
    span = max(high - low, 1.0)
    rough = span / TICKS
    scale = 10.0 ** math.floor(math.log10(rough))
    step = next(each * scale for each in (1, 2, 2.5, 5, 10) if each * scale >= rough)
    first, last = math.floor(low / step), max(math.ceil(high / step), 1)
    return [place * step for place in range(first, last + 1)]


def _marks(outcomes: Sequence[Outcome], plot: _Plot, currency: str) -> list[Mark]:
    """The marks with their words: to the left where there is no room to the right, and where words
    would stand on words, a line lower."""
    taken: list[tuple[float, float, float]] = []
    marks = []
    for number, outcome in enumerate(outcomes):
        x, y = plot.x(outcome.turnover), plot.y(outcome.gain)
        label = _short(outcome.label)
        length = len(label) * LETTER_WIDTH
        is_end = x + 12 + length > plot.width - 4
        text_x = x - 12 if is_end else x + 12
        begin = text_x - length if is_end else text_x
        text_y = y
        while any(
            abs(text_y - other) < LINE_HEIGHT and begin < end and start < begin + length
            for start, end, other in taken
        ):
            text_y += LINE_HEIGHT
        taken.append((begin, begin + length, text_y))
        title = f"{outcome.label}: {_in_words(outcome, currency)}"
        shape = MARKS[number % len(MARKS)]
        marks.append(Mark(shape, x, y, text_x, text_y, is_end, label, title, outcome.href))
    return marks


def _short(label: str) -> str:
    return label if len(label) <= MOST_LETTERS else f"{label[: MOST_LETTERS - 1].rstrip()}…"


def _in_words(outcome: Outcome, currency: str) -> str:
    gain = formats.money(outcome.gain, currency, explicit_sign=True)
    return f"gains {gain} and moves {formats.rate(outcome.turnover, currency)}"


def _summary(outcomes: Sequence[Outcome], currency: str) -> str:
    if not outcomes:
        return "No scenario has an answer yet."
    return "; ".join(f"{each.label} {_in_words(each, currency)}" for each in outcomes) + "."


def _table(
    outcomes: Sequence[Outcome],
    frontiers: Sequence[Sequence[tuple[float, float]]],
    currency: str,
) -> Table:
    rows = [(each.label, each.turnover, each.gain, each.href) for each in outcomes]
    for number, line in enumerate(frontiers, start=1):
        name = "At most this much moved" if len(frontiers) == 1 else f"Line {number}: at most this"
        rows += [(name, turnover, gain, "") for turnover, gain in line]
    cells = [
        [
            Cell(label, href=href),
            Cell(formats.rate(turnover, currency), numeric=True, value=turnover),
            Cell(formats.money(gain, currency, explicit_sign=True), numeric=True, value=gain),
        ]
        for label, turnover, gain, href in rows
    ]
    columns = (
        Column("Scenario"),
        Column("Moved a month", numeric=True),
        Column("Gain", numeric=True),
    )
    return Table("Value against money moved", columns, cells)
