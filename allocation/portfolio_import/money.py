"""The money of a period as transfers: the envelope, and what each bet holds, as the rows say."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from allocation import ledger
from allocation.models import Account, Transfer
from bets.models import Portfolio

Kind = Transfer.Kind
HELD_BY_BETS = (Account.Kind.WORKING, Account.Kind.ENTANGLED)


def book_period(
    portfolio: Portfolio, rates: Mapping[int, Decimal], envelope: Decimal, day: date, note: str
) -> int:
    """Bring the working money of bets to ``rates``, and the envelope to what it must then be.

    Args:
        portfolio: whose books.
        rates: currency per month for each bet id that the period speaks of.
        envelope: what these bets hold together and the reserve beside it; money of other bets,
            and entangled money, comes on top.
        day: from when on.
        note: what the transfers say they are.

    Returns:
        How many transfers were booked.
    """
    booked = {
        (account.kind, account.bet_id or 0): account.booked
        for account in Account.objects.filter(portfolio=portfolio)
    }
    change = envelope + _held_elsewhere(booked, rates) + booked.get(_ENVELOPE, ledger.NOTHING)
    entries = [_entry(Kind.ENVELOPE, ledger.ENVELOPE, ledger.RESERVE, change, day, note)]
    for bet_id, rate in rates.items():
        held = booked.get((Account.Kind.WORKING, bet_id))
        kind = Kind.OPENING if held is None else Kind.CORRECTION
        difference = rate - (held or ledger.NOTHING)
        entries.append(_entry(kind, ledger.RESERVE, ledger.working(bet_id), difference, day, note))
    return len(ledger.book(portfolio.pk, entries, on=day))


_ENVELOPE = (str(Account.Kind.ENVELOPE), 0)


def _held_elsewhere(
    booked: Mapping[tuple[str, int], Decimal], rates: Mapping[int, Decimal]
) -> Decimal:
    """Money of bets that the period does not speak of, and money that is entangled."""
    return sum(
        (
            amount
            for (kind, bet_id), amount in booked.items()
            if kind in HELD_BY_BETS and not (kind == Account.Kind.WORKING and bet_id in rates)
        ),
        ledger.NOTHING,
    )


def _entry(
    kind: str, giver: ledger.Place, taker: ledger.Place, amount: Decimal, day: date, note: str
) -> ledger.Entry:
    """A transfer of an amount that may be below zero, which then goes the other way."""
    places = (giver, taker) if amount >= 0 else (taker, giver)
    return ledger.Entry(kind, *places, abs(amount), day, note=note)
