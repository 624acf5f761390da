"""A bet on one time axis: its belief above, its funding below, evidence and decisions on both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from reports.figures.axis import Tick, month_ticks
from reports.figures.table import Cell, Column, Table
from spm import formats

WIDE, NARROW = 1000.0, 358.0
LEFT, RIGHT = 44.0, 12.0
BELIEF_TOP, BELIEF_HEIGHT = 14.0, 150.0
MONEY_TOP, MONEY_HEIGHT = 196.0, 84.0
AXIS_AT = MONEY_TOP + MONEY_HEIGHT
HEIGHT = AXIS_AT + 24.0
SMALLEST_MARK, LARGEST_MARK, LARGEST_DECIBANS = 3.5, 8.0, 15.0
SHORTEST_DAYS = 30


@dataclass(frozen=True)
class BeliefAt:
    """What was believed from a day on."""

    day: date
    belief: float


@dataclass(frozen=True)
class FundingFrom:
    """What the bet held from a day on; rates in currency per month."""

    day: date
    working: float
    entangled: float


@dataclass(frozen=True)
class Learned:
    """One piece of evidence and what it weighs, in decibans."""

    day: date
    decibans: float
    text: str


@dataclass(frozen=True)
class Decided:
    """One decision."""

    day: date
    text: str
    href: str = ""


@dataclass(frozen=True)
class Turn:
    """The thesis broke, or revived."""

    day: date
    is_break: bool


@dataclass(frozen=True)
class Mark:
    """A triangle for evidence: up for, down against, as large as it weighs."""

    points: str
    is_against: bool
    title: str


@dataclass(frozen=True)
class Line:
    """A vertical or horizontal line with a word beside it."""

    at: float
    label: str
    title: str = ""
    href: str = ""
    is_break: bool = False
    anchors_end: bool = False


@dataclass(frozen=True)
class BeliefOverMoney:
    """The picture."""

    belief_path: str
    working_path: str
    entangled_path: str
    after_break: list[tuple[float, float]]
    marks: list[Mark]
    turns: list[Line]
    decisions: list[Line]
    thresholds: list[Line]
    ticks: list[Tick]
    money_ticks: list[Line]
    table: Table
    summary: str
    width: float
    instead: str = ""
    """What is said where there is nothing to draw yet."""

    left = LEFT
    belief_top, belief_bottom = BELIEF_TOP, BELIEF_TOP + BELIEF_HEIGHT
    money_top, money_height, money_bottom = MONEY_TOP, MONEY_HEIGHT, AXIS_AT

    @property
    def view_box(self) -> str:
        """The picture's own units."""
        return f"0 0 {self.width:.0f} {HEIGHT:.0f}"

    @property
    def right(self) -> float:
        """Where the axes end."""
        return self.width - RIGHT


@dataclass(frozen=True)
class _Scale:
    """From days and figures to positions."""

    first: date
    last: date
    most_money: float
    width: float

    def x(self, day: date) -> float:
        span = (self.last - self.first).days
        share = (min(max(day, self.first), self.last) - self.first).days / span
        return round(LEFT + share * (self.width - LEFT - RIGHT), 1)

    def belief(self, belief: float) -> float:
        return round(BELIEF_TOP + (1 - belief) * BELIEF_HEIGHT, 1)

    def money(self, rate: float) -> float:
        return round(AXIS_AT - rate / self.most_money * MONEY_HEIGHT, 1)


def belief_over_money(
    beliefs: Sequence[BeliefAt],
    funding: Sequence[FundingFrom],
    *,
    learned: Sequence[Learned] = (),
    decided: Sequence[Decided] = (),
    turns: Sequence[Turn] = (),
    stop_below: float,
    revive_above: float,
    today: date,
    currency: str,
    width: float = WIDE,
) -> BeliefOverMoney:
    """Lay the picture out; each sequence is in order of time.

    ``width`` is that of the view box: text keeps its size, so a phone gets a narrower picture
    instead of a smaller one.
    """
    days = [row.day for rows in (beliefs, funding, learned, decided) for row in rows]
    first = min([*days, today - timedelta(days=SHORTEST_DAYS)])
    most = max([step.working + step.entangled for step in funding] + [0.0]) or 1.0
    scale = _Scale(first, max([*days, today]), most * 1.08, width)
    return BeliefOverMoney(
        belief_path=_belief_path(beliefs, scale),
        working_path=_area(funding, scale, lambda step: (0.0, step.working)),
        entangled_path=_area(
            funding, scale, lambda step: (step.working, step.working + step.entangled)
        ),
        after_break=_after_break(turns, scale),
        marks=[_mark(event, beliefs, scale) for event in learned],
        turns=[_turn(turn, scale) for turn in turns],
        decisions=[_decision(decision, scale) for decision in decided],
        thresholds=[
            Line(scale.belief(stop_below), f"stops below {formats.percent(stop_below)}"),
            Line(scale.belief(revive_above), f"revives above {formats.percent(revive_above)}"),
        ],
        ticks=month_ticks(scale.first, scale.last, scale.x, scale.width),
        money_ticks=[Line(scale.money(most), formats.rate(most, currency))] if funding else [],
        table=_table(beliefs, learned, decided, turns),
        summary=_summary(beliefs, funding, currency),
        width=width,
        instead=_instead(funding, learned, decided, turns),
    )


