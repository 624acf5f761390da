"""A part of a proposal: what somebody would approve of it, worked out, held against the whole.

A part lies within what was proposed: each bet ends between what it held and what the proposal
gives it, and no other bet changes. So whoever may decide the whole may decide each part of it, and
draws nothing up by that. A bet that is left out stays as it is; an amount that is set is kept; the
rest is decided anew between the two ends, so that what is booked keeps every limit.

A proposal that a person drew up is taken at its word instead, as far as its limits allow: what is
not left out or set keeps its amount, since nobody claimed that it is the best there is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from allocation.broken import limits_broken, terms_not_kept
from allocation.engine import (
    Snapshot,
    Solution,
    Within,
    best_within,
    beyond_terms,
    parse_snapshot,
    weigh,
)
from allocation.models import Move, Proposal, ProposalChange
from allocation.propose import content_digest
from allocation.scenarios.made_from import names_of
from allocation.scenarios.wording import Words
from allocation.solution_rows import changes_in, moves_in
from spm import formats
from spm.errors import Conflict, Invalid

NOTHING = Decimal(0)
MOST_DIFFERENCES = 5
ANOTHER_DECIDES = (
    "For anything else a new proposal has to be drawn up from a scenario, for another to decide."
)


@dataclass(frozen=True)
class Part:
    """What was asked for.

    ``left_out`` are bets that shall stay as they are; ``amounts`` is what a bet shall hold
    afterwards, working funding in currency per month.
    """

    left_out: frozenset[int] = frozenset()
    amounts: Mapping[int, Decimal] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is asked for but the proposal itself."""
        return not self.left_out and not self.amounts


@dataclass(frozen=True)
class WorkedOut:
    """A part with all that it means; amounts in currency per month, gains and costs in currency."""

    part: Part
    proposal: Proposal
    solution: dict[str, Any]
    words: Words
    obstacles: list[str]
    """Why it cannot be booked, a sentence for each reason; empty if it can."""

    @property
    def sha256(self) -> str:
        """The digest of what would be booked: an approval names it."""
        return content_digest(self.solution)

    @cached_property
    def changes(self) -> list[ProposalChange]:
        """What changes, bet by bet; not saved, and without a proposal."""
        return changes_in(self.solution)

    @cached_property
    def moves(self) -> list[Move]:
        """Freed money paired with additions; not saved."""
        return moves_in(self.solution)

    @property
    def after(self) -> dict[int, Decimal]:
        """What each bet that changes holds afterwards."""
        return {change.bet_id: change.working_after for change in self.changes}

    @property
    def gain(self) -> float:
        """What it is worth over the horizon, compared with doing nothing."""
        return float(self.solution["do_nothing"]["gain"])

    @property
    def gain_lost(self) -> float:
        """What the whole would be worth more."""
        return self.proposal.gain - self.gain

    @property
    def freed(self) -> Decimal:
        """What of the money that leaves bets can be used elsewhere."""
        return sum((change.freed for change in self.changes), NOTHING)

    @property
    def entangled(self) -> Decimal:
        """What of it goes on being consumed."""
        return sum((change.entangled for change in self.changes), NOTHING)

    @property
    def exit_costs(self) -> Decimal:
        """What leaving costs, once."""
        return sum((change.exit_cost for change in self.changes), NOTHING)

    @property
    def out_of_bets(self) -> Decimal:
        """What leaves bets."""
        moved = (change.working_before - change.working_after for change in self.changes)
        return sum((amount for amount in moved if amount > 0), NOTHING)

    @property
    def raised(self) -> set[int]:
        """The bets that are given money."""
        return {each.bet_id for each in self.changes if each.working_after > each.working_before}

    def as_json(self) -> dict[str, Any]:
        """What a decision keeps of it: what was asked, and what was booked."""
        return {
            "left_out": sorted(self.part.left_out),
            "amounts": {str(bet): f"{rate:.2f}" for bet, rate in sorted(self.part.amounts.items())},
            "sha256": self.sha256,
            "gain": self.gain,
            "changes": self.solution["changes"],
            "moves": self.solution["moves"],
        }


def checked(proposal: Proposal, left_out: Iterable[int], amounts: Mapping[int, Decimal]) -> Part:
    """What is asked of a proposal, if it can be asked.

    Raises:
        Invalid: a bet that does not change, or an amount beyond what was proposed; the fields are
            "left_out" and, for each bet, "amounts.<its id>".
    """
    changes = {change.bet_id: change for change in proposal.changes.select_related("bet")}
    without, problems = frozenset(left_out), {}
    unknown = sorted(without - changes.keys())
    if unknown:
        problems["left_out"] = _not_in_it(unknown[0], changes)
    for bet_id, rate in amounts.items():
        problem = _beyond(bet_id, rate, changes, without)
        if problem:
            problems[f"amounts.{bet_id}"] = problem
    if problems:
        raise Invalid(problems)
    unmoved = {bet for bet, rate in amounts.items() if rate == changes[bet].working_before}
    kept = {bet: rate for bet, rate in amounts.items() if bet not in unmoved}
    return Part(without | unmoved, kept)


