"""Value against turnover, as a proposal's study has it."""

from typing import Any

from allocation.models import Proposal, Study
from reports.figures.frontier import NARROW, Frontier, Reached, frontier


def pictures_of(proposal: Proposal) -> tuple[Frontier, Frontier] | None:
    """Wide, and narrow for a phone; None until it is worked out. Three queries."""
    points = Study.objects.filter(proposal=proposal).values_list("frontier", flat=True).first()
    if not points:
        return None
    reached = [_reached(point) for point in points]
    envelope = _envelope(proposal)
    withdrawn = float(proposal.out_of_bets)
    here = Reached(withdrawn / envelope if envelope else 0.0, withdrawn, proposal.gain)
    currency = proposal.portfolio.currency
    return (
        frontier(reached, envelope, currency, here),
        frontier(reached, envelope, currency, here, width=NARROW),
    )


def _reached(point: dict[str, Any]) -> Reached:
    return Reached(point["cap"], point["turnover"], point["gain"], point["breach"])


def _envelope(proposal: Proposal) -> float:
    """As it was when the proposal was worked out, currency per month."""
    row = Proposal.objects.filter(pk=proposal.pk).values_list("snapshot__envelope", flat=True)
    return float(row.get())
