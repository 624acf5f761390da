"""Whether a proposal is still what its reader saw, and the world still what it was made for."""

from dataclasses import dataclass, field
from decimal import Decimal

from allocation.compared import differences
from allocation.models import Decision, Proposal, RecomputeRequest
from allocation.propose import booked_working, names_of
from evidence.models import Evidence
from spm.errors import Conflict

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
    return [
        f"{row.title}: {_in_words(row.before)} before, {_in_words(row.now)} now."
        for row in differences(proposal, later)[:MOST_DIFFERENCES]
    ]


def _in_words(difference: Decimal | None) -> str:
    return "no change" if difference is None else f"{difference:+,.2f} a month"


def refuse_if_not_as_shown(proposal: Proposal, shown: Shown) -> None:
    """Raise Conflict unless the proposal is the one that was shown."""
    if proposal.content_sha256 != shown.content_sha256:
        raise Conflict("The moves are not the ones that you saw.", ["Its moves were changed."])
    if proposal.version != shown.version:
        changed = [f"It was version {shown.version} and is now version {proposal.version}."]
        if proposal.newest_evidence is not None:
            changed.append(f"The newest evidence it has seen is: {proposal.newest_evidence}.")
        raise Conflict("The proposal has changed since you opened it.", changed)


def newer_than(proposal: Proposal) -> list[Evidence]:
    """Evidence on the proposal's bets that it has not seen, newest first.

    One query where nothing waits to be computed, which is nearly always so, and else three.
    """
    requests = RecomputeRequest.objects.filter(
        portfolio_id=proposal.portfolio_id, evidence__isnull=False
    )
    bet_of = dict(requests.values_list("evidence_id", "evidence__bet_id"))
    if not bet_of:
        return []
    changed = proposal.changes.filter(bet_id__in=set(bet_of.values()))
    concerned = set(changed.values_list("bet_id", flat=True))
    unseen = [evidence_id for evidence_id, bet_id in bet_of.items() if bet_id in concerned]
    return list(
        Evidence.objects.filter(pk__in=unseen).select_related("bet").order_by("-recorded_at", "-id")
    )


def refuse_if_newer_is_known(proposal: Proposal, shown: Shown) -> None:
    """Raise Conflict where something has become known that neither it nor its reader has seen."""
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


def refuse_if_positions_differ(proposal: Proposal) -> None:
    """Raise Conflict where a bet no longer holds what the proposal assumes; the books are held."""
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
