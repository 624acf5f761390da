"""If we stopped a bet today: what would be freed, what would stay stuck, when, and who is hit."""

from collections.abc import Sequence
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

    working: Decimal
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
    return if_all_stopped_today([bet], today)[bet.pk]


def if_all_stopped_today(bets: Sequence[Bet], today: date | None = None) -> dict[int, StopOutcome]:
    """The same for several bets, by their ids; one query."""
    day = today or timezone.localdate()
    accounts = {
        (account.bet_id, account.kind): account for account in Account.objects.filter(bet__in=bets)
    }
    return {
        bet.pk: _outcome(
            bet,
            accounts.get((bet.pk, Account.Kind.WORKING)),
            accounts.get((bet.pk, Account.Kind.ENTANGLED)),
            day,
        )
        for bet in bets
    }


def _outcome(bet: Bet, working: Account | None, stuck: Account | None, day: date) -> StopOutcome:
    booked = working.booked if working else Decimal(0)
    allowed = cents(booked * Decimal(repr(bet.withdrawable)))
    withdrawn = min(allowed, working.available) if working else Decimal(0)
    entangled = cents(withdrawn * (1 - Decimal(repr(bet.reclaimable_share))))
    return StopOutcome(
        working=booked,
        withdrawn=withdrawn,
        freed=withdrawn - entangled,
        entangled=entangled,
        locked=booked - withdrawn,
        already_entangled=stuck.booked if stuck else Decimal(0),
        notice_months=bet.notice_months,
        available_on=after_months(day, bet.notice_months),
        exit_cost=cents(withdrawn * Decimal(repr(bet.exit_cost))),
        dependents=Bet.objects.filter(needs_links__needs=bet, working__gt=0).order_by("id"),
    )


def cents(amount: Decimal) -> Decimal:
    """The amount in whole cents."""
    return amount.quantize(CENT, rounding=ROUND_HALF_EVEN)
