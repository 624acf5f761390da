"""Approve or refuse: what the decider saw, and the booking of it, in one transaction.

``allocation.authority`` says who may.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from allocation import consents, ledger, mandates, signals
from allocation.authority import (
    Authority,
    Taken,
    at_once,
    authority_for,
    require_no_hand,
)
from allocation.booking import transfers_of
from allocation.leaving import carry_out
from allocation.models import Consent, Decision, Mandate, Proposal
from allocation.part import Part, WorkedOut, as_shown
from allocation.propose import close, refuses_rest
from allocation.requests import ask
from allocation.still_so import (
    Shown,
    closed_how,
    newer_than,
    refuse_if_newer_is_known,
    refuse_if_not_as_shown,
    refuse_if_positions_differ,
    what_differs,
)
from allocation.to_book import Booking
from bets.models import Portfolio
from spm import live
from spm.accounts.permissions import NotAllowed, Principal
from spm.accounts.signing import Signature
from spm.errors import Conflict, Invalid

TIME_IS_UP = Authority("The portfolio's time for deciding", needs_second_person=False)


def approve(
    principal: Principal,
    proposal_id: int,
    shown: Shown,
    part: Part | None = None,
    *,
    reason: str = "",
    at: datetime | None = None,
    signature: Signature | None = None,
) -> Decision:
    """Approve a proposal, or a part of it, and book its moves, all or nothing.

    Where two people have to approve, the first approval is kept and the second one books.

    Args:
        principal: who decides.
        proposal_id: about what.
        shown: what they were looking at.
        part: what of it; the whole if None, or if it leaves nothing out.
        reason: why, if they say so.
        at: the moment of a decision of the past, where a history is made up; now by default.
        signature: how they signed; None where nobody sits there, as in such a history.

    Raises:
        Proposal.DoesNotExist: there is none that the principal may see.
        NotAllowed: the principal may not decide this one; the text says why, and who may.
        SecondPersonNeeded: theirs is the first of two approvals, and is kept.
        Conflict: it is no longer the proposal that was shown, or the world has changed under it,
            or the part cannot be booked; ``changed`` says in what.
    """
    with transaction.atomic():
        proposal = _open_proposal(principal, proposal_id)
        refuse_if_not_as_shown(proposal, shown)
        refuse_if_newer_is_known(proposal, shown)
        found = _part(proposal, shown, part)
        booking = Booking(proposal, found)
        authority = authority_for(principal, proposal, booking, to_decide=True, at=at)
        carry_out.hold_the_board(proposal)
        ledger.hold(proposal.portfolio_id)
        refuse_if_positions_differ(proposal)
        carry_out.refuse_if_no_longer_so(proposal)
        taken = Taken(principal, authority, reason, at or timezone.now(), signature)
        outcome = _approve(taken, proposal, booking, shown.newer_evidence)
    if isinstance(outcome, consents.SecondPersonNeeded):
        raise outcome
    return outcome


def book_at_once(
    mandate: Mandate, proposal_id: int, shown: Shown, part: Part | None = None
) -> Decision:
    """Book a proposal, or a part of it, under a mandate that says so; its holder answers for it.

    Raises:
        NotAllowed: the mandate does not cover it, or not any more.
        Conflict, Invalid: as for ``approve``.
    """
    holder = mandate.holder
    with transaction.atomic():
        proposal = _open_proposal(holder, proposal_id)
        refuse_if_not_as_shown(proposal, shown)
        refuse_if_newer_is_known(proposal, shown)
        found = _part(proposal, shown, part)
        booking = Booking(proposal, found)
        held = mandates.held_by(holder, proposal.portfolio, timezone.now(), to_decide=True)
        use = next((each for each in held if each.mandate == mandate), None)
        if use is None:
            raise NotAllowed(f"{mandate} is not in force any more.")
        authority = at_once(use, proposal, booking)
        ledger.hold(proposal.portfolio_id)
        refuse_if_positions_differ(proposal)
        taken = Taken(holder, authority, "", timezone.now())
        decision = _approve(taken, proposal, booking, frozenset())
    if isinstance(decision, consents.SecondPersonNeeded):  # ``at_once`` has refused that before
        raise decision
    return decision


def _part(proposal: Proposal, shown: Shown, part: Part | None) -> WorkedOut | None:
    """The part that is approved, worked out and as it was shown; None for the whole."""
    if part is None or part.is_whole:
        return None
    carry_out.refuse_a_part(proposal)
    return as_shown(proposal, part, shown.part_sha256)


def _approve(
    taken: Taken, proposal: Proposal, booking: Booking, newer: frozenset[int]
) -> Decision | consents.SecondPersonNeeded:
    """Book it, or keep the first of two approvals."""
    first = None
    if taken.authority.needs_second_person:
        first = consents.of_another(taken.person, proposal, booking)
        if first is None:
            return consents.give(taken, proposal, booking)
    kind = Decision.Kind.PARTLY_APPROVED if booking.part else Decision.Kind.APPROVED
    decision = _decide(taken, proposal, kind, newer, first, booking.part)
    _book(decision, proposal)
    carry_out.move_the_cards(taken.decider, proposal, decision)
    _mark(proposal, decision, booking.part)
    ask(proposal.portfolio_id, f"{proposal} was {decision.get_kind_display().lower()}.")
    signals.decided.send(Decision, decision=decision)
    return decision


def _book(decision: Decision, proposal: Proposal) -> None:
    day = timezone.localdate(decision.decided_at)
    try:
        ledger.book(
            proposal.portfolio_id,
            transfers_of(proposal, day, decision.part),
            on=day,
            booked_by=decision.decided_by,
            decision=decision,
        )
    except ledger.Overdrawn as error:
        raise Conflict("The money is no longer where it was.", error.changed) from error


def _mark(proposal: Proposal, decision: Decision, found: WorkedOut | None) -> None:
    """Say of each change whether it was approved, wholly or with a smaller amount.

    Neither is said of what the decider could not have refused: it is left for those who may.
    """
    if found is None:
        proposal.changes.update(approved=True)
        return
    proposal.changes.filter(bet_id__in=found.after).update(approved=True)
    if refuses_rest(decision):
        proposal.changes.exclude(bet_id__in=found.after).update(approved=False)


def _as_kept(taken: Taken, proposal: Proposal, found: WorkedOut) -> dict[str, Any]:
    """A part as its decision keeps it, and whether what it leaves out is refused thereby.

    Only who may decide the whole can refuse any of it.
    """
    may_refuse = taken.signature is not None or not taken.authority.mandate
    if may_refuse:
        try:
            authority_for(taken.decider, proposal, Booking(proposal), at=taken.at)
        except NotAllowed:
            may_refuse = False
    return {**found.as_json(), "refuses_rest": may_refuse}


def refuse(
    principal: Principal,
    proposal_id: int,
    shown: Shown,
    reason: str,
    *,
    at: datetime | None = None,
    signature: Signature | None = None,
) -> Decision:
    """Refuse a proposal; nothing moves, and the reason is kept. One person suffices.

    ``at`` and ``signature`` as for ``approve``.

    Raises:
        Proposal.DoesNotExist, NotAllowed, Conflict: as for ``approve``.
        Invalid: there is no reason.
    """
    why = require_reason(reason)
    with transaction.atomic():
        proposal = _open_proposal(principal, proposal_id)
        authority = authority_for(principal, proposal, Booking(proposal))
        refuse_if_not_as_shown(proposal, shown)
        taken = Taken(principal, authority, why, at or timezone.now(), signature)
        decision = _decide(taken, proposal, Decision.Kind.REFUSED)
        proposal.changes.update(approved=False)
        signals.decided.send(Decision, decision=decision)
    return decision


def require_reason(reason: str) -> str:
    """The reason of a refusal.

    Raises:
        Invalid: there is none.
    """
    if not reason.strip():
        raise Invalid({"reason": "Say why you refuse; the reason is kept with the proposal."})
    return reason.strip()


def expire(now: datetime | None = None) -> int:
    """Close the open proposals that nobody has decided in the portfolio's time; how many."""
    moment, expired = now or timezone.now(), 0
    for portfolio in Portfolio.objects.order_by("id"):
        oldest = moment - timedelta(days=portfolio.proposals_expire_days)
        with transaction.atomic():
            due = Proposal.objects.filter(
                portfolio=portfolio, status=Proposal.Status.OPEN, created_at__lt=oldest
            ).select_for_update()
            for proposal in due:
                nobody = Taken(None, TIME_IS_UP, "Nobody decided it in time.", moment)
                decision = _decide(nobody, proposal, Decision.Kind.EXPIRED)
                signals.decided.send(Decision, decision=decision)
                ask(portfolio.pk, f"Proposal {proposal.number} expired.")
                expired += 1
    return expired


