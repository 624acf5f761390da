"""If we stopped a bet today: what would be freed, what would stay stuck, when, and who is hit."""

import math
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from django.utils import timezone

from allocation.booking import after_months
from allocation.models import Account
from bets.models import Bet
from bets.models.bet import BetQuerySet

CENT = Decimal("0.01")


@dataclass(frozen=True)
class StopOutcome:
    """The withdrawal of all working money of a bet; rates per month, the exit cost once."""

    withdrawn: Decimal
    freed: Decimal
    entangled: Decimal
    locked: Decimal
    already_entangled: Decimal
    notice_months: float
    available_on: date
    exit_cost: Decimal
    dependents: BetQuerySet


def if_stopped_today(bet: Bet, today: date | None = None) -> StopOutcome:
    """What stopping the bet today would free, by its reclaimable share, notice and exit cost.

    ``locked`` is the part that may not be withdrawn now at all (``withdrawable`` below one, or
    money that is still to arrive).
    """
    day = today or timezone.localdate()
    accounts = {account.kind: account for account in Account.objects.filter(bet=bet)}
    working = accounts.get(Account.Kind.WORKING)
    stuck = accounts.get(Account.Kind.ENTANGLED)
    booked = working.booked if working else Decimal(0)
    allowed = cents(booked * Decimal(repr(bet.withdrawable)))
    withdrawn = min(allowed, working.available) if working else Decimal(0)
    freed = cents(withdrawn * Decimal(repr(bet.reclaimable_share)))
    return StopOutcome(
        withdrawn=withdrawn,
        freed=freed,
        entangled=withdrawn - freed,
        locked=booked - withdrawn,
        already_entangled=stuck.booked if stuck else Decimal(0),
        notice_months=bet.notice_months,
        available_on=after_months(day, math.ceil(bet.notice_months)),
        exit_cost=cents(withdrawn * Decimal(repr(bet.exit_cost))),
        dependents=Bet.objects.filter(needs_links__needs=bet, working__gt=0).order_by("id"),
    )


def cents(amount: Decimal) -> Decimal:
    """The amount in whole cents."""
    return amount.quantize(CENT, rounding=ROUND_HALF_EVEN)
