"""A proposal as a waterfall."""

from collections.abc import Sequence
from decimal import Decimal

from django.urls import reverse

from allocation.models import Proposal
from reports.figures.table import Table
from reports.figures.waterfall import NARROW, Amount, Waterfall, waterfall

MOST_BARS = 8
"""Of each kind; what is smaller stands in one bar together."""
NOTHING = Decimal(0)


def pictures_of(proposal: Proposal) -> tuple[Waterfall, Waterfall]:
    """What comes out, what stays entangled, what goes in: wide, and narrow for a phone.

    The reserve balances it. One query, and as many bars at most whatever the portfolio holds.
    """
    out, stuck, into = (_largest(amounts) for amounts in _amounts(proposal))
    currency = proposal.portfolio.currency
    return (
        waterfall(out, stuck, into, currency),
        waterfall(out, stuck, into, currency, width=NARROW),
    )


def table_of(proposal: Proposal) -> Table:
    """All that is behind the picture; one query."""
    return waterfall(*_amounts(proposal), proposal.portfolio.currency).table


def _amounts(proposal: Proposal) -> tuple[list[Amount], list[Amount], list[Amount]]:
    """What comes out, what of it stays, and what goes in."""
    sources, entangled, uses, given = [], [], [], NOTHING
    rows = proposal.changes.order_by("id").values_list(
        "bet_id", "bet__title", "working_before", "working_after", "entangled"
    )
    for bet_id, title, before, after, stuck in rows:
        href = reverse("bets:bet", args=[bet_id])
        if after < before:
            sources.append(Amount(title, float(before - after), href))
            entangled.append(Amount(f"{title}, entangled", float(stuck), href))
        else:
            uses.append(Amount(title, float(after - before), href))
            given += after - before
    to_reserve, ledger = proposal.freed - given, reverse("allocation:ledger")
    if to_reserve > 0:
        uses.append(Amount("To the reserve", float(to_reserve), ledger))
    elif to_reserve < 0:
        sources.append(Amount("From the reserve", float(-to_reserve), ledger))
    return sources, entangled, uses


def _largest(amounts: Sequence[Amount]) -> list[Amount]:
    """The reserve and the largest bars in their order, and one for what is left."""
    reserve = reverse("allocation:ledger")
    ranked = sorted(
        (each for each in amounts if each.rate > 0),
        key=lambda each: (each.href != reserve, -each.rate),
    )
    if len(ranked) <= MOST_BARS + 1:
        return list(amounts)
    kept, rest = ranked[:MOST_BARS], ranked[MOST_BARS:]
    together = Amount(f"{len(rest)} smaller ones", sum(each.rate for each in rest))
    return [*(each for each in amounts if each in kept), together]
