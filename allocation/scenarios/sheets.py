"""The sheets on which a scenario is edited, as rows of cells, like those of a spreadsheet.

Each cell is saved by itself. It keeps the original beside it, so that it can be seen what was
changed, and put back.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from allocation.assumptions.apply import FIELD_OF_BET
from allocation.engine.guardrails import KINDS as GUARDRAIL_KINDS
from allocation.scenarios import typed
from allocation.scenarios.opened import Opened
from spm.errors import Invalid


@dataclass(frozen=True)
class Head:
    """The head of a column; ``help`` says in plain words what stands below it."""

    label: str
    help: str = ""
    numeric: bool = True


@dataclass(frozen=True)
class Cell:
    """One cell that can be typed into. ``was`` is the original if it was changed."""

    kind: str
    target: str
    part: str
    label: str
    text: str
    was: str
    is_changed: bool
    suffix: str = ""
    choices: tuple[str, ...] = ()
    head: str = ""
    error: str = ""

    @property
    def id(self) -> str:
        """The id of its element."""
        name = "-".join(part for part in (self.kind, self.target, self.part) if part)
        return f"cell-{name.replace('>', '-')}"

    def refused(self, text: str, problem: str) -> "Cell":
        """The cell with what was typed, and why it was not taken."""
        return replace(self, text=text, error=problem)


@dataclass(frozen=True)
class Row:
    """One thing with its cells, None where it has none under a head.

    ``facts`` are figures that cannot be typed into.
    """

    id: str
    title: str
    note: str = ""
    bet_id: str = ""
    facts: list[str] = field(default_factory=list)
    cells: list[Cell | None] = field(default_factory=list)
    button: str = ""
    button_kind: str = ""
    target: str = ""
    is_off: bool = False
    is_changed: bool = False

    def with_cells(self, cells: list[Cell | None]) -> "Row":
        """The row with other cells."""
        return replace(self, cells=cells)

    def labelled(self, label: str) -> "Row":
        """The row with its cells called like this."""
        return replace(self, cells=[cell and replace(cell, label=label) for cell in self.cells])

    def stands_for(self, kind: str, target: str) -> bool:
        """Whether the row's button is the one for this slot."""
        return self.button_kind == kind and self.target == target


@dataclass(frozen=True)
class Sheet:
    """A table of rows under heads."""

    name: str
    title: str
    about: str
    heads: list[Head]
    rows: list[Row]
    fact_heads: list[Head] = field(default_factory=list)
    has_buttons: bool = False


