"""What an approval does beyond booking the money: the cards leave the board with it."""

from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from allocation.booking import after_months
from allocation.leaving.plan import plan_of
from allocation.leaving.weighing import weigh_plan
from allocation.models import Decision, Proposal, ProposalChange
from bets.board import Refused, leave
from bets.wip import lock_board
from spm import formats
from spm.accounts.permissions import Principal
from spm.errors import Conflict


def hold_the_board(proposal: Proposal) -> None:
    """Keep the board still until the transaction ends, where cards are to leave it.

    Before the books are held, since whoever moves a card takes the board first as well.
    """
    if proposal.ends_a_bet:
        lock_board(proposal.portfolio_id)


def refuse_a_part(proposal: Proposal) -> None:
    """Refuse to end a bet in part: its card cannot leave the board and stay.

    Raises:
        Conflict: the proposal ends a bet.
    """
    if proposal.ends_a_bet:
        raise Conflict(
            "A bet is stopped or pivoted as a whole: approve all of it, or refuse it.",
            ["A smaller withdrawal can be proposed as an ordinary proposal, from a scenario."],
        )


def refuse_if_no_longer_so(proposal: Proposal) -> None:
    """Refuse an end that today would be another: other terms, dependents or limits.

    Raises:
        Conflict: what would be booked differs from what was drawn up, or something has come in
            the way since; ``changed`` says what.
    """
    if not proposal.ends_a_bet:
        return
    weighed = weigh_plan(plan_of(proposal), deciding=proposal)
    if weighed.obstacles:
        texts = [obstacle.text for obstacle in weighed.obstacles]
        raise Conflict("Something has come in the way since this was drawn up.", texts)
    if weighed.digest != proposal.content_sha256:
        raise Conflict(
            "Ending it would no longer mean what was drawn up. Draw it up again.",
            _what_differs(proposal, weighed.solution["changes"]),
        )


def _what_differs(proposal: Proposal, now: list[dict[str, float]]) -> list[str]:
    currency = proposal.portfolio.currency
    found = {int(change["bet"]): change for change in now}
    texts = []
    for change in proposal.changes.select_related("bet"):
        today = found.get(change.bet_id)
        if today is None:
            texts.append(f"{change.bet} would not change any more.")
            continue
        for name, before in (("freed", change.freed), ("entangled", change.entangled)):
            if before != Decimal(repr(today[name])):
                was, is_now = (formats.rate(each, currency) for each in (before, today[name]))
                texts.append(f"{change.bet}: {was} {name} when it was drawn up, {is_now} now.")
    return texts or ["Its notice, its exit cost or what its successor takes has changed."]


def move_the_cards(principal: Principal, proposal: Proposal, decision: Decision) -> None:
    """Move the cards of the bets that a proposal ends, once their money is booked.

    Raises:
        Conflict: the board's own rules are against it.
    """
    if not proposal.ends_a_bet:
        return
    for change in proposal.changes.exclude(leaves_to="").select_related("bet").order_by("id"):
        try:
            leave(
                principal,
                change.bet_id,
                change.leaves_to,
                accepted=what_it_leaves(proposal, change, decision.decided_at),
                note=f"Proposal {proposal.number}: {proposal.reason}"[:2000],
                at=decision.decided_at,
            )
        except Refused as refusal:
            texts = [reason.text for reason in refusal.reasons]
            raise Conflict(f"‘{change.bet}’ cannot leave the board.", texts) from refusal


def what_it_leaves(proposal: Proposal, change: ProposalChange, moment: datetime) -> str:
    """What ending one bet frees and leaves behind, in a sentence for the board's journal."""
    currency = proposal.portfolio.currency
    day = after_months(timezone.localdate(moment), change.notice_months)
    parts = [f"{formats.rate(change.freed, currency)} freed from {day.day} {day:%b %Y}"]
    if change.entangled:
        parts.append(f"{formats.rate(change.entangled, currency)} entangled until it is unwound")
    if change.working_after:
        parts.append(f"{formats.rate(change.working_after, currency)} locked for now")
    if change.exit_cost:
        parts.append(f"{formats.money(change.exit_cost, currency)} exit cost")
    return f"{', '.join(parts)}."
