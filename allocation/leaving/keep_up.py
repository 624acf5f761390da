"""What is learnt while a proposal to end a bet is open: its reader is told, whoever drew it up."""

from django.db.models import Q

from allocation.models import Proposal
from bets.models import Portfolio
from evidence.models import Evidence
from spm import live

MOST_EVIDENCE = 500


def keep_up(portfolio: Portfolio) -> None:
    """Add what has been learnt since to the open proposals that end a bet.

    What is on the table stays as it was drawn up; the version goes up, so that nobody decides on a
    page that has not shown the evidence.
    """
    rows = Proposal.objects.filter(portfolio=portfolio, status=Proposal.Status.OPEN)
    ends = rows.filter(~Q(purpose=Proposal.Purpose.REALLOCATION)).order_by("id")
    for proposal in ends.defer("snapshot", "solution").select_for_update():
        _add_newer(proposal)


def _add_newer(proposal: Proposal) -> None:
    bets = proposal.changes.values("bet_id")
    newer = Evidence.objects.filter(bet_id__in=bets, recorded_at__gt=proposal.created_at)
    unseen = newer.exclude(proposals=proposal).order_by("-recorded_at", "-id")
    events = list(unseen[:MOST_EVIDENCE])
    if not events:
        return
    proposal.evidence.add(*events)
    proposal.newest_evidence = events[0]
    proposal.version += 1
    proposal.save(update_fields=["newest_evidence", "version"])
    live.say(proposal.portfolio_id, f"proposal:{proposal.pk}", "proposals")
