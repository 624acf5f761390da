"""The reliability diagram: what was believed, against how often it held."""

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.belief.calibration import Bin
from reports.figures.axis import Tick
from reports.figures.table import Cell, Column, Table
from spm import formats

WIDE, NARROW = 560.0, 358.0
LEFT, RIGHT, TOP, BOTTOM = 48.0, 16.0, 16.0, 44.0
SMALLEST, LARGEST = 3.5, 10.0
QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Dot:
    """A range of beliefs: its place, its size by how many forecasts, and the range of its share."""

    x: float
    y: float
    radius: float
    range_top: float
    range_bottom: float
    belief: float
    title: str


@dataclass(frozen=True)
class Reliability:
    """The picture. On the diagonal, what was believed is how often it held."""

    dots: list[Dot]
    across: list[Tick]
    up: list[Tick]
    table: Table
    summary: str
    width: float

    left, top = LEFT, TOP

    @property
    def right(self) -> float:
        """Where the plot ends."""
        return self.width - RIGHT

    @property
    def bottom(self) -> float:
        """Where the plot ends below: it is a square."""
        return TOP + self.width - LEFT - RIGHT

    @property
    def view_box(self) -> str:
        """The picture's own units."""
        return f"0 0 {self.width:.0f} {self.bottom + BOTTOM:.0f}"


def reliability_diagram(bins: Sequence[Bin], width: float = WIDE) -> Reliability:
    """Lay the picture out."""
    side = width - LEFT - RIGHT
    most = max((each.count for each in bins), default=1)

    def x(share: float) -> float:
        return round(LEFT + share * side, 1)

    def y(share: float) -> float:
        return round(TOP + (1 - share) * side, 1)

    return Reliability(
        dots=[
            Dot(
                x=x(each.mean_belief),
                y=y(each.share_held),
                radius=round(SMALLEST + (LARGEST - SMALLEST) * (each.count / most) ** 0.5, 1),
                range_top=y(each.range_high),
                range_bottom=y(each.range_low),
                belief=each.mean_belief,
                title=_title(each),
            )
            for each in bins
        ],
        across=[Tick(x(share), formats.percent(share)) for share in QUARTERS],
        up=[Tick(y(share), formats.percent(share)) for share in QUARTERS],
        table=_table(bins),
        summary=_summary(bins),
        width=width,
    )


def _title(each: Bin) -> str:
    return (
        f"Believed {formats.percent(each.low)} to {formats.percent(each.high)}: "
        f"{each.held} of {each.count} held"
    )


def _summary(bins: Sequence[Bin]) -> str:
    count = sum(each.count for each in bins)
    if not count:
        return "Nothing has been resolved yet."
    outside = sum(not each.range_low <= each.mean_belief <= each.range_high for each in bins)
    said = f"{count} forecast{'s' if count > 1 else ''} in {len(bins)} ranges of belief. "
    if outside:
        return said + f"In {outside} of them, more or less held than was believed."
    return said + "In each, about as much held as was believed."


def _table(bins: Sequence[Bin]) -> Table:
    columns = [
        Column("Believed"),
        Column("Forecasts", numeric=True),
        Column("Held", numeric=True),
        Column("Mean belief", numeric=True),
        Column("Share that held", numeric=True),
        Column("95 % range"),
    ]
    rows = [
        [
            Cell(f"{formats.percent(each.low)} to {formats.percent(each.high)}"),
            Cell(str(each.count), numeric=True, value=each.count),
            Cell(str(each.held), numeric=True, value=each.held),
            Cell(formats.percent(each.mean_belief), numeric=True, value=each.mean_belief),
            Cell(formats.percent(each.share_held), numeric=True, value=each.share_held),
            Cell(f"{formats.percent(each.range_low)} to {formats.percent(each.range_high)}"),
        ]
        for each in bins
    ]
    return Table("What was believed, against how often it held", columns, rows)
