"""The time after a thesis broke: what happened above, the bet's money below, broken time dotted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from reports.figures.axis import Tick, month_ticks
from spm import formats

WIDE, NARROW = 1000.0, 358.0
LEFT, RIGHT = 8.0, 12.0
MARKS_AT, MONEY_TOP, MONEY_HEIGHT = 26.0, 50.0, 60.0
AXIS_AT = MONEY_TOP + MONEY_HEIGHT
HEIGHT = AXIS_AT + 24.0
BEFORE = timedelta(days=60)
ROOM_FOR_WORDS = 90.0
TURNS = ("break", "revival")


@dataclass(frozen=True)
class Happened:
    """One event: ``kind`` as in ``reports.broken.events.WORDS``."""

    day: date
    kind: str
    title: str
    href: str = ""


@dataclass(frozen=True)
class Funding:
    """What the bet held from a day on; currency per month."""

    day: date
    working: float
    entangled: float


@dataclass(frozen=True)
class Mark:
    """One event in its place."""

    x: float
    kind: str
    title: str
    href: str
    y: float = MARKS_AT

    @property
    def triangle(self) -> str:
        """The corners of the mark of evidence: up for, down against."""
        x, y, tip = self.x, self.y, 5 if self.kind == "against" else -5
        return f"{x:.1f},{y + tip:.1f} {x - 5:.1f},{y - tip:.1f} {x + 5:.1f},{y - tip:.1f}"

    @property
    def cross(self) -> str:
        """The cross in the mark of what was refused."""
        x, y = self.x, self.y
        return f"M{x - 3:.1f},{y - 3:.1f}l6,6M{x - 3:.1f},{y + 3:.1f}l6,-6"


@dataclass(frozen=True)
class Turn:
    """A break or a revival: a line with a word, which leaves room for the next."""

    x: float
    word: str
    title: str
    anchors_end: bool


@dataclass(frozen=True)
class Timeline:
    """The picture."""

    working_path: str
    entangled_path: str
    spells: list[tuple[float, float]]
    marks: list[Mark]
    turns: list[Turn]
    ticks: list[Tick]
    most: str
    summary: str
    width: float

    left = LEFT
    money_top, money_height, bottom = MONEY_TOP, MONEY_HEIGHT, AXIS_AT

    @property
    def right(self) -> float:
        """Where the axis ends."""
        return self.width - RIGHT

    @property
    def view_box(self) -> str:
        """The picture's own units."""
        return f"0 0 {self.width:.0f} {HEIGHT:.0f}"


@dataclass(frozen=True)
class _Scale:
    first: date
    last: date
    most: float
    width: float

    def x(self, day: date) -> float:
        span = max((self.last - self.first).days, 1)
        share = (min(max(day, self.first), self.last) - self.first).days / span
        return round(LEFT + share * (self.width - LEFT - RIGHT), 1)

    def y(self, rate: float) -> float:
        return round(AXIS_AT - rate / self.most * MONEY_HEIGHT, 1)


def timeline(
    happened: Sequence[Happened],
    funding: Sequence[Funding],
    spells: Sequence[tuple[date, date]],
    *,
    today: date,
    currency: str,
    width: float = WIDE,
) -> Timeline:
    """Lay the picture out, from two months before the first break to today.

    Args:
        happened: in order of time.
        funding: the same.
        spells: when the thesis was broken, the same.
        today: where the picture ends.
        currency: of the rates.
        width: of the view box.
    """
    first = min([start for start, _ in spells] + [event.day for event in happened]) - BEFORE
    most = max((step.working + step.entangled for step in funding), default=0.0)
    scale = _Scale(first, max(today, first + BEFORE), most or 1.0, width)
    return Timeline(
        working_path=_area(funding, scale, lambda step: (0.0, step.working)),
        entangled_path=_area(
            funding, scale, lambda step: (step.working, step.working + step.entangled)
        ),
        spells=[(scale.x(start), round(scale.x(end) - scale.x(start), 1)) for start, end in spells],
        marks=[
            Mark(scale.x(event.day), event.kind, _dated(event), event.href)
            for event in happened
            if event.kind not in TURNS
        ],
        turns=_turns(happened, scale),
        ticks=month_ticks(scale.first, scale.last, scale.x, width),
        most=formats.rate(most, currency),
        summary=_summary(happened, spells, today),
        width=width,
    )


def _dated(event: Happened) -> str:
    return f"{event.day:%d %b %Y}: {event.title}"


def _turns(happened: Sequence[Happened], scale: _Scale) -> list[Turn]:
    """The lines; a word that would run into the one before is left to the line's title."""
    turns: list[Turn] = []
    free_from = 0.0
    for event in happened:
        if event.kind not in TURNS:
            continue
        x = scale.x(event.day)
        at_end = x > scale.width - ROOM_FOR_WORDS
        start = x - ROOM_FOR_WORDS if at_end else x
        word = (
            ("thesis broke" if event.kind == "break" else "revived") if start >= free_from else ""
        )
        if word:
            free_from = x if at_end else x + ROOM_FOR_WORDS
        turns.append(Turn(x, word, _dated(event), at_end))
    return turns


def _area(
    funding: Sequence[Funding], scale: _Scale, between: Callable[[Funding], tuple[float, float]]
) -> str:
    """The outline of what lies between two rates, in steps over the time that is shown."""
    corners = []
    for index, step in enumerate(funding):
        end = funding[index + 1].day if index + 1 < len(funding) else scale.last
        low, high = between(step)
        if end > scale.first:
            corners.append((scale.x(step.day), scale.x(end), scale.y(low), scale.y(high)))
    if all(low == high for _, _, low, high in corners):
        return ""
    over = " ".join(f"L{start},{high} L{end},{high}" for start, end, _, high in corners)
    back = " ".join(f"L{end},{low} L{start},{low}" for start, end, low, _ in reversed(corners))
    return f"M{over[1:]} {back} Z"


def _summary(happened: Sequence[Happened], spells: Sequence[tuple[date, date]], today: date) -> str:
    days = sum((end - start).days for start, end in spells)
    still = " and is still" if spells and spells[-1][1] >= today else ""
    words = [event.title for event in happened if event.kind not in TURNS]
    listed = f" {'; '.join(words)}." if words else ""
    return f"The thesis was broken for {days} day{'' if days == 1 else 's'}{still}.{listed}"