class Sheets:
    """The sheets of an opened scenario, for one reader."""

    def __init__(self, opened: Opened, sign: str) -> None:
        self.opened = opened
        self.sign = sign

    def cell(self, kind: str, target: str, part: str = "", head: Head | None = None) -> Cell:
        """One cell as it stands."""
        opened = self.opened
        original = opened.original(kind, target)
        current = opened.current(kind, target)
        unit = typed.unit_of(kind, original if current is None else current)
        text = "" if current is None else typed.shown(kind, part, current, self.sign)
        was = "" if original is None else typed.shown(kind, part, original, self.sign)
        is_changed = original is not None and text != was
        label = head.label if head else ""
        return Cell(
            kind,
            target,
            part,
            f"{label}: {self._title(kind, target)}".strip(": "),
            text,
            (was or "none") if is_changed else "",
            is_changed,
            unit.suffix,
            unit.choices,
            label,
        )

    def _title(self, kind: str, target: str) -> str:
        words = self.opened.words
        if not target or kind == "lending":
            return ""
        if kind == "guardrail":
            return words.guardrail(target)
        return words.team(target) if kind == "capacity" else words.bet(target)

    def read(self, kind: str, target: str, part: str, text: str) -> Any:
        """What a slot becomes once a text is typed into a cell; raises Invalid about ``to``."""
        original = self.opened.original(kind, target)
        if kind == "guardrail":
            current = self.opened.current(kind, target)
            if current is None:
                raise Invalid({"to": "This guardrail is dropped here; bring it back first."})
            return typed.read(kind, part, current, text, self.sign)
        if original is not None and text.strip() == typed.shown(kind, part, original, self.sign):
            return original
        start = self.opened.current(kind, target) if original is None else original
        return typed.read(kind, part, start, text, self.sign)

    # --- the sheets -------------------------------------------------------------------------------

    def bets(self) -> Sheet:
        """What each bet is worth, and how much it may hold."""
        return Sheet(
            "bets",
            "Bets",
            "What you believe, what a bet is worth if its thesis holds, and the least and the most "
            "it may hold a month. Change any cell; what stood there stays beside it.",
            BET_HEADS,
            list(self._bet_rows(BET_KINDS, BET_HEADS)),
            [Head("Holds today", "Working money a month, in the world the scenario starts from.")],
            has_buttons=True,
        )

    def ways_out(self) -> Sheet:
        """How fast and how cleanly money can leave each bet."""
        return Sheet(
            "ways-out",
            "Ways out",
            "How money can leave a bet. To see what decoupling a bet would be worth, write 100 "
            "under 'Really freed'; to see what shorter notice would be worth, write fewer months.",
            WAY_HEADS,
            list(self._bet_rows(WAY_KINDS, WAY_HEADS)),
            [Head("Holds today", "Working money a month, in the world the scenario starts from.")],
        )

    def _bet_rows(self, kinds: tuple[str, ...], heads: list[Head]) -> Iterator[Row]:
        for bet in self.opened.after["bets"]:
            new = bet["id"] in self.opened.added
            if not new or kinds is BET_KINDS:
                yield self._bet_row(bet, kinds, heads, new)

    def _bet_row(self, bet: Any, kinds: tuple[str, ...], heads: list[Head], new: bool) -> Row:
        cells = [
            None if new and kind not in FIELD_OF_BET else self.cell(kind, bet["id"], head=head)
            for kind, head in zip(kinds, heads, strict=True)
        ]
        stopped = bool(bet["stopped"])
        return Row(
            id=f"row-{bet['id']}",
            title=self.opened.words.bet(bet["id"]),
            note=_note(bet, new, cells),
            bet_id="" if new else bet["id"],
            facts=[self.opened.words.rate(bet["working"])],
            cells=cells,
            button="" if kinds is not BET_KINDS else "Take out" if new else _stop_word(stopped),
            button_kind="bet" if new else "stop",
            target=bet["id"],
            is_off=stopped,
            is_changed=new or stopped or any(cell.is_changed for cell in cells if cell),
        )

    def teams(self) -> Sheet:
        """What each team can take on."""
        [head] = TEAM_HEADS
        rows = [
            self._plain_row("capacity", team["id"], self.opened.words.team(team["id"]), head)
            for team in self.opened.after["teams"]
        ]
        return Sheet(
            "teams",
            "Teams",
            "How much funded work a team can take on, in money a month. Hiring or training means "
            "more, people who leave mean less.",
            TEAM_HEADS,
            rows,
        )

    def lending(self) -> Sheet:
        """How well one team can stand in for another."""
        [head] = LENDING_HEADS
        pairs = {
            f"{pair['from']}>{pair['to']}"
            for document in (self.opened.before, self.opened.after)
            for pair in document["fungibility"]
        }
        rows = []
        for pair in sorted(pairs, key=lambda each: (len(each), each)):
            lender, _, borrower = pair.partition(">")
            words = self.opened.words
            title = f"{words.team(lender)} for {words.team(borrower)}"
            row = self._plain_row("lending", pair, title, head)
            rows.append(row.labelled(f"{head.label}: {title}"))
        return Sheet(
            "lending",
            "Standing in",
            "How much of one team's free capacity another can use: 100 as if it were their own, "
            "0 not at all.",
            LENDING_HEADS,
            rows,
        )

    def guardrails(self) -> Sheet:
        """The limits of the allocation."""
        ids = {rail["id"] for rail in self.opened.before["guardrails"]} | {
            rail["id"] for rail in self.opened.after["guardrails"]
        }
        rows = [
            self._guardrail_row(rail_id)
            for rail_id in sorted(ids, key=lambda each: (len(each), each))
        ]
        return Sheet(
            "guardrails",
            "Guardrails",
            "Limits that the allocation has to keep. Loosen or tighten one, leave one out, or add "
            "one below.",
            GUARDRAIL_HEADS,
            rows,
            has_buttons=True,
        )

    def _guardrail_row(self, rail_id: str) -> Row:
        opened = self.opened
        original = opened.original("guardrail", rail_id)
        current = opened.current("guardrail", rail_id)
        row = current or original
        kind = GUARDRAIL_KINDS[row["kind"]]
        cells = [
            self.cell("guardrail", rail_id, side, head)
            if current is not None and side in kind.limits
            else None
            for side, head in zip(typed.SIDES, GUARDRAIL_HEADS, strict=True)
        ]
        scope = opened.words.scope(row["scope"])
        about = f"{KIND_WORDS[row['kind']]}{f', {scope}' if scope else ''}"
        return Row(
            id=f"row-guardrail-{rail_id}",
            title=opened.words.guardrail(rail_id),
            note=f"{about}, left out here" if current is None else about,
            cells=cells,
            button="Bring back" if current is None else "Take out" if original is None else "Drop",
            button_kind="guardrail",
            target=rail_id,
            is_off=current is None,
            is_changed=current != original,
        )

    def whole(self) -> Sheet:
        """The envelope, what must stay in reserve, and the horizon."""
        rows = [
            replace(
                self._plain_row(kind, "", title, WHOLE_HEADS[0]),
                id=f"row-{kind}",
                note=note,
            )
            for kind, title, note in WHOLE_ROWS
        ]
        named = [row.labelled(row.title) for row in rows]
        return Sheet(
            "whole",
            "The whole",
            "How much money there is a month, what must stay unspent, and how far ahead we look.",
            WHOLE_HEADS,
            named,
        )

    def _plain_row(self, kind: str, target: str, title: str, head: Head) -> Row:
        cell = self.cell(kind, target, head=head)
        row_id = f"row-{kind}-{target}".replace(">", "-")
        return Row(id=row_id, title=title, cells=[cell], is_changed=cell.is_changed)


