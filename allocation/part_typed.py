"""What somebody ticks and types in the rows of a proposal, read as a part of it.

A row has a tick and an amount. An amount that stands as it stood asks for nothing: its bet is free.
A page with many changes shows some of them, and says nothing of the others: what is not sent stays
as proposed. A row that is shown always sends its amount, so one that comes with an amount and
without its tick was unticked.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from allocation.models import Proposal, ProposalChange
from allocation.part import Part, WorkedOut, checked
from bets.forms import plain
from spm.amounts import money_as_typed
from spm.errors import Invalid
from spm.reading import id_of

LEFT_OUT = "left_out"
"""The field that names the bets without a tick whose rows are not on the page, by their ids."""


@dataclass(frozen=True)
class TypedRow:
    """One row as it was typed; ``problem`` says what is wrong with its amount."""

    is_ticked: bool
    text: str
    problem: str = ""
    is_changed: bool = False
    """Whether the amount is not the one that is proposed."""


@dataclass(frozen=True)
class TypedPart:
    """Rows by bet, and the part that they ask for; None while an amount cannot be read.

    ``rows`` are those that were on the page.
    """

    rows: dict[int, TypedRow] = field(default_factory=dict)
    part: Part | None = None
    sha256: str = ""
    """The digest of the part that was on the page."""
    left_out: frozenset[int] = frozenset()
    """Bets without a tick, whether or not their rows are on the page."""

    def row_of(self, change: ProposalChange) -> TypedRow:
        """One row; as it is proposed where nothing was typed."""
        typed = self.rows.get(change.bet_id)
        return typed or TypedRow(change.bet_id not in self.left_out, _text(change))

    @property
    def changed(self) -> set[int]:
        """The bets whose rows must be on the page, since something was typed into them."""
        return {bet for bet, row in self.rows.items() if row.is_changed or row.problem}

    def left_out_beside(self, shown: Collection[int]) -> list[int]:
        """The bets without a tick whose rows are not among those shown."""
        return sorted(self.left_out.difference(shown))

    @property
    def problems(self) -> list[str]:
        """What is wrong with the rows."""
        return [row.problem for row in self.rows.values() if row.problem]


def as_proposed(left_out: frozenset[int] = frozenset()) -> TypedPart:
    """The rows as they stand when the page is opened, some without their ticks."""
    return TypedPart(part=Part(left_out), left_out=left_out)


def ticked(found: WorkedOut) -> TypedPart:
    """The rows of a part that was worked out: ticked but for what it leaves out."""
    without = found.part.left_out
    return TypedPart(part=found.part, sha256=found.sha256, left_out=without)


def ids_in(text: str) -> list[int]:
    """Ids as a field or an address lists them; what is none is passed over."""
    return [number for word in text.split() if (number := id_of(word)) is not None]


def typed_part(proposal: Proposal, data: Mapping[str, str], sign: str) -> TypedPart:
    """What the rows of a page ask for.

    Args:
        proposal: of which it is a part.
        data: the fields "take-<bet>" and "amount-<bet>" of each row that is shown, "left_out" for
            the others, and "part_sha256".
        sign: the person's decimal sign.
    """
    changes = list(proposal.changes.all())
    rows = {
        change.bet_id: _typed_row(change, f"take-{change.bet_id}" in data, amount)
        for change in changes
        if (amount := data.get(f"amount-{change.bet_id}")) is not None
    }
    unseen = set(ids_in(data.get(LEFT_OUT, ""))) - rows.keys()
    left_out = {bet_id for bet_id, row in rows.items() if not row.is_ticked}
    left_out |= unseen & {change.bet_id for change in changes}
    shown = [change for change in changes if change.bet_id in rows]
    problems, amounts = _amounts(shown, rows, sign)
    try:
        part = checked(proposal, left_out, amounts)
    except Invalid as refusal:
        part = None
        for name, text in refusal.fields.items():
            problems[int(name.removeprefix("amounts."))] = text
    told = {bet_id: replace(row, problem=problems.get(bet_id, "")) for bet_id, row in rows.items()}
    digest = data.get("part_sha256", "")
    return TypedPart(told, None if problems else part, digest, frozenset(left_out))


def _typed_row(change: ProposalChange, is_ticked: bool, text: str) -> TypedRow:
    return TypedRow(is_ticked, text, is_changed=text.strip() not in ("", _text(change)))


def _amounts(
    changes: list[ProposalChange], rows: Mapping[int, TypedRow], sign: str
) -> tuple[dict[int, str], dict[int, Decimal]]:
    """What is wrong with the amounts of ticked rows, and those that were changed, by bet."""
    problems: dict[int, str] = {}
    amounts: dict[int, Decimal] = {}
    for change in changes:
        row = rows[change.bet_id]
        if not row.is_ticked or not row.is_changed:
            continue
        try:
            amount = money_as_typed(row.text.strip(), "amount", sign)
        except Invalid as refusal:
            problems[change.bet_id] = " ".join(refusal.fields.values())
            continue
        if amount != change.working_after:
            amounts[change.bet_id] = amount
    return problems, amounts


def _text(change: ProposalChange) -> str:
    return plain(change.working_after)
