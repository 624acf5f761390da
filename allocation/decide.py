"""Approve or refuse: what the decider saw, and the booking of it, in one transaction.

``allocation.authority`` says who may.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from allocation import consents, ledger, signals
from allocation.authority import Authority, Booking, Taken, authority_for, require_no_hand
from allocation.booking import transfers_of
from allocation.leaving import carry_out
from allocation.models import Consent, Decision, Proposal, RecomputeRequest
from allocation.part import Part, WorkedOut, as_shown
from allocation.propose import booked_working, close, names_of
from allocation.requests import ask
from bets.models import Portfolio
from evidence.models import Evidence
from spm import live
from spm.accounts.permissions import Principal
from spm.accounts.signing import Signature
from spm.errors import Conflict, Invalid

MOST_DIFFERENCES = 5
TIME_IS_UP = Authority("The portfolio's time for deciding", needs_second_person=False)


@dataclass(frozen=True)
class Shown:
    """What the decider was looking at: an answer to anything else would be no decision.

    ``newer_evidence`` are events that the page named as newer than the proposal, and that the
    decider has therefore seen. ``part_sha256`` is the digest of the part that was shown, where it
    is a part that is approved.
    """

    version: int
    content_sha256: str
    newer_evidence: frozenset[int] = field(default_factory=frozenset)
    part_sha256: str = ""


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
        _refuse_if_not_as_shown(proposal, shown)
        _refuse_if_newer_is_known(proposal, shown)
        found = _part(proposal, shown, part)
        booking = Booking.whole(proposal) if found is None else Booking.of(found)
        authority = authority_for(principal, proposal, booking)
        carry_out.hold_the_board(proposal)
        ledger.hold(proposal.portfolio_id)
        _refuse_if_positions_differ(proposal)
        carry_out.refuse_if_no_longer_so(proposal)
        taken = Taken(principal, authority, reason, at or timezone.now(), signature)
        outcome = _approve(taken, proposal, booking, shown.newer_evidence)
    if isinstance(outcome, consents.SecondPersonNeeded):
        raise outcome
    return outcome


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
    _mark(proposal, booking.part)
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


def _mark(proposal: Proposal, found: WorkedOut | None) -> None:
    """Say of each change whether it was approved, wholly or with a smaller amount."""
    if found is None:
        proposal.changes.update(approved=True)
        return
    proposal.changes.filter(bet_id__in=found.after).update(approved=True)
    proposal.changes.exclude(bet_id__in=found.after).update(approved=False)


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
        authority = authority_for(principal, proposal, Booking.whole(proposal))
        _refuse_if_not_as_shown(proposal, shown)
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


def closed_how(proposal: Proposal) -> str:
    """Who or what closed a proposal, in a sentence."""
    decision = Decision.objects.filter(proposal=proposal).select_related("decided_by").first()
    if decision is not None and decision.decided_by is not None:
        return f"{decision.get_kind_display()} by {decision.decided_by}."
    later = proposal.replaced_by.order_by("-id").first()
    follow = f" Proposal {later.number} took its place." if later else ""
    return f"{proposal.closed_because}{follow}".strip() or proposal.get_status_display()


def what_differs(proposal: Proposal) -> list[str]:
    """In what the proposal that took its place says otherwise, the largest differences first."""
    later = proposal.replaced_by.order_by("-id").first()
    if later is None:
        return []
    before, after = _planned(proposal), _planned(later)
    names = names_of(before.keys() | after.keys())
    rows = sorted(
        (abs(after.get(bet_id, Decimal(0)) - before.get(bet_id, Decimal(0))), bet_id)
        for bet_id in names
        if after.get(bet_id) != before.get(bet_id)
    )
    return [
        f"{names[bet_id]}: {_in_words(before.get(bet_id))} before, "
        f"{_in_words(after.get(bet_id))} now."
        for _, bet_id in reversed(rows[-MOST_DIFFERENCES:])
    ]


def _planned(proposal: Proposal) -> dict[int, Decimal]:
    """The change of working money by bet id, currency per month."""
    changes = proposal.changes.all()
    return {change.bet_id: change.working_after - change.working_before for change in changes}


def _in_words(difference: Decimal | None) -> str:
    return "no change" if difference is None else f"{difference:+,.2f} a month"


def _refuse_if_not_as_shown(proposal: Proposal, shown: Shown) -> None:
    if proposal.content_sha256 != shown.content_sha256:
        raise Conflict("The moves are not the ones that you saw.", ["Its moves were changed."])
    if proposal.version != shown.version:
        changed = [f"It was version {shown.version} and is now version {proposal.version}."]
        if proposal.newest_evidence is not None:
            changed.append(f"The newest evidence it has seen is: {proposal.newest_evidence}.")
        raise Conflict("The proposal has changed since you opened it.", changed)


def newer_than(proposal: Proposal) -> list[Evidence]:
    """Evidence on the proposal's bets that it has not seen, newest first."""
    bet_ids = proposal.changes.values_list("bet_id", flat=True)
    waiting = RecomputeRequest.objects.filter(
        portfolio_id=proposal.portfolio_id, evidence__bet_id__in=list(bet_ids)
    )
    return list(
        Evidence.objects.filter(pk__in=waiting.values("evidence_id"))
        .select_related("bet")
        .order_by("-recorded_at", "-id")
    )


def _refuse_if_newer_is_known(proposal: Proposal, shown: Shown) -> None:
    unseen = [event for event in newer_than(proposal) if event.pk not in shown.newer_evidence]
    if unseen:
        raise Conflict(
            "Evidence has arrived that this proposal has not seen; it is being recomputed.",
            [f"{event}." for event in unseen[:5]],
        )
    others = RecomputeRequest.objects.filter(
        portfolio_id=proposal.portfolio_id, evidence__isnull=True
    )
    reasons = list(others.values_list("reason", flat=True)[:5])
    if reasons:
        raise Conflict("Terms have changed that this proposal has not seen.", reasons)


def _refuse_if_positions_differ(proposal: Proposal) -> None:
    changes = list(proposal.changes.all())
    bet_ids = [change.bet_id for change in changes]
    booked, names = booked_working(bet_ids), names_of(bet_ids)
    different = [
        f"{names[change.bet_id]} holds {booked.get(change.bet_id, Decimal(0))} a month; "
        f"the proposal assumes {change.working_before}."
        for change in changes
        if booked.get(change.bet_id, Decimal(0)) != change.working_before
    ]
    if different:
        raise Conflict("Positions have changed since this was worked out.", different)


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
        authority=taken.authority.text,
        signed_with=taken.signed_with,
        consent=first,
        reason=taken.reason,
        proposal_version=proposal.version,
        content_sha256=proposal.content_sha256,
        evidence_seen=sorted({*proposal.evidence.values_list("id", flat=True), *known}),
        part=None if found is None else found.as_json(),
    )
    close(proposal, kind, taken.reason if kind == Decision.Kind.EXPIRED else "", taken.at)
    live.say(
        proposal.portfolio_id,
        *(f"bet:{bet_id}" for bet_id in proposal.changes.values_list("bet_id", flat=True)),
    )
    return decision
