"""Proposals in words: the sentence at the top, for the page, the list, the API and notices."""

from collections.abc import Iterable
from decimal import Decimal

from allocation.models import Proposal
from allocation.outline import Outline, outlines
from spm import formats


def title_of(proposal: Proposal) -> str:
    """What a proposal is called: 'Stop: Merchant credit line', or its number."""
    if not proposal.ends_a_bet:
        return f"Proposal {proposal.number}"
    goes_on = f" \N{RIGHTWARDS ARROW} {proposal.successor}" if proposal.successor else ""
    return f"{proposal.get_purpose_display()}: {proposal.about}{goes_on}"


def sentence(proposal: Proposal, outline: Outline | None = None) -> str:
    """What a proposal does, what it is worth and what waiting costs, in one sentence.

    'Move €310k/mo out of 4 bets into 3, worth +€2.1M over 24 months; waiting costs €88k a month.'

    Args:
        proposal: which.
        outline: of its changes, where many proposals' are read at once; one query without.
    """
    if proposal.ends_a_bet:
        return _of_an_end(proposal)
    currency = proposal.portfolio.currency
    worth = formats.money(proposal.gain, currency, explicit_sign=True)
    waiting = formats.money(proposal.gain_per_month_of_waiting, currency)
    counted = outline or outlines([proposal])[proposal.pk]
    what = what_moves(counted, proposal.out_of_bets, currency)
    if proposal.gain <= 0 and proposal.drawn_up_by_id is not None:
        return f"{what}; {_costs(proposal)}."
    if proposal.gain <= 0:
        return f"{what}, to mend a limit that is broken today."
    return (
        f"{what}, worth {worth} over {proposal.horizon_months} months; "
        f"waiting costs {waiting} a month."
    )


def _of_an_end(proposal: Proposal) -> str:
    """'Stop Merchant credit line: of €120k/mo €80k/mo is freed and €40k/mo stays entangled; …'."""
    currency, verb = proposal.portfolio.currency, proposal.get_purpose_display()
    table = proposal.consequences or {}
    others = len(table["bets"]) - 1
    also = f" and {_bets(others)} that need{'s' if others == 1 else ''} it" if others else ""
    withdrawn = formats.rate(proposal.out_of_bets, currency)
    freed = formats.rate(proposal.freed, currency)
    parts = [f"{verb} {proposal.about}{also}: of {withdrawn}, {freed} is freed"]
    if proposal.entangled:
        parts.append(f"{formats.rate(proposal.entangled, currency)} stays entangled")
    successor = table["successor"]
    if successor and Decimal(successor["amount"]):
        amount = formats.rate(Decimal(successor["amount"]), currency)
        parts.append(f"{amount} goes over to {successor['title']}")
    what = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    if proposal.gain <= 0:
        return f"{what}; {_costs(proposal)}."
    worth = formats.money(proposal.gain, currency, explicit_sign=True)
    waiting = formats.money(proposal.gain_per_month_of_waiting, currency)
    return (
        f"{what}; worth {worth} over {proposal.horizon_months} months, waiting costs {waiting} "
        "a month."
    )


def _costs(proposal: Proposal) -> str:
    costs = formats.money(-proposal.gain, proposal.portfolio.currency)
    return f"by today's beliefs that costs {costs} over {proposal.horizon_months} months"


def sentences(proposals: Iterable[Proposal]) -> dict[int, str]:
    """The sentences of many proposals; one query for all that they change."""
    rows = list(proposals)
    counted = outlines(rows)
    return {proposal.pk: sentence(proposal, counted[proposal.pk]) for proposal in rows}


def what_moves(outline: Outline, out_of_bets: Decimal, currency: str) -> str:
    """What changes of funding do together: 'Move €310k/mo out of 4 bets into 3'."""
    if outline.reduced and outline.raised:
        leaving = formats.rate(out_of_bets, currency)
        return f"Move {leaving} out of {_bets(outline.reduced)} into {outline.raised}"
    if outline.reduced:
        return f"Withdraw {formats.rate(out_of_bets, currency)} from {_bets(outline.reduced)}"
    added = formats.rate(outline.added, currency)
    return f"Add {added} from the reserve to {_bets(outline.raised)}"


def _bets(count: int) -> str:
    return "1 bet" if count == 1 else f"{count} bets"