def _instead(funding: Sequence[FundingFrom], *happened: Sequence[object]) -> str:
    if any(happened) or any(step.working or step.entangled for step in funding):
        return ""
    return (
        "Nothing has been learnt and no money has moved yet. The first evidence begins a picture."
    )


def _belief_path(beliefs: Sequence[BeliefAt], scale: _Scale) -> str:
    """Steps: a belief holds until something is learned."""
    if not beliefs:
        return ""
    start = f"M{scale.x(beliefs[0].day)},{scale.belief(beliefs[0].belief)}"
    steps = [f"H{scale.x(point.day)} V{scale.belief(point.belief)}" for point in beliefs[1:]]
    return " ".join([start, *steps, f"H{scale.x(scale.last)}"])


def _area(
    funding: Sequence[FundingFrom],
    scale: _Scale,
    between: Callable[[FundingFrom], tuple[float, float]],
) -> str:
    """The outline of what lies between two rates, in steps over time."""
    if not funding:
        return ""
    corners = []
    for index, step in enumerate(funding):
        end = funding[index + 1].day if index + 1 < len(funding) else scale.last
        low, high = between(step)
        corners.append((scale.x(step.day), scale.x(end), scale.money(low), scale.money(high)))
    if all(low == high for _, _, low, high in corners):
        return ""
    over = " ".join(f"L{start},{high} L{end},{high}" for start, end, _, high in corners)
    back = " ".join(f"L{end},{low} L{start},{low}" for start, end, low, _ in reversed(corners))
    return f"M{over[1:]} {back} Z"


def _after_break(turns: Sequence[Turn], scale: _Scale) -> list[tuple[float, float]]:
    """Where money was spent on a broken thesis, as (x, width)."""
    spells: list[tuple[float, float]] = []
    start: float | None = None
    for turn in turns:
        if turn.is_break and start is None:
            start = scale.x(turn.day)
        elif not turn.is_break and start is not None:
            spells.append((start, scale.x(turn.day) - start))
            start = None
    if start is not None:
        spells.append((start, scale.x(scale.last) - start))
    return [(x, round(width, 1)) for x, width in spells if width > 0]


def _mark(event: Learned, beliefs: Sequence[BeliefAt], scale: _Scale) -> Mark:
    """A triangle on the line of the belief as it was after the event."""
    known = [point.belief for point in beliefs if point.day <= event.day]
    level = scale.belief(known[-1] if known else (beliefs[0].belief if beliefs else 0.5))
    weight = min(abs(event.decibans), LARGEST_DECIBANS) / LARGEST_DECIBANS
    size = SMALLEST_MARK + weight * (LARGEST_MARK - SMALLEST_MARK)
    x, against = scale.x(event.day), event.decibans < 0
    tip, base = (level + size, level - size) if against else (level - size, level + size)
    points = f"{x:.1f},{tip:.1f} {x - size:.1f},{base:.1f} {x + size:.1f},{base:.1f}"
    return Mark(points, against, f"{event.day:%d %b %Y}: {event.text}")


def _turn(turn: Turn, scale: _Scale) -> Line:
    word = "thesis broke" if turn.is_break else "revived"
    x = scale.x(turn.day)
    return Line(
        x,
        word,
        f"{word} on {turn.day:%d %b %Y}",
        is_break=turn.is_break,
        anchors_end=x > scale.width - 110,
    )


def _decision(decision: Decided, scale: _Scale) -> Line:
    return Line(
        scale.x(decision.day),
        decision.text,
        f"{decision.day:%d %b %Y}: {decision.text}",
        decision.href,
    )


def _table(
    beliefs: Sequence[BeliefAt],
    learned: Sequence[Learned],
    decided: Sequence[Decided],
    turns: Sequence[Turn],
) -> Table:
    """Everything that happened, newest first."""
    rows: list[tuple[date, str, str]] = []
    rows += [(point.day, "belief", formats.percent(point.belief)) for point in beliefs]
    rows += [
        (event.day, "evidence", f"{event.text}, {formats.decibans(event.decibans)}")
        for event in learned
    ]
    rows += [(decision.day, "decision", decision.text) for decision in decided]
    rows += [
        (turn.day, "thesis", "the thesis broke" if turn.is_break else "the thesis revived")
        for turn in turns
    ]
    cells = [
        [Cell(day.isoformat()), Cell(kind), Cell(text)]
        for day, kind, text in sorted(rows, key=lambda row: row[0], reverse=True)
    ]
    return Table("Belief over money", (Column("Day"), Column("What"), Column("Which")), cells)


def _summary(beliefs: Sequence[BeliefAt], funding: Sequence[FundingFrom], currency: str) -> str:
    belief = formats.percent(beliefs[-1].belief) if beliefs else "not stated"
    held = funding[-1].working + funding[-1].entangled if funding else 0.0
    return f"Belief is {belief}; the bet holds {formats.rate(held, currency)}."
