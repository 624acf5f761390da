"""How long completed stays lasted: a small distribution for each stage, on one scale."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.figures.axis import Lengths, Tick
from reports.figures.table import Cell, Column, Table
from spm import formats

WIDE, HALF, NARROW = 1000.0, 680.0, 358.0
LABELS, RIGHT = 104.0, 24.0
ROW, BARS, AXIS = 56.0, 36.0, 24.0
BIN = 10.0
SHORTEST_DAYS = 30.0


@dataclass(frozen=True)
class Stays:
    """Completed stays in a stage: their days in rising order, with three percentiles of them."""

    name: str
    days: Sequence[float]
    median: float
    patience: float
    late: float
    now: int = 0


@dataclass(frozen=True)
class Bar:
    """How many stays lasted about so long."""

    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True)
class Row:
    """One stage; ``median`` and ``patience`` are places on the scale."""

    name: str
    count: int
    top: float
    bottom: float
    bars: list[Bar]
    median: float
    patience: float
    median_text: str
    patience_text: str
    patience_anchors_end: bool

    @property
    def label_y(self) -> float:
        """Where its name stands."""
        return self.bottom - 14


@dataclass(frozen=True)
class TimeInStage:
    """The picture."""

    rows: list[Row]
    ticks: list[Tick]
    table: Table
    summary: str
    width: float

    left = LABELS

    @property
    def right(self) -> float:
        """Where the scale ends."""
        return self.width - RIGHT

    @property
    def bottom(self) -> float:
        """Where the scale stands."""
        return len(self.rows) * ROW

    @property
    def view_box(self) -> str:
        """The picture's own units."""
        return f"0 0 {self.width:.0f} {self.bottom + AXIS:.0f}"


def time_in_stage(stages: Sequence[Stays], width: float = WIDE) -> TimeInStage:
    """Lay the picture out; stages without a completed stay are only in the table."""
    drawn = [stage for stage in stages if stage.days]
    longest = max([stage.days[-1] for stage in drawn] + [SHORTEST_DAYS])
    scale = Lengths(longest, LABELS, width - RIGHT)
    return TimeInStage(
        rows=[_row(stage, place, scale) for place, stage in enumerate(drawn)],
        ticks=_with_room(scale.ticks(), width),
        table=_table(stages),
        summary=_summary(drawn),
        width=width,
    )


def _with_room(ticks: Sequence[Tick], width: float) -> list[Tick]:
    """Those that do not run into the one before."""
    kept: list[Tick] = []
    for tick in ticks:
        if tick.at <= width - RIGHT and (not kept or tick.at - kept[-1].at >= 52):
            kept.append(tick)
    return kept


def _row(stage: Stays, place: int, scale: Lengths) -> Row:
    bottom = (place + 1) * ROW
    median, patience = scale.at(stage.median), scale.at(stage.patience)
    return Row(
        name=stage.name,
        count=len(stage.days),
        top=bottom - BARS,
        bottom=bottom,
        bars=_bars(stage.days, bottom, scale),
        median=median,
        patience=patience,
        median_text=f"{stage.median:.0f}",
        patience_text=f"85% within {_days(stage.patience)}",
        patience_anchors_end=patience > scale.end - 120,
    )


def _bars(days: Sequence[float], bottom: float, scale: Lengths) -> list[Bar]:
    """Stays counted in steps of equal width on the scale; the fullest fills its row."""
    bins: dict[int, list[float]] = {}
    for length in days:
        bins.setdefault(int((scale.at(length) - scale.start) // BIN), []).append(length)
    most = max(len(lengths) for lengths in bins.values())
    bars = []
    for number in sorted(bins):
        lengths = bins[number]
        height = round(max(BARS * len(lengths) / most, 2.0), 1)
        span = _days(lengths[0]) if len(lengths) == 1 else f"{lengths[0]:.0f} to {lengths[-1]:.0f}"
        stays = "1 stay" if len(lengths) == 1 else f"{len(lengths)} stays"
        x = round(scale.start + number * BIN, 1)
        bars.append(Bar(x, bottom - height, BIN - 1, height, f"{stays}: {span}"))
    return bars


def _days(days: float) -> str:
    return "1 day" if f"{days:.0f}" == "1" else f"{days:.0f} days"


def _table(stages: Sequence[Stays]) -> Table:
    columns = (
        Column("Stage"),
        Column("Completed stays", numeric=True),
        Column("Median days", numeric=True),
        Column("85% within", numeric=True),
        Column("95% within", numeric=True),
        Column("Longest", numeric=True),
        Column("There now", numeric=True),
    )
    rows = []
    for stage in stages:
        figures: list[float | None] = [None] * 4
        if stage.days:
            figures = [stage.median, stage.patience, stage.late, stage.days[-1]]
        rows.append(
            [
                Cell(stage.name),
                Cell(str(len(stage.days)), numeric=True, value=len(stage.days)),
                *(_figure(figure) for figure in figures),
                Cell(str(stage.now), numeric=True, value=stage.now),
            ]
        )
    return Table("Days in each stage", columns, rows)


def _figure(days: float | None) -> Cell:
    if days is None:
        return Cell(formats.NOTHING, numeric=True, value="")
    return Cell(f"{days:.0f}", numeric=True, value=round(days, 1))


def _summary(stages: Sequence[Stays]) -> str:
    if not stages:
        return "No stay was completed in this time."
    slowest = max(stages, key=lambda stage: stage.median)
    return (
        f"Bets stay longest in {slowest.name}: half of {len(slowest.days)} completed stays "
        f"lasted more than {_days(slowest.median)}."
    )
