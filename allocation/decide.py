"""Approve or refuse: who may, what they saw, and the booking of it, in one transaction."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from allocation import ledger, signals
from allocation.booking import transfers_of
from allocation.leaving import carry_out
from allocation.models import Decision, Proposal, RecomputeRequest
from allocation.part import Part, WorkedOut, as_shown
from allocation.propose import booked_working, close, names_of
from allocation.requests import ask
from bets.models import Portfolio
from evidence.models import Evidence
from spm import live
from spm.accounts.models import ApiKey, User
from spm.accounts.permissions import NotAllowed, Principal, person_behind, require
from spm.errors import Conflict, Invalid

MOST_DIFFERENCES = 5


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
) -> Decision:
    """Approve a proposal, or a part of it, and book its moves, all or nothing.

    Args:
        principal: who decides.
        proposal_id: about what.
        shown: what they were looking at.
        part: what of it; the whole if None, or if it leaves nothing out.
        reason: why, if they say so.
        at: the moment of a decision of the past, where a history is made up; now by default.

    Raises:
        Proposal.DoesNotExist: there is none that the principal may see.
        NotAllowed: the principal may not decide this one; the text says why.
        Conflict: it is no longer the proposal that was shown, or the world has changed under it,
            or the part cannot be booked; ``changed`` says in what.
    """
    with transaction.atomic():
        proposal = _open_proposal(principal, proposal_id)
        _refuse_if_not_as_shown(proposal, shown)
        _refuse_if_newer_is_known(proposal, shown)
        taken = _taken(principal, proposal, shown, part)
        carry_out.hold_the_board(proposal)
        ledger.hold(proposal.portfolio_id)
        _refuse_if_positions_differ(proposal)
        carry_out.refuse_if_no_longer_so(proposal)
        moment = at or timezone.now()
        kind = Decision.Kind.PARTLY_APPROVED if taken else Decision.Kind.APPROVED
        decision = _decide(principal, proposal, kind, reason, moment, shown.newer_evidence, taken)
        _book(decision, proposal, timezone.localdate(moment))
        carry_out.move_the_cards(principal, proposal, decision)
        _mark(proposal, taken)
        ask(proposal.portfolio_id, f"{proposal} was {decision.get_kind_display().lower()}.")
        signals.decided.send(Decision, decision=decision)
    return decision


def _taken(
    principal: Principal, proposal: Proposal, shown: Shown, part: Part | None
) -> WorkedOut | None:
    """The part that is approved, worked out and as it was shown; None for the whole."""
    if part is None or part.is_whole:
        return None
    carry_out.refuse_a_part(proposal)
    taken = as_shown(proposal, part, shown.part_sha256)
    _refuse_if_only_own_gain(principal, proposal, taken.raised)
    return taken


def _book(decision: Decision, proposal: Proposal, day: date) -> None:
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


def _mark(proposal: Proposal, taken: WorkedOut | None) -> None:
    """Say of each change whether it was approved, wholly or with a smaller amount."""
    if taken is None:
        proposal.changes.update(approved=True)
        return
    proposal.changes.filter(bet_id__in=taken.after).update(approved=True)
    proposal.changes.exclude(bet_id__in=taken.after).update(approved=False)


def refuse(
    principal: Principal,
    proposal_id: int,
    shown: Shown,
    reason: str,
    *,
    at: datetime | None = None,
) -> Decision:
    """Refuse a proposal; nothing moves, and the reason is kept. ``at`` as for ``approve``.

    Raises:
        Proposal.DoesNotExist, NotAllowed, Conflict: as for ``approve``.
        Invalid: there is no reason.
    """
    if not reason.strip():
        raise Invalid({"reason": "Say why you refuse; the reason is kept with the proposal."})
    with transaction.atomic():
        proposal = _open_proposal(principal, proposal_id)
        _refuse_if_not_as_shown(proposal, shown)
        decision = _decide(
            principal, proposal, Decision.Kind.REFUSED, reason.strip(), at or timezone.now()
        )
        proposal.changes.update(approved=False)
        signals.decided.send(Decision, decision=decision)
    return decision


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
                why = "Nobody decided it in time."
                decision = _decide(None, proposal, Decision.Kind.EXPIRED, why, moment)
                signals.decided.send(Decision, decision=decision)
                ask(portfolio.pk, f"Proposal {proposal.number} expired.")
                expired += 1
    return expired


def _open_proposal(principal: Principal, proposal_id: int) -> Proposal:
    """The proposal, locked, if this principal may decide it and it can be decided."""
    proposal = (
        Proposal.objects.visible_to(principal).select_for_update(of=["self"]).get(pk=proposal_id)
    )
    require(principal, "decide", proposal.portfolio_id)
    _refuse_if_own(principal, proposal)
    if not proposal.is_open:
        raise Conflict(
            f"This proposal was closed: {proposal.get_status_display().lower()}.",
            [closed_how(proposal), *what_differs(proposal)],
        )
    return proposal


def why_not(principal: Principal, proposal: Proposal) -> str:
    """Why this principal may not decide this proposal, or an empty text if they may."""
    try:
        require(principal, "decide", proposal.portfolio_id)
        _refuse_if_own(principal, proposal)
    except NotAllowed as error:
        return str(error)
    return ""


def _refuse_if_own(principal: Principal, proposal: Proposal) -> None:
    """Separation of duties: nobody decides what they drew up, changed, or alone benefit from."""
    person = person_behind(principal)
    if proposal.drawn_up_by_id == person.pk or proposal.contributors.filter(pk=person.pk).exists():
        raise NotAllowed("You drew up or changed this proposal, so another has to decide it.")
    raised = proposal.changes.filter(working_after__gt=F("working_before"))
    _refuse_if_only_own_gain(principal, proposal, set(raised.values_list("bet_id", flat=True)))


def _refuse_if_only_own_gain(principal: Principal, proposal: Proposal, raised: set[int]) -> None:
    """``raised`` are the bets that would be given money."""
    changes = proposal.changes.filter(bet_id__in=raised)
    if set(changes.values_list("bet__owner_id", flat=True)) == {person_behind(principal).pk}:
        raise NotAllowed("Only bets that you own would gain, so another has to decide it.")


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
    principal: Principal | None,
    proposal: Proposal,
    kind: str,
    reason: str,
    now: datetime,
    newer: frozenset[int] = frozenset(),
    taken: WorkedOut | None = None,
) -> Decision:
    """Append the decision and close the proposal with it.

    ``newer`` are events that the decider was shown beyond those that the proposal has seen;
    ``taken`` is the part that is approved, if not the whole.
    """
    known = newer & {event.pk for event in newer_than(proposal)}
    decision = Decision.objects.create(
        portfolio_id=proposal.portfolio_id,
        proposal=proposal,
        kind=kind,
        decided_at=now,
        decided_by=None if principal is None else person_behind(principal),
        api_key=principal if isinstance(principal, ApiKey) else None,
        authority=_authority(principal),
        reason=reason,
        proposal_version=proposal.version,
        content_sha256=proposal.content_sha256,
        evidence_seen=sorted({*proposal.evidence.values_list("id", flat=True), *known}),
        part=None if taken is None else taken.as_json(),
    )
    close(proposal, kind, reason if kind == Decision.Kind.EXPIRED else "", now)
    live.say(
        proposal.portfolio_id,
        *(f"bet:{bet_id}" for bet_id in proposal.changes.values_list("bet_id", flat=True)),
    )
    return decision


def _authority(principal: Principal | None) -> str:
    if principal is None:
        return "The portfolio's time for deciding"
    if isinstance(principal, User):
        return "Role: finance"
    return f"Role: finance of {principal.owner}, by the key '{principal.name}'"
