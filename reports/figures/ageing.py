"""Work in progress by age: each bet in its stage, against how long completed stays have lasted."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.figures.axis import Lengths, Tick
from reports.figures.table import Cell, Column, Table
from spm import formats

WIDE, NARROW = 1000.0, 358.0
LEFT, RIGHT = 64.0, 8.0
TOP, HEIGHT, AXIS = 16.0, 280.0, 40.0
DOT = 4.5
SHORTEST_DAYS = 7.0
MOST_DOTS = 300


@dataclass(frozen=True)
class InStage:
    """A bet that stands in a stage, and for how many days."""

    title: str
    href: str
    stage: str
    days: float
    belief: float | None = None
    is_broken: bool = False


@dataclass(frozen=True)
class Usual:
    """Days that half, and that 85 of 100, of the completed stays in a stage lasted at most."""

    median: float
    patience: float
    stays: int


@dataclass(frozen=True)
class Dot:
    """One bet."""

    x: float
    y: float
    title: str
    href: str
    belief: float | None
    is_unusual: bool
    is_broken: bool


@dataclass(frozen=True)
class Lane:
    """The column of a stage; ``median`` and ``patience`` are heights, None where too few stays."""

    name: str
    left: float
    right: float
    count: int
    median: float | None
    patience: float | None
    title: str
    name_drop: int = 18

    @property
    def middle(self) -> float:
        """Where its name stands."""
        return (self.left + self.right) / 2


@dataclass(frozen=True)
class Ageing:
    """The picture."""

    dots: list[Dot]
    lanes: list[Lane]
    levels: list[Tick]
    table: Table
    summary: str
    width: float

    left, top, bottom = LEFT, TOP, TOP + HEIGHT

    @property
    def right(self) -> float:
        """Where the columns end."""
        return self.width - RIGHT

    @property
    def is_narrow(self) -> bool:
        """Whether it is the picture for a phone."""
        return self.width == NARROW

    @property
    def view_box(self) -> str:
        """The picture's own units."""
        return f"0 0 {self.width:.0f} {TOP + HEIGHT + AXIS:.0f}"


def ageing(
    bets: Sequence[InStage],
    stages: Mapping[str, str],
    usual: Mapping[str, Usual],
    width: float = WIDE,
    most: int | None = MOST_DOTS,
) -> Ageing:
    """Lay the picture out.

    Args:
        bets: those in a stage now.
        stages: keys and names from left to right.
        usual: of each stage with enough completed stays.
        width: of the view box.
        most: how many bets are drawn and told, those that are furthest over what is usual first;
            None for all of them.
    """
    ranked = sorted(bets, key=lambda bet: (-_over(bet, usual), -bet.days, bet.title))
    shown = ranked[:most]
    longest = max(
        [bet.days for bet in bets] + [each.patience for each in usual.values()] + [SHORTEST_DAYS]
    )
    scale = Lengths(longest * 1.1, TOP + HEIGHT, TOP)
    lanes = _lanes(bets, stages, usual, scale, width)
    return Ageing(
        dots=_dots(shown, lanes, usual, scale),
        lanes=list(lanes.values()),
        levels=scale.ticks(),
        table=_table(shown, stages, usual),
        summary=_summary(bets, usual, len(shown)),
        width=width,
    )


def is_unusual(bet: InStage, usual: Mapping[str, Usual]) -> bool:
    """More whole days than 85 of 100 completed stays lasted, as on the card."""
    each = usual.get(bet.stage)
    return each is not None and int(bet.days) > int(each.patience)


def _over(bet: InStage, usual: Mapping[str, Usual]) -> float:
    """How often over what is usual, 0 where nothing is known."""
    each = usual.get(bet.stage)
    return bet.days / max(each.patience, 1.0) if each else 0.0


def _lanes(
    bets: Sequence[InStage],
    stages: Mapping[str, str],
    usual: Mapping[str, Usual],
    scale: Lengths,
    width: float,
) -> dict[str, Lane]:
    each_width = (width - LEFT - RIGHT) / max(len(stages), 1)
    lanes = {}
    for place, (stage, name) in enumerate(stages.items()):
        known = usual.get(stage)
        lanes[stage] = Lane(
            name=name,
            left=LEFT + place * each_width,
            right=LEFT + (place + 1) * each_width,
            count=sum(bet.stage == stage for bet in bets),
            median=scale.at(known.median) if known else None,
            patience=scale.at(known.patience) if known else None,
            title=_usual_words(name, known),
            # Side by side the names have no room on a phone: every other one stands lower.
            name_drop=32 if width == NARROW and place % 2 else 18,
        )
    return lanes


def _usual_words(name: str, known: Usual | None) -> str:
    if known is None:
        return f"{name}: too few completed stays to say what is usual"
    return (
        f"{name}: half of {known.stays} completed stays lasted at most {known.median:.0f} days, "
        f"85% at most {known.patience:.0f}"
    )


def _dots(
    bets: Sequence[InStage], lanes: Mapping[str, Lane], usual: Mapping[str, Usual], scale: Lengths
) -> list[Dot]:
    """Bets of about the same age stand beside each other, to the left and right in turn."""
    beside: dict[tuple[str, int], int] = defaultdict(int)
    dots = []
    for bet in sorted(bets, key=lambda each: (each.days, each.title)):
        lane, y = lanes[bet.stage], scale.at(bet.days)
        row = (bet.stage, int(y // (2 * DOT)))
        number = beside[row]
        beside[row] += 1
        aside = (number + 1) // 2 * (1 if number % 2 else -1) * (2 * DOT + 1)
        room = (lane.right - lane.left) / 2 - DOT - 2
        dots.append(
            Dot(
                x=round(lane.middle + min(max(aside, -room), room), 1),
                y=y,
                title=f"{bet.title}: {_days(bet.days)}, belief {formats.percent(bet.belief)}",
                href=bet.href,
                belief=bet.belief,
                is_unusual=is_unusual(bet, usual),
                is_broken=bet.is_broken,
            )
        )
    return dots


def _days(days: float) -> str:
    return "1 day" if int(days) == 1 else f"{int(days)} days"


def _table(bets: Sequence[InStage], stages: Mapping[str, str], usual: Mapping[str, Usual]) -> Table:
    columns = (
        Column("Bet"),
        Column("Stage"),
        Column("Days", numeric=True),
        Column("85% within", numeric=True),
        Column("Unusual"),
        Column("Belief", numeric=True),
    )
    rows = []
    for bet in bets:
        known = usual.get(bet.stage)
        limit = f"{known.patience:.0f}" if known else formats.NOTHING
        rows.append(
            [
                Cell(bet.title, bet.href),
                Cell(stages[bet.stage]),
                Cell(str(int(bet.days)), numeric=True, value=int(bet.days)),
                Cell(limit, numeric=True, value=round(known.patience, 1) if known else ""),
                Cell("longer than usual" if is_unusual(bet, usual) else ""),
                Cell(formats.percent(bet.belief), numeric=True, value=_or_blank(bet.belief)),
            ]
        )
    return Table("Bets by how long they have been in their stage", columns, rows)


def _or_blank(value: float | None) -> float | str:
    return "" if value is None else value


def _summary(bets: Sequence[InStage], usual: Mapping[str, Usual], shown: int) -> str:
    unusual = sum(is_unusual(bet, usual) for bet in bets)
    verb = "is" if unusual == 1 else "are"
    text = f"{unusual} of {len(bets)} {verb} in a stage for longer than 85% of completed stays."
    return text if shown == len(bets) else f"{text} Shown: the {shown} furthest over it."
