"""What somebody ticks and types in the rows of a proposal, read as a part of it.

A row has a tick and an amount. An amount that stands as it stood asks for nothing: its bet is free.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from allocation.models import Proposal, ProposalChange
from allocation.part import Part, WorkedOut, checked
from bets.forms import plain
from spm.amounts import money_as_typed
from spm.errors import Invalid

SHOWN = "rows"
"""The field that says that the rows were on the page: only then does a tick that is not there say
that it was taken away."""


@dataclass(frozen=True)
class TypedRow:
    """One row as it was typed; ``problem`` says what is wrong with its amount."""

    is_ticked: bool
    text: str
    problem: str = ""


@dataclass(frozen=True)
class TypedPart:
    """All rows by bet, and the part that they ask for; None while an amount cannot be read."""

    rows: dict[int, TypedRow] = field(default_factory=dict)
    part: Part | None = None
    sha256: str = ""
    """The digest of the part that was on the page."""

    @property
    def problems(self) -> list[str]:
        """What is wrong with the rows."""
        return [row.problem for row in self.rows.values() if row.problem]


def as_proposed(proposal: Proposal) -> TypedPart:
    """The rows as they stand when the page is opened."""
    rows = {change.bet_id: TypedRow(True, _text(change)) for change in proposal.changes.all()}
    return TypedPart(rows, Part())


def ticked(proposal: Proposal, found: WorkedOut) -> TypedPart:
    """The rows of a part that was worked out: ticked but for what it leaves out."""
    without = found.part.left_out
    rows = {
        change.bet_id: TypedRow(change.bet_id not in without, _text(change))
        for change in proposal.changes.all()
    }
    return TypedPart(rows, found.part, found.sha256)


def typed_part(proposal: Proposal, data: Mapping[str, str], sign: str) -> TypedPart:
    """What the rows of a page ask for.

    Args:
        proposal: of which it is a part.
        data: the fields "take-<bet>" and "amount-<bet>" of each row, "part_sha256", and ``SHOWN``.
        sign: the person's decimal sign.
    """
    if SHOWN not in data:
        return as_proposed(proposal)
    changes = list(proposal.changes.all())
    rows = {
        change.bet_id: TypedRow(
            f"take-{change.bet_id}" in data, data.get(f"amount-{change.bet_id}", _text(change))
        )
        for change in changes
    }
    problems, amounts = _amounts(changes, rows, sign)
    left_out = [bet_id for bet_id, row in rows.items() if not row.is_ticked]
    try:
        part = checked(proposal, left_out, amounts)
    except Invalid as refusal:
        part = None
        for name, text in refusal.fields.items():
            problems[int(name.removeprefix("amounts."))] = text
    told = {
        bet_id: TypedRow(row.is_ticked, row.text, problems.get(bet_id, ""))
        for bet_id, row in rows.items()
    }
    return TypedPart(told, None if problems else part, data.get("part_sha256", ""))


def _amounts(
    changes: list[ProposalChange], rows: Mapping[int, TypedRow], sign: str
) -> tuple[dict[int, str], dict[int, Decimal]]:
    """What is wrong with the amounts of ticked rows, and those that were changed, by bet."""
    problems: dict[int, str] = {}
    amounts: dict[int, Decimal] = {}
    for change in changes:
        row = rows[change.bet_id]
        text = row.text.strip()
        if not row.is_ticked or text in ("", _text(change)):
            continue
        try:
            amount = money_as_typed(text, "amount", sign)
        except Invalid as refusal:
            problems[change.bet_id] = " ".join(refusal.fields.values())
            continue
        if amount != change.working_after:
            amounts[change.bet_id] = amount
    return problems, amounts


def _text(change: ProposalChange) -> str:
    return plain(change.working_after)
