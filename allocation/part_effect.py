"""What a part of a proposal does otherwise than the whole, in words and figures for the page."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from allocation.models import Proposal, ProposalChange
from allocation.outline import Outline, outline_of
from allocation.part import WorkedOut
from allocation.scenarios.wording import Words
from allocation.solution_rows import changes_in
from allocation.wording import what_moves
from spm import formats

NOTHING = Decimal(0)


@dataclass(frozen=True)
class Figure:
    """One figure of the part beside that of the whole."""

    label: str
    whole: str
    part: str


@dataclass(frozen=True)
class RowEffect:
    """What becomes of one bet in the part, where it is not what its row says."""

    ends_at: Decimal
    freed: Decimal
    entangled: Decimal
    exit_cost: Decimal
    stays: bool = False
    """Whether nothing changes."""


@dataclass(frozen=True)
class Effect:
    """A part held against the whole."""

    found: WorkedOut | None
    """The part; None where nothing is left out."""
    sentence: str
    taken: int
    of: int
    figures: list[Figure] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    """What is at its limit in the part, and was not in the whole."""
    rows: dict[int, RowEffect] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self.found is None

    @property
    def may_be_approved(self) -> bool:
        """Whether nothing stands in its way."""
        return self.found is None or not self.found.obstacles

    @property
    def lost_words(self) -> str:
        """What the part is worth less than the whole, in words."""
        return "" if self.found is None else f"{_lost(self.found)} than the whole"

    @property
    def button(self) -> str:
        """What the button that approves it says."""
        if self.is_whole:
            return "Approve and book"
        return f"Approve these {self.taken} of {self.of}"


def whole(outline: Outline) -> Effect:
    """The effect of leaving nothing out, which needs no working out."""
    return Effect(None, "", outline.changed, outline.changed)


def effect_of(found: WorkedOut) -> Effect:
    """A worked-out part for the page."""
    proposal = found.proposal
    changes = list(proposal.changes.all())
    taken = sum(change.bet_id in found.after for change in changes)
    return Effect(
        found,
        _sentence(found),
        taken,
        len(changes),
        list(_figures(found)),
        list(_now_at_their_limit(found)),
        _rows(found.changes, changes),
    )


def _sentence(found: WorkedOut) -> str:
    currency, months = found.proposal.portfolio.currency, found.proposal.horizon_months
    if not found.changes:
        return "Nothing of it would move."
    worth = formats.money(found.gain, currency, explicit_sign=True)
    moves = what_moves(outline_of(found.changes), found.out_of_bets, currency)
    return f"{moves}, worth {worth} over {months} months: {_lost(found)} than the whole."


def _lost(found: WorkedOut) -> str:
    """What a part is worth less than the whole, or more."""
    lost, currency = found.gain_lost, found.proposal.portfolio.currency
    return f"{formats.money(abs(lost), currency)} {'less' if lost >= 0 else 'more'}"


def _figures(found: WorkedOut) -> Iterator[Figure]:
    proposal, currency = found.proposal, found.proposal.portfolio.currency
    rates = (
        ("Out of bets", proposal.out_of_bets, found.out_of_bets),
        ("Really freed", proposal.freed, found.freed),
        ("Stays entangled", proposal.entangled, found.entangled),
    )
    for label, whole, part in rates:
        yield Figure(label, formats.rate(whole, currency), formats.rate(part, currency))
    costs = formats.money(proposal.exit_costs, currency), formats.money(found.exit_costs, currency)
    yield Figure("Exit costs, once", *costs)
    gains = (
        formats.money(proposal.gain, currency, explicit_sign=True),
        formats.money(found.gain, currency, explicit_sign=True),
    )
    yield Figure(f"Worth over {proposal.horizon_months} months", *gains)


def _now_at_their_limit(found: WorkedOut) -> Iterator[str]:
    before = _at_their_limit(found.proposal.solution, found.words)
    for thing, sentence in _at_their_limit(found.solution, found.words).items():
        if thing not in before:
            yield sentence


def _at_their_limit(solution: dict[str, Any], words: Words) -> dict[tuple[str, str], str]:
    """Guardrails, teams and the envelope that leave no room."""
    found = {
        ("guardrail", rail["id"]): f"{words.guardrail(rail['id'])}: {words.range_of(rail)}."
        for rail in solution["guardrails"]
        if rail["headroom"] == 0
    }
    for team in solution["teams"]:
        if team["load_before"] and _is_full(team["load_after"] + team["lent"], team["capacity"]):
            found["team", team["id"]] = f"{words.team(team['id'])} has no capacity left."
    envelope = solution["envelope"]
    if _is_full(envelope["held_after"], envelope["limit"] - envelope["reserve_floor"]):
        found["envelope", ""] = "The envelope, less what must stay in reserve, is used up."
    return found


def _is_full(held: float, room: float) -> bool:
    return held >= room - 0.01


def approved_rows(proposal: Proposal) -> dict[int, RowEffect]:
    """What a decision about a part left each bet with, where that is not what was proposed."""
    decision = getattr(proposal, "decision", None)
    if decision is None or decision.part is None:
        return {}
    return _rows(changes_in(decision.part), list(proposal.changes.all()))


def _rows(taken: list[ProposalChange], changes: list[ProposalChange]) -> dict[int, RowEffect]:
    """The bets that end otherwise than the proposal says."""
    by_bet = {change.bet_id: change for change in taken}
    rows = {}
    for change in changes:
        part = by_bet.get(change.bet_id)
        ends_at = part.working_after if part else change.working_before
        if ends_at == change.working_after:
            continue
        rows[change.bet_id] = (
            RowEffect(ends_at, part.freed, part.entangled, part.exit_cost)
            if part
            else RowEffect(ends_at, NOTHING, NOTHING, NOTHING, stays=True)
        )
    return rows
