"""Counts and sums by week or month: one row of bars for each, on one time axis."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from reports.figures.axis import Tick, month_ticks
from reports.figures.table import Cell, Column, Table

WIDE, HALF, NARROW = 1000.0, 680.0, 358.0
LEFT, RIGHT = 8.0, 8.0
ROW, BARS, AXIS = 76.0, 40.0, 24.0
WEEK = timedelta(days=7)
MOST_WEEKS = 27


@dataclass(frozen=True)
class Series:
    """One figure for each period, in the order of the periods, and how it is written."""

    name: str
    values: Sequence[float]
    written: Callable[[float], str] = lambda value: f"{value:.0f}"


@dataclass(frozen=True)
class Bar:
    """One figure."""

    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True)
class Row:
    """One series."""

    name: str
    whole: str
    top: float
    bottom: float
    bars: list[Bar]

    @property
    def label_y(self) -> float:
        """Where its name stands."""
        return self.top - 8


@dataclass(frozen=True)
class OverTime:
    """The picture."""

    rows: list[Row]
    ticks: list[Tick]
    table: Table
    summary: str
    width: float

    left = LEFT

    @property
    def right(self) -> float:
        """Where the axis ends."""
        return self.width - RIGHT

    @property
    def bottom(self) -> float:
        """Where the axis stands."""
        return len(self.rows) * ROW

    @property
    def view_box(self) -> str:
        """The picture's own units."""
        return f"0 0 {self.width:.0f} {self.bottom + AXIS:.0f}"


def periods_between(first: date, last: date) -> list[date]:
    """The first days of the weeks between two days, or of the months if those are too many."""
    if (last - first) <= WEEK * MOST_WEEKS:
        start = first - timedelta(days=first.weekday())
        return [start + WEEK * number for number in range((last - start).days // 7 + 1)]
    months = (last.year - first.year) * 12 + last.month - first.month
    starts = (first.month - 1 + number for number in range(months + 1))
    return [date(first.year + total // 12, total % 12 + 1, 1) for total in starts]


def by_period(
    periods: Sequence[date], figures: Sequence[tuple[date, float]], first: date
) -> list[float]:
    """The figures of days from ``first`` on, summed within their periods."""
    sums: list[float] = [0] * len(periods)
    place = 0
    for day, figure in sorted(figures):
        if day < first:
            continue
        while place + 1 < len(periods) and periods[place + 1] <= day:
            place += 1
        sums[place] += figure
    return sums


def over_time(
    caption: str,
    periods: Sequence[date],
    last: date,
    series: Sequence[Series],
    width: float = WIDE,
) -> OverTime:
    """Lay the picture out.

    Args:
        caption: of the table.
        periods: their first days, from ``periods_between``.
        last: the last day of the last period that is shown.
        series: each with as many figures as there are periods.
        width: of the view box.
    """
    scale = _Scale(periods[0], max(last, periods[-1] + timedelta(days=1)), width)
    return OverTime(
        rows=[_row(each, place, periods, scale) for place, each in enumerate(series)],
        ticks=month_ticks(scale.first, scale.last, scale.x, width),
        table=_table(caption, periods, series),
        summary=_summary(series),
        width=width,
    )


@dataclass(frozen=True)
class _Scale:
    first: date
    last: date
    width: float

    def x(self, day: date) -> float:
        share = (day - self.first).days / max((self.last - self.first).days, 1)
        return round(LEFT + min(share, 1.0) * (self.width - LEFT - RIGHT), 1)


def _row(series: Series, place: int, periods: Sequence[date], scale: _Scale) -> Row:
    bottom = (place + 1) * ROW
    most = max(series.values, default=0.0) or 1.0
    bars = []
    for number, (start, value) in enumerate(zip(periods, series.values, strict=True)):
        end = periods[number + 1] if number + 1 < len(periods) else scale.last
        if value <= 0:
            continue
        left, right = scale.x(start), scale.x(end)
        height = round(max(BARS * value / most, 1.5), 1)
        title = f"{_period(start, periods)}: {series.written(value)}"
        bars.append(Bar(left, bottom - height, max(right - left - 1.5, 1.5), height, title))
    whole = series.written(sum(series.values))
    return Row(series.name, whole, bottom - BARS, bottom, bars)


def _period(start: date, periods: Sequence[date]) -> str:
    if len(periods) > 1 and (periods[1] - periods[0]).days > 7:
        return f"{start:%B %Y}"
    return f"week of {start.day} {start:%b %Y}"


def _summary(series: Sequence[Series]) -> str:
    words = ", ".join(f"{each.name.lower()} {each.written(sum(each.values))}" for each in series)
    return f"{words[:1].upper()}{words[1:]}."


def _table(caption: str, periods: Sequence[date], series: Sequence[Series]) -> Table:
    """Newest first."""
    columns = [Column("From"), *(Column(each.name, numeric=True) for each in series)]
    rows = [
        [
            Cell(start.isoformat()),
            *(
                Cell(each.written(each.values[number]), numeric=True, value=each.values[number])
                for each in series
            ),
        ]
        for number, start in enumerate(periods)
    ]
    return Table(caption, columns, rows[::-1])
