"""What was refused, and what happened afterwards: who was right, and what it has cost so far."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone

from allocation.after_break import DAYS_IN_A_MONTH, Steps, funding_steps, spent_between
from allocation.booked import NOTHING
from allocation.booking import after_months
from allocation.models import Account, Decision, ProposalChange
from bets.models import Portfolio

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Again:
    """A later proposal that wanted the same: its number and what became of it."""

    proposal_id: int
    number: int
    status: str


@dataclass(frozen=True)
class Refused:
    """One change that was refused.

    ``spent`` is currency spent since on the money that it wanted to leave, None for a change that
    would have added money; ``would_have_freed`` is currency that would have been free by now.
    """

    change: ProposalChange
    decision: Decision
    again: Again | None
    approved_in: Again | None
    spent: Decimal | None
    would_have_freed: Decimal

    @property
    def difference(self) -> Decimal:
        """The change of working money that was refused; currency per month."""
        return self.change.working_after - self.change.working_before


def refused_changes(portfolio: Portfolio, since: datetime | None, now: datetime) -> list[Refused]:
    """The changes that were refused, alone or as part of a proposal, newest first; four queries."""
    changes = (
        ProposalChange.objects.filter(
            proposal__portfolio=portfolio, proposal__decision__isnull=False, approved=False
        )
        .select_related("bet", "proposal__decision__decided_by")
        .defer("proposal__snapshot", "proposal__solution")
        .order_by("-proposal__decision__decided_at", "-proposal__decision__id", "id")
    )
    if since is not None:
        changes = changes.filter(proposal__decision__decided_at__gte=since)
    rows, today = list(changes), timezone.localdate(now)
    later = _later_proposals(portfolio, rows)
    steps = funding_steps({row.bet_id for row in rows}, today, kinds=(Account.Kind.WORKING,))
    return [_refused(row, later, steps[row.bet_id], today) for row in rows]


_Later = dict[tuple[int, bool], list[tuple[datetime, Again, bool]]]


def _later_proposals(portfolio: Portfolio, rows: Iterable[ProposalChange]) -> _Later:
    """By bet and direction: when it was proposed, in which proposal, and whether that was approved.

    Only what was proposed since the first of the refusals.
    """
    refused = list(rows)
    first = min((row.proposal.decision.decided_at for row in refused), default=None)
    if first is None:
        return {}
    found: _Later = defaultdict(list)
    changes = ProposalChange.objects.filter(
        bet_id__in={row.bet_id for row in refused},
        proposal__portfolio=portfolio,
        proposal__created_at__gte=first,
    ).select_related("proposal").only(
        "bet_id", "working_before", "working_after", "approved",
        "proposal__number", "proposal__status", "proposal__created_at",
    )  # fmt: skip
    for change in changes.order_by("proposal__created_at", "proposal_id"):
        proposal = change.proposal
        again = Again(proposal.pk, proposal.number, str(proposal.get_status_display()))
        is_less = change.working_after < change.working_before
        entry = (proposal.created_at, again, change.approved is True)
        found[change.bet_id, is_less].append(entry)
    return found


def _refused(change: ProposalChange, later: _Later, steps: Steps, today: date) -> Refused:
    decision = change.proposal.decision
    decided_on = timezone.localdate(decision.decided_at)
    is_less = change.working_after < change.working_before
    after = [
        (again, approved)
        for at, again, approved in later.get((change.bet_id, is_less), ())
        if at >= decision.decided_at and again.proposal_id != change.proposal_id
    ]
    return Refused(
        change,
        decision,
        again=next((again for again, _ in after), None),
        approved_in=next((again for again, approved in after if approved), None),
        spent=_spent_above(change, steps, decided_on, today) if is_less else None,
        would_have_freed=_would_have_freed(change, decided_on, today),
    )


def _spent_above(change: ProposalChange, steps: Steps, start: date, end: date) -> Decimal:
    """What the bet spent of the money that was to leave it: its working money above what it was to
    keep, at most what was to leave; currency.
    """
    most = change.working_before - change.working_after
    above = [(day, min(max(rate - change.working_after, NOTHING), most)) for day, rate in steps]
    return spent_between(above, start, end)


def _would_have_freed(change: ProposalChange, decided_on: date, today: date) -> Decimal:
    """The freed rate from the end of its notice until today; currency."""
    days = max((today - after_months(decided_on, change.notice_months)).days, 0)
    return (change.freed * days / DAYS_IN_A_MONTH).quantize(CENT)
