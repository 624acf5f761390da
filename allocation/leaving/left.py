"""What a bet that has left the board still holds: on its way out, entangled, or locked."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from allocation.models import Account, Transfer
from bets.models import Bet


@dataclass(frozen=True)
class Left:
    """What is left of a bet that was ended; currency per month.

    ``leaving`` are the days on which its notice ends, with what goes then.
    """

    leaving: list[tuple[date, Decimal]]
    entangled: Decimal
    locked: Decimal

    @property
    def is_nothing(self) -> bool:
        """Whether it holds no money any more."""
        return not self.leaving and not self.entangled and not self.locked


def left_of(bet: Bet) -> Left:
    """What is left, from the books; two queries."""
    accounts = {account.kind: account for account in Account.objects.filter(bet=bet)}
    working = accounts.get(Account.Kind.WORKING)
    stuck = accounts.get(Account.Kind.ENTANGLED)
    rows = Transfer.objects.filter(
        from_account__bet=bet,
        from_account__kind=Account.Kind.WORKING,
        effective_on__gt=timezone.localdate(),
    )
    by_day = rows.values_list("effective_on").annotate(total=Sum("amount")).order_by("effective_on")
    return Left(
        leaving=list(by_day),
        entangled=stuck.booked if stuck else Decimal(0),
        locked=working.booked if working else Decimal(0),
    )