def _open_proposal(principal: Principal, proposal_id: int) -> Proposal:
    """The proposal, locked, if it can be decided, and this principal has no hand in it."""
    proposal: Proposal = (
        Proposal.objects.visible_to(principal)
        .select_related("portfolio")
        .select_for_update(of=["self"])
        .get(pk=proposal_id)
    )
    require_no_hand(principal, proposal)
    if not proposal.is_open:
        raise Conflict(
            f"This proposal was closed: {proposal.get_status_display().lower()}.",
            [closed_how(proposal), *what_differs(proposal)],
        )
    return proposal


def _decide(
    taken: Taken,
    proposal: Proposal,
    kind: str,
    newer: frozenset[int] = frozenset(),
    first: Consent | None = None,
    found: WorkedOut | None = None,
) -> Decision:
    """Append the decision and close the proposal with it.

    ``newer`` are events that the decider was shown beyond those that the proposal has seen;
    ``first`` is the approval of the first of two people; ``found`` is the part that is approved,
    if not the whole.
    """
    known = newer & {event.pk for event in newer_than(proposal)}
    decision = Decision.objects.create(
        portfolio_id=proposal.portfolio_id,
        proposal=proposal,
        kind=kind,
        decided_at=taken.at,
        decided_by=taken.person,
        api_key=taken.api_key,
        mandate=taken.authority.mandate,
        authority=taken.authority.text,
        signed_with=taken.signed_with,
        consent=first,
        reason=taken.reason,
        proposal_version=proposal.version,
        content_sha256=proposal.content_sha256,
        evidence_seen=sorted({*proposal.evidence.values_list("id", flat=True), *known}),
        part=None if found is None else _as_kept(taken, proposal, found),
    )
    close(proposal, kind, taken.reason if kind == Decision.Kind.EXPIRED else "", taken.at)
    live.say(
        proposal.portfolio_id,
        *(f"bet:{bet_id}" for bet_id in proposal.changes.values_list("bet_id", flat=True)),
    )
    return decision
