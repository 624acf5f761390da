"""What webhooks are told of proposals and decisions: ids, figures and links."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from allocation.models import Decision, Proposal
from evidence.notices.theses import NEWS_FOR
from spm.webhooks.events import link, owe
from spm.webhooks.models import Event


def on_published(sender: Any, proposal: Proposal, **kwargs: Any) -> None:
    """Signal receiver: owe that a proposal was published."""
    if _is_news(proposal.created_at):
        owe(
            proposal.portfolio_id,
            Event.PROPOSAL_PUBLISHED,
            {**_figures_of(proposal), "replaces": proposal.replaces_id},
            proposal.created_at,
        )


def on_decided(sender: Any, decision: Decision, **kwargs: Any) -> None:
    """Signal receiver: owe what was decided, by whom and under which mandate, if any."""
    if _is_news(decision.decided_at):
        said = {
            "decision": decision.pk,
            "kind": decision.kind,
            "decided_by": decision.decided_by_id,
            "api_key": decision.api_key_id,
            "mandate": decision.mandate_id,
            "transfers": decision.transfers.count(),
        }
        owe(
            decision.portfolio_id,
            Event.PROPOSAL_DECIDED,
            {**_figures_of(decision.proposal), **said},
            decision.decided_at,
        )


def _figures_of(proposal: Proposal) -> dict[str, Any]:
    """Money as text, rates in currency per month; ``gain`` in currency over the horizon."""
    return {
        "proposal": proposal.pk,
        "number": proposal.number,
        "version": proposal.version,
        "currency": proposal.portfolio.currency,
        "horizon_months": proposal.horizon_months,
        "gain": round(proposal.gain, 2),
        "gain_per_month_of_waiting": round(proposal.gain_per_month_of_waiting, 2),
        "out_of_bets": str(proposal.out_of_bets),
        "freed": str(proposal.freed),
        "entangled": str(proposal.entangled),
        "exit_costs": str(proposal.exit_costs),
        "url": link(reverse("allocation:proposal", args=[proposal.pk])),
        "api": link(reverse("api-proposal", args=[proposal.pk])),
    }


def _is_news(moment: datetime) -> bool:
    """Whether it is of today, and no history that is being replayed."""
    return moment >= timezone.now() - NEWS_FOR
