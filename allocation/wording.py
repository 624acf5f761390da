"""Proposals in words: the sentence at the top, for the page, the list, the API and notices."""

from allocation.models import Proposal
from spm import formats


def sentence(proposal: Proposal) -> str:
    """What a proposal does, what it is worth and what waiting costs, in one sentence.

    'Move €310k/mo out of 4 bets into 3, worth +€2.1M over 24 months; waiting costs €88k a month.'
    """
    currency = proposal.portfolio.currency
    changes = list(proposal.changes.all())
    reduced = [change for change in changes if change.working_after < change.working_before]
    raised = [change for change in changes if change.working_after > change.working_before]
    worth = formats.money(proposal.gain, currency, explicit_sign=True)
    waiting = formats.money(proposal.gain_per_month_of_waiting, currency)
    added = sum(change.working_after - change.working_before for change in raised)
    if reduced and raised:
        what = (
            f"Move {formats.rate(proposal.out_of_bets, currency)} out of {_bets(len(reduced))} "
            f"into {len(raised)}"
        )
    elif reduced:
        what = f"Withdraw {formats.rate(proposal.out_of_bets, currency)} from {_bets(len(reduced))}"
    else:
        what = f"Add {formats.rate(added, currency)} from the reserve to {_bets(len(raised))}"
    if proposal.gain <= 0 and proposal.drawn_up_by_id is not None:
        costs = formats.money(-proposal.gain, currency)
        return (
            f"{what}; by today's beliefs that costs {costs} over {proposal.horizon_months} months."
        )
    if proposal.gain <= 0:
        return f"{what}, to mend a limit that is broken today."
    return (
        f"{what}, worth {worth} over {proposal.horizon_months} months; "
        f"waiting costs {waiting} a month."
    )


def _bets(count: int) -> str:
    return "1 bet" if count == 1 else f"{count} bets"
