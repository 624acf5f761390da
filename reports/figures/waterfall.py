"""A proposal as a waterfall: what comes out on the left, what goes in on the right.

Between them stands what does not arrive: the part that stays entangled. The bars hang from one
another, so that the eye adds them up: out of bets − entangled + from the reserve = into bets + to
the reserve.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from reports.figures.table import Cell, Column, Table
from spm import formats

WIDE, NARROW = 1000.0, 358.0
LABEL_SHARE, LEAST_LABEL, AMOUNT_WIDTH = 0.24, 132.0, 76.0
LETTER_WIDTH = 6.4
ROW, BAR = 24.0, 12.0


@dataclass(frozen=True)
class Amount:
    """One step, currency per month."""

    label: str
    rate: float
    href: str = ""


@dataclass(frozen=True)
class Step:
    """One bar. ``kind`` is out-of, entangled or into."""

    kind: str
    label: str
    amount: str
    x: float
    y: float
    width: float
    href: str

    @property
    def bar_y(self) -> float:
        """Where the bar stands in its row."""
        return self.y + (ROW - BAR) / 2

    @property
    def text_y(self) -> float:
        """Where its words stand."""
        return self.y + ROW / 2

    @property
    def end(self) -> float:
        """The right end of the bar."""
        return self.x + self.width


@dataclass(frozen=True)
class Waterfall:
    """The picture."""

    steps: list[Step]
    connectors: list[tuple[float, float, float]]
    height: float
    table: Table
    summary: str
    width: float

    @property
    def label_end(self) -> float:
        """Where the names end."""
        return _label_width(self.width) - 8

    @property
    def view_box(self) -> str:
        """The picture's own units."""
        return f"0 0 {self.width:.0f} {max(self.height, ROW):.0f}"


def waterfall(
    sources: Sequence[Amount],
    entangled: Sequence[Amount],
    uses: Sequence[Amount],
    currency: str,
    width: float = WIDE,
) -> Waterfall:
    """Lay the picture out.

    Args:
        sources: what is taken out of bets, and out of the reserve.
        entangled: what of it stays where it is.
        uses: what goes into bets, and into the reserve; together with what stays entangled as much
            as the sources.
        currency: three capitals.
        width: of the view box: text keeps its size, so a phone gets a narrower picture.
    """
    out = [row for row in sources if row.rate > 0]
    stuck = [row for row in entangled if row.rate > 0]
    into = [row for row in uses if row.rate > 0]
    whole = sum(row.rate for row in out) or 1.0
    left = _label_width(width)
    scale = (width - left - AMOUNT_WIDTH) / whole
    place = _Place(left, scale, currency)
    steps: list[Step] = []
    level = 0.0
    for row in out:
        steps.append(place.step("out-of", row, level, len(steps), "\N{MINUS SIGN}"))
        level += row.rate
    for kind, rows, sign in (("entangled", stuck, ""), ("into", into, "+")):
        for row in rows:
            level -= row.rate
            steps.append(place.step(kind, row, level, len(steps), sign))
    return Waterfall(
        steps=steps,
        connectors=_connectors(steps, len(out)),
        height=len(steps) * ROW,
        table=_table(steps, [*out, *stuck, *into]),
        summary=(
            f"{formats.rate(sum(row.rate for row in out), currency)} comes out, "
            f"{formats.rate(sum(row.rate for row in stuck), currency)} stays entangled, "
            f"{formats.rate(sum(row.rate for row in into), currency)} goes in."
        ),
        width=width,
    )


def _label_width(width: float) -> float:
    """What the names take of the picture."""
    return max(width * LABEL_SHARE, LEAST_LABEL)


@dataclass(frozen=True)
class _Place:
    """Where bars begin and how wide money is."""

    left: float
    scale: float
    currency: str

    def step(self, kind: str, row: Amount, level: float, index: int, sign: str) -> Step:
        """The bar of one amount, from ``level`` on."""
        letters = int(self.left / LETTER_WIDTH)
        short = row.label if len(row.label) <= letters else f"{row.label[: letters - 1].rstrip()}…"
        return Step(
            kind=kind,
            label=short,
            amount=f"{sign}{formats.rate(row.rate, self.currency)}",
            x=self.left + max(level, 0.0) * self.scale,
            y=index * ROW,
            width=row.rate * self.scale,
            href=row.href,
        )


def _connectors(steps: Sequence[Step], sources: int) -> list[tuple[float, float, float]]:
    """Hairlines from the end of one bar to the beginning of the next, as (x, top, bottom)."""
    lines = []
    for index, (above, below) in enumerate(pairwise(steps)):
        x = above.end if index < sources else above.x
        lines.append((x, above.bar_y + BAR, below.bar_y))
    return lines


def _table(steps: Sequence[Step], rows: Sequence[Amount]) -> Table:
    words = {"out-of": "out of", "entangled": "stays entangled in", "into": "into"}
    cells = [
        [
            Cell(words[step.kind]),
            Cell(row.label, href=row.href),
            Cell(step.amount, numeric=True, value=row.rate),
        ]
        for step, row in zip(steps, rows, strict=True)
    ]
    columns = (Column("Direction"), Column("Bet"), Column("A month", numeric=True))
    return Table("What moves", columns, cells)