def _note(bet: Any, new: bool, cells: list[Cell | None]) -> str:
    """What has to be known of a bet to understand its row."""
    if new:
        return "added here"
    if bet["stopped"]:
        return "stopped here"
    hopes = any(cell.is_changed for cell in cells if cell and cell.kind in ("belief", "value"))
    if hopes and not bet["may_grow"]:
        return "no money may be added to it: see 'May get more'"
    return ""


def _stop_word(stopped: bool) -> str:
    return "Go on" if stopped else "Stop"


BET_KINDS = ("belief", "value", "minimum", "maximum", "may_grow")
BET_HEADS = [
    Head("Belief, %", "How likely the thesis holds."),
    Head(
        "Value",
        "What it is worth over the horizon if its thesis holds: the middle estimate. The low and "
        "the high one move with it.",
    ),
    Head("Least", "The least it may hold a month if it holds anything."),
    Head("Most", "The most it may hold a month; empty for no such limit."),
    Head("May get more", "Whether money may be added: not for broken theses, for instance."),
]
WAY_KINDS = ("notice", "freed_share", "withdrawable")
WAY_HEADS = [
    Head("Notice, months", "How long withdrawn money goes on being spent."),
    Head("Really freed, %", "What part of withdrawn money can be used elsewhere."),
    Head("May leave now, %", "What part of its money may be withdrawn at all today."),
]
TEAM_HEADS = [Head("Capacity a month", "Funded work it can take on.")]
LENDING_HEADS = [Head("Of use, %", "How much of what one lends serves the other.")]
GUARDRAIL_HEADS = [
    Head("At least", "Empty for no such limit."),
    Head("At most", "Empty for no such limit."),
]
WHOLE_HEADS = [Head("In this scenario")]
WHOLE_ROWS = (
    ("envelope", "Envelope", "money a month that may be committed in all"),
    ("reserve_floor", "Reserve that must stay", "money a month that no bet may hold"),
    ("horizon", "Horizon", "months; values count pro rata over another horizon than today's"),
)
KIND_WORDS = {
    "share": "share of the envelope, in %",
    "amount": "money a month",
    "bet_share": "share of the envelope that one bet may hold, in %",
    "turnover": "share of the envelope that may be withdrawn at once, in %",
    "count": "number of funded bets",
    "reserve": "reserve, money a month",
}
SHEETS: dict[str, Callable[[Sheets], Sheet]] = {
    "bets": Sheets.bets,
    "ways-out": Sheets.ways_out,
    "teams": Sheets.teams,
    "lending": Sheets.lending,
    "guardrails": Sheets.guardrails,
    "whole": Sheets.whole,
}
TITLES = {
    "bets": "Bets",
    "ways-out": "Ways out",
    "teams": "Teams",
    "lending": "Standing in",
    "guardrails": "Guardrails",
    "whole": "The whole",
}
