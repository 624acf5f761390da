"""Value against turnover: how much of the gain is there for how much unrest.

Along the bottom what may be withdrawn in all, as a share of the envelope; upwards what the best
allocation is then worth over leaving everything as it is. The line ends a little after the point
from which more turnover gains nothing more. The proposal is marked on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.figures.table import Cell, Column, Table
from spm import formats

WIDE, NARROW = 1000.0, 358.0
HEIGHT, TOP, BOTTOM = 220.0, 20.0, 40.0
LEFT, RIGHT = 64.0, 72.0
BEYOND = 1.25
"""How much further than the end of the rise the picture goes."""
LEAST_SHARE = 0.02
STEPS = 4


@dataclass(frozen=True)
class Reached:
    """The best under one cap: shares of the envelope, currency per month, currency."""

    cap: float
    turnover: float
    gain: float
    breach: float = 0.0


@dataclass(frozen=True)
class Tick:
    """One line of the grid with its words."""

    at: float
    text: str


@dataclass(frozen=True)
class Frontier:
    """The picture."""

    line: str
    marks: list[tuple[float, float]]
    here: tuple[float, float] | None
    here_text: str
    rows: list[Tick]
    columns: list[Tick]
    zero: float
    table: Table
    summary: str
    width: float

    @property
    def view_box(self) -> str:
        """The picture's own units."""
        return f"0 0 {self.width:.0f} {HEIGHT:.0f}"

    @property
    def left(self) -> float:
        """Where the plane begins."""
        return LEFT

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.width - RIGHT

    @property
    def foot(self) -> float:
        """Where its lower edge is."""
        return HEIGHT - BOTTOM

    @property
    def columns_at(self) -> float:
        """Where the words below stand."""
        return self.foot + 16

    @property
    def title_at(self) -> float:
        """Where the name of the lower edge stands."""
        return HEIGHT - 6


def frontier(
    points: Sequence[Reached],
    envelope: float,
    currency: str,
    here: Reached | None = None,
    width: float = WIDE,
) -> Frontier:
    """Lay the picture out.

    Args:
        points: by cap, from 0 on; at least one.
        envelope: currency per month.
        currency: three capitals.
        here: what the proposal withdraws and gains; its cap is its turnover.
        width: of the view box: text keeps its size, so a phone gets a narrower picture.
    """
    end = _end(points)
    most = min(max(BEYOND * end, LEAST_SHARE), 1.0)
    gains = [point.gain for point in points] + [here.gain if here else 0.0]
    plane = _Plane(width, most, min(0.0, *gains), max(0.0, *gains) or 1.0)
    shown = [point for point in points if point.cap <= most]
    places = [(plane.x(point.cap), plane.y(point.gain)) for point in shown]
    corners = [*places, (plane.x(most), places[-1][1])]
    return Frontier(
        line="M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in corners),
        marks=places,
        here=(plane.x(min(here.cap, most)), plane.y(here.gain)) if here else None,
        here_text="this proposal",
        rows=[Tick(plane.y(gain), formats.money(gain, currency)) for gain in plane.levels()],
        columns=[
            Tick(plane.x(most * step / STEPS), _percent(most * step / STEPS))
            for step in range(STEPS + 1)
        ],
        zero=plane.y(0.0),
        table=_table(points, envelope, currency),
        summary=_summary(points, end, envelope, currency),
        width=width,
    )


def _end(points: Sequence[Reached]) -> float:
    """The smallest cap from which more turnover changes nothing."""
    last = points[-1]
    return min(p.cap for p in points if (p.gain, p.breach) == (last.gain, last.breach))


@dataclass(frozen=True)
class _Plane:
    """From shares and amounts to places."""

    width: float
    most: float
    low: float
    high: float

    def x(self, share: float) -> float:
        """Across, from a share of the envelope."""
        return LEFT + (self.width - LEFT - RIGHT) * share / self.most

    def y(self, gain: float) -> float:
        """Down, from currency."""
        return TOP + (HEIGHT - TOP - BOTTOM) * (self.high - gain) / (self.high - self.low)

    def levels(self) -> list[float]:
        """The gains that get a line: nothing, the most, half of it, and the least if below."""
        levels = [0.0, self.high / 2, self.high]
        return [self.low, *levels] if self.low < 0 else levels


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%" if 100 * share >= 10 or not share else f"{100 * share:.1f}%"


def _summary(points: Sequence[Reached], end: float, envelope: float, currency: str) -> str:
    last = points[-1]
    full = formats.money(last.gain, currency, explicit_sign=True)
    rate = formats.rate(end * envelope, currency)
    if any(point.breach != last.breach for point in points):
        return (
            f"All that can be mended and gained ({full}) needs {rate} withdrawn; with less, "
            "more of what is broken today stays broken, which comes before value."
        )
    half = next((p for p in points if 2 * p.gain >= last.gain), last)
    halfway = formats.rate(half.turnover, currency)
    if end == 0.0:
        return f"{full} is gained without withdrawing anything; withdrawing more gains nothing."
    return f"The whole gain of {full} needs {rate} withdrawn; half of it is there for {halfway}."


def _table(points: Sequence[Reached], envelope: float, currency: str) -> Table:
    columns = (
        Column("At most withdrawn"),
        Column("Withdrawn", numeric=True),
        Column("Worth over doing nothing", numeric=True),
        Column("Still broken", numeric=True),
    )
    rows = [
        [
            Cell(_percent(point.cap), value=point.cap),
            Cell(formats.rate(point.turnover, currency), numeric=True, value=point.turnover),
            Cell(
                formats.money(point.gain, currency, explicit_sign=True),
                numeric=True,
                value=point.gain,
            ),
            Cell(
                formats.rate(point.breach, currency) if point.breach else "nothing",
                numeric=True,
                value=point.breach,
            ),
        ]
        for point in points
    ]
    caption = f"Value against turnover, of an envelope of {formats.rate(envelope, currency)}"
    return Table(caption, columns, rows)