def _not_in_it(bet_id: int, changes: Mapping[int, ProposalChange]) -> str:
    known = ", ".join(str(each) for each in sorted(changes))
    return f"The proposal does not change bet {bet_id}; it changes {known}."


def _beyond(
    bet_id: int, rate: Decimal, changes: Mapping[int, ProposalChange], without: frozenset[int]
) -> str:
    """Why a bet cannot be given this amount in a part; an empty text if it can."""
    if bet_id not in changes:
        return _not_in_it(bet_id, changes)
    if bet_id in without:
        return "It is left out, and so stays as it is: leave away one of the two."
    change = changes[bet_id]
    least, most = sorted([change.working_before, change.working_after])
    if least <= rate <= most:
        return ""
    return (
        f"{change.bet.title} may end with {formats.exact_money(least)} to "
        f"{formats.exact_money(most)} a month, as was proposed. {ANOTHER_DECIDES}"
    )


def worked_out(proposal: Proposal, part: Part) -> WorkedOut:
    """What a part means, and what stands in its way; nothing is written.

    Args:
        proposal: of which it is a part; worked out on the snapshot that the proposal was.
        part: what is asked, from ``checked``.
    """
    snapshot = parse_snapshot(proposal.snapshot)
    changes = list(proposal.changes.all())
    words = Words(names_of(proposal.portfolio), proposal.portfolio.currency)
    solution = _at_its_word(snapshot, proposal, changes, part, words)
    if solution is None:
        ranges = {str(change.bet_id): _range(change, part) for change in changes}
        solution = best_within(snapshot, ranges)
    document = solution.as_dict()
    return WorkedOut(part, proposal, document, words, _obstacles(snapshot, document, words))


def _at_its_word(
    snapshot: Snapshot,
    proposal: Proposal,
    changes: Iterable[ProposalChange],
    part: Part,
    words: Words,
) -> Solution | None:
    """The part with all other amounts as a person proposed them; None if that breaks a limit."""
    if proposal.drawn_up_by_id is None:
        return None
    wanted = {str(change.bet_id): float(_wanted(change, part)) for change in changes}
    solution = weigh(snapshot, wanted)
    return None if limits_broken(solution.as_dict(), words) else solution


def _wanted(change: ProposalChange, part: Part) -> Decimal:
    if change.bet_id in part.left_out:
        return change.working_before
    return part.amounts.get(change.bet_id, change.working_after)


def _range(change: ProposalChange, part: Part) -> Within:
    if change.bet_id in part.left_out or change.bet_id in part.amounts:
        fixed = float(_wanted(change, part))
        return Within(fixed, fixed)
    least, most = sorted([change.working_before, change.working_after])
    return Within(float(least), float(most))


def _obstacles(snapshot: Snapshot, solution: dict[str, Any], words: Words) -> list[str]:
    if not solution["changes"]:
        return ["Nothing of it would move: refuse it instead, or leave out less."]
    after = {each["bet"]: each["to"] for each in solution["changes"]}
    return [
        *terms_not_kept(beyond_terms(snapshot, after), words),
        *limits_broken(solution, words),
    ]


def as_shown(proposal: Proposal, part: Part, sha256: str) -> WorkedOut:
    """A part worked out anew, if it can be booked and is the one that was shown.

    Raises:
        Conflict: something stands in its way, or it is another; ``changed`` says what.
        Invalid: it lies beyond what was proposed.
    """
    found = worked_out(proposal, checked(proposal, part.left_out, part.amounts))
    if found.obstacles:
        raise Conflict("This part cannot be booked.", found.obstacles)
    if found.sha256 != sha256:
        raise Conflict("The part is not the one that you saw.", _in_words(found))
    return found


def _in_words(found: WorkedOut) -> list[str]:
    """What a part does, the largest changes first."""
    changes = found.proposal.changes.select_related("bet")
    currency, after = found.proposal.portfolio.currency, found.after
    rows = [
        (change.bet.title, change.working_before, after.get(change.bet_id, change.working_before))
        for change in changes
    ]
    rows.sort(key=lambda row: (-abs(row[2] - row[1]), row[0]))
    return [
        f"{title}: {formats.exact_rate(before, currency)} before, "
        f"{formats.exact_rate(rate, currency)} in this part."
        for title, before, rate in rows[:MOST_DIFFERENCES]
    ]
