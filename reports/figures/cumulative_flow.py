"""How many bets stood in each stage over time, one stage upon the other.

Bands that widen are stages in which bets gather; the lowest two are the exits, which only grow.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from reports.figures.axis import Tick, month_ticks, whole_ticks
from reports.figures.table import Cell, Column, Table

WIDE, NARROW = 1000.0, 358.0
LEFT, LABELS = 36.0, 104.0
TOP, HEIGHT, AXIS = 12.0, 280.0, 24.0
LINE = 14.0
MOST_DAYS = 90


@dataclass(frozen=True)
class Entered:
    """A bet came to stand in a stage."""

    bet: int
    stage: str
    day: date


@dataclass(frozen=True)
class Band:
    """One stage over time; ``tone`` is 0 for the lowest."""

    stage: str
    path: str
    tone: int
    title: str


@dataclass(frozen=True)
class BandLabel:
    """The name of a band at its right end, and how many bets it holds there."""

    y: float
    text: str
    count: int


@dataclass(frozen=True)
class CumulativeFlow:
    """The picture."""

    bands: list[Band]
    labels: list[BandLabel]
    ticks: list[Tick]
    levels: list[Tick]
    table: Table
    summary: str
    width: float
    instead: str = ""
    """What is said on the first day, when there is nothing to draw yet."""

    left, top, bottom = LEFT, TOP, TOP + HEIGHT

    @property
    def right(self) -> float:
        """Where the bands end."""
        return self.width - LABELS

    @property
    def view_box(self) -> str:
        """The picture's own units."""
        return f"0 0 {self.width:.0f} {TOP + HEIGHT + AXIS:.0f}"


def days_between(first: date, last: date, most: int = MOST_DAYS) -> list[date]:
    """At most ``most`` + 1 days from the first to the last, evenly apart, both among them."""
    whole = (last - first).days
    step = max(-(-whole // most), 1)
    back = [last - timedelta(days=number) for number in range(0, whole + 1, step)]
    return sorted({first, *back})


def counts_on(
    days: Sequence[date], entered: Iterable[Entered], stages: Sequence[str]
) -> list[dict[str, int]]:
    """How many bets stand in each stage at the end of each day; all in order of time."""
    counts = dict.fromkeys(stages, 0)
    stands: dict[int, str] = {}
    on_days: list[dict[str, int]] = []
    moves = list(entered)
    done = 0
    for day in days:
        while done < len(moves) and moves[done].day <= day:
            move = moves[done]
            if move.bet in stands:
                counts[stands[move.bet]] -= 1
            counts[move.stage] += 1
            stands[move.bet] = move.stage
            done += 1
        on_days.append(dict(counts))
    return on_days


def cumulative_flow(
    entered: Sequence[Entered],
    stages: Mapping[str, str],
    first: date,
    last: date,
    width: float = WIDE,
) -> CumulativeFlow:
    """Lay the picture out.

    Args:
        entered: every coming of a bet into a stage, in order of time, also before ``first``.
        stages: keys and names from the lowest band to the highest.
        first: the first day shown.
        last: the last day shown.
        width: of the view box: text keeps its size, so a phone gets a narrower picture.
    """
    days = days_between(first, last)
    counts = counts_on(days, entered, list(stages))
    most = max((sum(on_day.values()) for on_day in counts), default=0) or 1
    scale = _Scale(first, last, most, width)
    return CumulativeFlow(
        bands=_bands(days, counts, stages, scale),
        labels=_labels(counts[-1], stages, scale),
        ticks=month_ticks(first, last, scale.x, width - LABELS),
        levels=[Tick(scale.y(level), str(level)) for level in whole_ticks(most)],
        table=_table(days, counts, stages),
        summary=_summary(counts, stages),
        width=width,
        instead="" if first < last else _on_the_first_day(counts[-1], stages),
    )


@dataclass(frozen=True)
class _Scale:
    first: date
    last: date
    most: int
    width: float

    def x(self, day: date) -> float:
        span = (self.last - self.first).days or 1
        share = (day - self.first).days / span
        return round(LEFT + share * (self.width - LEFT - LABELS), 1)

    def y(self, count: float) -> float:
        return round(TOP + HEIGHT * (1 - count / self.most), 1)


def _bands(
    days: Sequence[date],
    counts: Sequence[Mapping[str, int]],
    stages: Mapping[str, str],
    scale: _Scale,
) -> list[Band]:
    bands = []
    below = [0] * len(days)
    for tone, (stage, name) in enumerate(stages.items()):
        above = [low + on_day[stage] for low, on_day in zip(below, counts, strict=True)]
        if any(on_day[stage] for on_day in counts):
            over = [f"{scale.x(day)},{scale.y(top)}" for day, top in zip(days, above, strict=True)]
            under = [f"{scale.x(day)},{scale.y(low)}" for day, low in zip(days, below, strict=True)]
            path = f"M{' L'.join(over)} L{' L'.join(reversed(under))} Z"
            title = f"{name}: {counts[0][stage]}, then {counts[-1][stage]}"
            bands.append(Band(stage, path, tone, title))
        below = above
    return bands


def _labels(at_end: Mapping[str, int], stages: Mapping[str, str], scale: _Scale) -> list[BandLabel]:
    """From the top down, none closer to the next than a line of text, all inside the picture."""
    middles = []
    below = 0
    for stage, name in stages.items():
        if at_end[stage]:
            middles.append((scale.y(below + at_end[stage] / 2), name, at_end[stage]))
            below += at_end[stage]
    lowest = TOP + HEIGHT + LINE
    pushed = []
    for y, name, count in middles:  # from the bottom up, pushed up where there is no room
        lowest = min(y, lowest - LINE)
        pushed.append((lowest, name, count))
    labels: list[BandLabel] = []
    highest = TOP - LINE
    for y, name, count in reversed(pushed):  # and down again where that left the picture
        highest = max(y, highest + LINE)
        labels.append(BandLabel(highest, name, count))
    return labels


def _table(
    days: Sequence[date], counts: Sequence[Mapping[str, int]], stages: Mapping[str, str]
) -> Table:
    """Newest first."""
    columns = [Column("Day"), *(Column(name, numeric=True) for name in stages.values())]
    rows = [
        [
            Cell(day.isoformat()),
            *(Cell(str(on_day[stage]), numeric=True, value=on_day[stage]) for stage in stages),
        ]
        for day, on_day in zip(reversed(days), reversed(counts), strict=True)
    ]
    return Table("Bets in each stage", columns, rows)


def _on_the_first_day(counts: Mapping[str, int], stages: Mapping[str, str]) -> str:
    stand = [f"{counts[stage]} in {name}" for stage, name in stages.items() if counts[stage]]
    now = f" Now: {', '.join(reversed(stand))}." if stand else ""
    return f"The picture begins tomorrow, when there is a day to compare with.{now}"


def _summary(counts: Sequence[Mapping[str, int]], stages: Mapping[str, str]) -> str:
    """Which stage has gathered most."""
    grown = {stage: counts[-1][stage] - counts[0][stage] for stage in stages}
    stage = max(grown, key=lambda key: grown[key])
    if grown[stage] <= 0:
        return "No stage holds more bets than at the beginning."
    return f"{stages[stage]} has grown most: {counts[0][stage]} bets then, {counts[-1][stage]} now."
