"""The envelope as a Sankey: envelope → theme → value stream → bet, thickness by money.

Every band is as thick as the money it carries, at one scale for the whole picture. Tone is the
belief, weighted by money where a band carries several bets. Bets too thin to be labelled are put
together as 'n others' of their stream.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from reports.figures.table import Cell, Column, Table
from spm import formats

WIDTH = 1040.0
NODE_WIDTH = 10.0
PLOT_HEIGHT = 460.0
GAP = 10.0
BET_GAP = 3.0
LABEL_PITCH = 15.0
LONGEST_LABEL = {"theme": 24, "stream": 26, "bet": 30}
COLUMN_AT = (0.0, 236.0, 492.0, 756.0)
MOST_BETS = 34
THINNEST = 0.5

PHONE_WIDTH = 358.0
PHONE_BAR = 14.0


@dataclass(frozen=True)
class Holding:
    """One funded bet; rates in currency per month, belief None where nobody has stated a thesis."""

    key: str
    title: str
    theme: str
    stream: str
    working: float
    entangled: float
    belief: float | None
    is_broken: bool = False
    href: str = ""

    @property
    def rate(self) -> float:
        """Working and entangled money."""
        return self.working + self.entangled


@dataclass(frozen=True)
class Node:
    """A bar with its label. ``kind`` is envelope, theme, stream, bet, others or reserve."""

    kind: str
    label: str
    amount: str
    x: float
    y: float
    height: float
    belief: float | None = None
    is_broken: bool = False
    hatched: float = 0.0
    href: str = ""
    title: str = ""

    @property
    def width(self) -> float:
        """Of the bar."""
        return NODE_WIDTH

    @property
    def label_x(self) -> float:
        """Where the label begins."""
        return self.x + NODE_WIDTH + 6

    @property
    def middle(self) -> float:
        """Half way down, where the label stands."""
        return self.y + self.height / 2

    @property
    def hatched_y(self) -> float:
        """Where the entangled part of the bar begins."""
        return self.y + self.height - self.hatched

    @property
    def short_label(self) -> str:
        """The label, cut so that it ends before the next column."""
        longest = LONGEST_LABEL.get(self.kind, 30)
        if len(self.label) <= longest:
            return self.label
        return f"{self.label[: longest - 1].rstrip()}…"

    @property
    def belief_text(self) -> str:
        """The belief beside the name, for bets."""
        return (
            formats.percent(self.belief) if self.kind == "bet" and self.belief is not None else ""
        )


@dataclass(frozen=True)
class Band:
    """A flow between two bars, as the path of its outline."""

    path: str
    belief: float | None
    title: str
    kind: str = "flow"
    is_broken: bool = False
    href: str = ""


@dataclass(frozen=True)
class Bar:
    """One bar of the phone's picture: a stream, its width by money."""

    label: str
    amount: str
    y: float
    width: float
    entangled_width: float
    belief: float | None
    belief_text: str
    href: str


@dataclass(frozen=True)
class Sankey:
    """The picture: nodes over bands, the phone's bars, and the table behind both."""

    width: float
    height: float
    nodes: list[Node]
    bands: list[Band]
    bars: list[Bar]
    phone_height: float
    table: Table
    summary: str

    @property
    def view_box(self) -> str:
        """Of the wide picture."""
        return f"0 -22 {self.width:.0f} {self.height + 30:.0f}"

    @property
    def phone_view_box(self) -> str:
        """Of the phone's picture."""
        return f"0 0 {PHONE_WIDTH:.0f} {self.phone_height:.0f}"

    @property
    def heads(self) -> list[tuple[float, str]]:
        """What stands in each column."""
        return list(zip(COLUMN_AT, ("Envelope", "Theme", "Value stream", "Bet"), strict=True))


@dataclass
class _Group:
    """Bets that share a bar, and where bands leave and enter it."""

    label: str
    holdings: list[Holding] = field(default_factory=list)
    y: float = 0.0
    height: float = 0.0
    entered: float = 0.0
    left: float = 0.0

    @property
    def rate(self) -> float:
        return sum(holding.rate for holding in self.holdings)


