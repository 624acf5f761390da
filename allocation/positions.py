"""Positions at a date: what each bet held, and what was in the reserve."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from allocation import ledger
from allocation.models import Account
from bets.models import Bet, Portfolio

NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class Position:
    """What one bet holds; currency per month."""

    bet: Bet
    working: Decimal
    entangled: Decimal

    @property
    def total(self) -> Decimal:
        """Both together."""
        return self.working + self.entangled


@dataclass(frozen=True)
class Positions:
    """The whole portfolio at a date; ``balance`` is the sum of all accounts and so nothing."""

    on: date
    envelope: Decimal
    reserve: Decimal
    bets: list[Position]
    balance: Decimal

    @property
    def held(self) -> Decimal:
        """What bets hold together."""
        return sum((position.total for position in self.bets), NOTHING)


def positions_on(portfolio: Portfolio, day: date) -> Positions:
    """The positions at a date, worked out from the transfers alone; a fixed number of queries."""
    balances = ledger.balances(portfolio.pk, day)
    accounts = Account.objects.filter(portfolio=portfolio).select_related("bet")
    held: dict[int, dict[str, Decimal]] = {}
    bets: dict[int, Bet] = {}
    whole = {Account.Kind.ENVELOPE.value: NOTHING, Account.Kind.RESERVE.value: NOTHING}
    for account in accounts:
        balance = balances.get(account.pk, NOTHING)
        if account.bet is None:
            whole[account.kind] = balance
        elif balance:
            bets[account.bet.pk] = account.bet
            held.setdefault(account.bet.pk, {})[account.kind] = balance
    rows = [
        Position(
            bets[bet_id],
            by_kind.get(Account.Kind.WORKING, NOTHING),
            by_kind.get(Account.Kind.ENTANGLED, NOTHING),
        )
        for bet_id, by_kind in held.items()
    ]
    return Positions(
        on=day,
        envelope=-whole[Account.Kind.ENVELOPE],
        reserve=whole[Account.Kind.RESERVE],
        bets=sorted(rows, key=lambda row: (-row.total, row.bet.pk)),
        balance=sum(balances.values(), NOTHING),
    )
