"""A proposal as a waterfall."""

from decimal import Decimal

from django.urls import reverse

from allocation.models import Proposal
from reports.figures.waterfall import NARROW, Amount, Waterfall, waterfall


def pictures_of(proposal: Proposal) -> tuple[Waterfall, Waterfall]:
    """What comes out, what stays entangled, what goes in: wide, and narrow for a phone.

    The reserve balances it.
    """
    sources, entangled, uses = [], [], []
    for change in proposal.changes.select_related("bet").order_by("id"):
        href = reverse("bets:bet", args=[change.bet_id])
        difference = change.working_after - change.working_before
        if difference < 0:
            sources.append(Amount(change.bet.title, float(-difference), href))
            stays = f"{change.bet.title}, entangled"
            entangled.append(Amount(stays, float(change.entangled), href))
        else:
            uses.append(Amount(change.bet.title, float(difference), href))
    to_reserve = proposal.freed - sum(
        (
            change.working_after - change.working_before
            for change in proposal.changes.all()
            if change.working_after > change.working_before
        ),
        Decimal(0),
    )
    ledger = reverse("allocation:ledger")
    if to_reserve > 0:
        uses.append(Amount("To the reserve", float(to_reserve), ledger))
    elif to_reserve < 0:
        sources.append(Amount("From the reserve", float(-to_reserve), ledger))
    currency = proposal.portfolio.currency
    return (
        waterfall(sources, entangled, uses, currency),
        waterfall(sources, entangled, uses, currency, width=NARROW),
    )