def sankey(
    holdings: Sequence[Holding],
    *,
    envelope: float,
    reserve: float,
    currency: str,
    page: str,
) -> Sankey:
    """Lay the picture out.

    Args:
        holdings: the funded bets.
        envelope: what may be committed, currency per month; what bets hold and the reserve.
        reserve: the part that no bet holds.
        currency: three capitals, for the labels.
        page: the address of the page; themes, streams and 'n others' lead to it, narrowed.
    """
    held = [holding for holding in holdings if holding.rate > 0]
    whole = max(envelope, sum(holding.rate for holding in held) + max(reserve, 0.0))
    if whole <= 0:
        return Sankey(WIDTH, 0.0, [], [], [], 0.0, _table([], currency), "No money is held.")
    scale = PLOT_HEIGHT / whole
    themes, streams = _grouped(held, "theme"), _grouped(held, "stream")
    shown = {holding.key for holding in sorted(held, key=_most_first)[:MOST_BETS]}
    rows = [row for stream in streams for row in _rows_of(stream, shown)]
    _place(themes, scale, GAP, pitch=LABEL_PITCH)
    _place(streams, scale, GAP, pitch=LABEL_PITCH)
    _place(rows, scale, BET_GAP, pitch=LABEL_PITCH)
    painter = _Painter(scale, currency, page)
    root = _Group("Envelope", list(held), height=whole * scale)
    for theme in themes:
        painter.join(root, theme, theme.holdings, 0, 1)
    for theme in themes:
        for stream in streams:
            shared = [holding for holding in theme.holdings if holding.stream == stream.label]
            painter.join(theme, stream, shared, 1, 2)
    by_label = {stream.label: stream for stream in streams}
    for row in rows:
        painter.join(by_label[row.holdings[0].stream], row, row.holdings, 2, 3)
    bottom = max(group.y + group.height for group in (*themes, root)) + GAP
    painter.node("envelope", root, 0)
    if reserve > 0:
        painter.reserve(root, bottom, reserve)
    for theme in themes:
        painter.node("theme", theme, 1)
    for stream in streams:
        painter.node("stream", stream, 2)
    for row in rows:
        painter.row(row)
    height = max(node.y + node.height for node in painter.nodes)
    bars, phone_height = _bars(streams, reserve, currency, page)
    return Sankey(
        width=WIDTH,
        height=height,
        nodes=painter.nodes,
        bands=painter.bands,
        bars=bars,
        phone_height=phone_height,
        table=_table(held, currency),
        summary=_summary(held, len(streams), reserve, currency),
    )


def _summary(held: Sequence[Holding], streams: int, reserve: float, currency: str) -> str:
    in_reserve = f"{formats.rate(reserve, currency)} in reserve."
    if not held:
        return f"Nothing in bets yet; {in_reserve}"
    in_bets = formats.rate(sum(holding.rate for holding in held), currency)
    bets = "1 bet" if len(held) == 1 else f"{len(held)} bets"
    of = "1 value stream" if streams == 1 else f"{streams} value streams"
    return f"{in_bets} in {bets} of {of}; {in_reserve}"


def _most_first(holding: Holding) -> tuple[float, str]:
    return (-holding.rate, holding.key)


def _grouped(holdings: Iterable[Holding], attribute: str) -> list[_Group]:
    groups: dict[str, _Group] = {}
    for holding in sorted(holdings, key=_most_first):
        name = getattr(holding, attribute)
        groups.setdefault(name, _Group(name)).holdings.append(holding)
    return sorted(groups.values(), key=lambda group: (-group.rate, group.label))


def _rows_of(stream: _Group, shown: set[str]) -> list[_Group]:
    """The bars of a stream's bets: each that is large enough, the rest as one."""
    rows = [_Group(bet.title, [bet]) for bet in stream.holdings if bet.key in shown]
    rest = [bet for bet in stream.holdings if bet.key not in shown]
    if len(rest) == 1:
        rows.append(_Group(rest[0].title, rest))
    elif rest:
        rows.append(_Group(f"{len(rest)} others", rest))
    return rows


def _place(groups: list[_Group], scale: float, gap: float, pitch: float = 0.0) -> None:
    """Put bars under one another, at least so far apart that their labels do not touch."""
    y = 0.0
    for group in groups:
        group.height = group.rate * scale
        slack = max(0.0, pitch - group.height)
        group.y = y + slack / 2
        y += group.height + slack + gap


def mean_belief(holdings: Iterable[Holding]) -> float | None:
    """The belief of money that is spread over bets, weighted by it; None where none is stated."""
    known = [holding for holding in holdings if holding.belief is not None and holding.rate > 0]
    total = sum(holding.rate for holding in known)
    if not total:
        return None
    return sum(holding.rate * (holding.belief or 0.0) for holding in known) / total


class _Painter:
    """Collects bars and bands at one scale."""

    def __init__(self, scale: float, currency: str, page: str) -> None:
        self.scale, self.currency, self.page = scale, currency, page
        self.nodes: list[Node] = []
        self.bands: list[Band] = []

    def join(
        self, giver: _Group, taker: _Group, holdings: Sequence[Holding], left: int, right: int
    ) -> None:
        """A band for what the two have in common."""
        rate = sum(holding.rate for holding in holdings)
        if rate <= 0:
            return
        thickness = rate * self.scale
        start, end = giver.y + giver.left, taker.y + taker.entered
        giver.left += thickness
        taker.entered += thickness
        single = holdings[0] if right == 3 and len(holdings) == 1 else None
        self.bands.append(
            Band(
                path=_ribbon(COLUMN_AT[left] + NODE_WIDTH, start, COLUMN_AT[right], end, thickness),
                belief=mean_belief(holdings),
                title=f"{giver.label} → {taker.label}: {formats.rate(rate, self.currency)}",
                is_broken=bool(single and single.is_broken),
                href=single.href if single else "",
            )
        )

    def node(self, kind: str, group: _Group, column: int) -> None:
        """The bar of a theme, a stream or the envelope."""
        amount = formats.rate(group.height / self.scale, self.currency)
        self.nodes.append(
            Node(
                kind=kind,
                label=group.label,
                amount=amount,
                x=COLUMN_AT[column],
                y=group.y,
                height=max(group.height, THINNEST),
                title=f"{group.label}: {amount}",
                href="" if kind == "envelope" else _narrowed(self.page, kind, group.label),
            )
        )

    def reserve(self, root: _Group, bottom: float, reserve: float) -> None:
        """What no bet holds leaves the envelope at its foot."""
        thickness = reserve * self.scale
        amount = formats.rate(reserve, self.currency)
        start = root.y + root.height - thickness
        path = _ribbon(COLUMN_AT[0] + NODE_WIDTH, start, COLUMN_AT[1], bottom, thickness)
        self.bands.append(Band(path, None, f"Reserve: {amount}", kind="reserve"))
        self.nodes.append(
            Node("reserve", "Reserve", amount, COLUMN_AT[1], bottom, thickness, title="Reserve")
        )

    def row(self, group: _Group) -> None:
        """The bar of one bet, or of several small ones."""
        several = len(group.holdings) > 1
        first = group.holdings[0]
        belief = mean_belief(group.holdings)
        amount = formats.rate(group.rate, self.currency)
        entangled = sum(holding.entangled for holding in group.holdings)
        broken = first.is_broken and not several
        words = ", thesis broken" if broken else ""
        self.nodes.append(
            Node(
                kind="others" if several else "bet",
                label=group.label,
                amount=amount,
                x=COLUMN_AT[3],
                y=group.y,
                height=max(group.height, THINNEST),
                belief=belief,
                is_broken=broken,
                hatched=entangled * self.scale,
                href=_narrowed(self.page, "stream", first.stream) if several else first.href,
                title=f"{group.label}: {amount}, belief {formats.percent(belief)}{words}",
            )
        )


def _narrowed(page: str, attribute: str, name: str) -> str:
    """The page with only the bets of one theme or stream."""
    return f"{page}?{urlencode({attribute: name})}"


def _ribbon(x0: float, y0: float, x1: float, y1: float, thickness: float) -> str:
    """The outline of a band of even thickness between two bars."""
    middle = (x0 + x1) / 2
    low0, low1 = y0 + thickness, y1 + thickness
    return (
        f"M{x0:.1f},{y0:.2f} C{middle:.1f},{y0:.2f} {middle:.1f},{y1:.2f} {x1:.1f},{y1:.2f} "
        f"L{x1:.1f},{low1:.2f} C{middle:.1f},{low1:.2f} {middle:.1f},{low0:.2f} "
        f"{x0:.1f},{low0:.2f} Z"
    )


def _bars(
    streams: list[_Group], reserve: float, currency: str, page: str
) -> tuple[list[Bar], float]:
    """For the phone: one bar for each value stream, and the reserve."""
    rows = [(stream.label, stream.rate, stream) for stream in streams]
    most = max([rate for _, rate, _ in rows] + [reserve])
    bars, y = [], 0.0
    for label, rate, stream in rows:
        entangled = sum(holding.entangled for holding in stream.holdings)
        belief = mean_belief(stream.holdings)
        bars.append(
            Bar(
                label=label,
                amount=formats.rate(rate, currency),
                y=y,
                width=PHONE_WIDTH * rate / most,
                entangled_width=PHONE_WIDTH * entangled / most,
                belief=belief,
                belief_text=formats.percent(belief),
                href=_narrowed(page, "stream", label),
            )
        )
        y += PHONE_BAR + 26
    if reserve > 0:
        width = PHONE_WIDTH * reserve / most
        bars.append(Bar("Reserve", formats.rate(reserve, currency), y, width, 0.0, None, "", ""))
        y += PHONE_BAR + 26
    return bars, y


def _table(holdings: Iterable[Holding], currency: str) -> Table:
    columns = (
        Column("Bet"),
        Column("Theme"),
        Column("Value stream"),
        Column("Working", numeric=True),
        Column("Entangled", numeric=True),
        Column("Belief", numeric=True),
        Column("Thesis"),
    )
    rows = [
        [
            Cell(holding.title, href=holding.href),
            Cell(holding.theme),
            Cell(holding.stream),
            Cell(formats.rate(holding.working, currency), numeric=True, value=holding.working),
            Cell(formats.rate(holding.entangled, currency), numeric=True, value=holding.entangled),
            Cell(
                formats.percent(holding.belief),
                numeric=True,
                value="" if holding.belief is None else holding.belief,
            ),
            Cell("broken" if holding.is_broken else ""),
        ]
        for holding in sorted(holdings, key=_most_first)
    ]
    return Table("Where the money is", columns, rows)
