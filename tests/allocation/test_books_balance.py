"""Whatever is booked, in whatever order: the books balance at every date, and nobody is below 0."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocation import ledger
from allocation.models import Account, Transfer
from allocation.verify import verify
from bets.models import Portfolio
from spm.errors import Conflict, Invalid
from tests.factories import make_bet, make_portfolio

OPENED = date(2026, 1, 1)
PLACES = st.sampled_from(["reserve", "working 0", "working 1", "entangled 0", "entangled 1"])
AMOUNTS = st.integers(1, 60_000).map(lambda cents: Decimal(cents) / 100)

OPERATIONS = st.one_of(
    st.tuples(st.just("move"), PLACES, PLACES, AMOUNTS, st.integers(0, 90)),
    st.tuples(st.just("envelope"), AMOUNTS),
    st.tuples(st.just("days pass"), st.integers(1, 60)),
)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(operations=st.lists(OPERATIONS, min_size=4, max_size=12))
def test_the_books_balance_after_any_history(operations: list[tuple]) -> None:
    with transaction.atomic():
        portfolio = make_portfolio()
        bets = [make_bet(portfolio), make_bet(portfolio)]
        ledger.set_envelope(portfolio.pk, Decimal(1000), on=OPENED)
        today = OPENED
        for operation in operations:
            if operation[0] == "days pass":
                today += timedelta(days=operation[1])
                ledger.mature(portfolio.pk, today)
            else:
                book(portfolio, [bet.pk for bet in bets], operation, today)
        assert verify(portfolio) == []
        last = today + timedelta(days=100)
        for day in (OPENED, today, last):
            balances = ledger.balances(portfolio.pk, day)
            assert sum(balances.values()) == 0
            for account in Account.objects.exclude(kind="envelope").filter(portfolio=portfolio):
                assert balances[account.pk] >= 0
        transaction.set_rollback(True)


def book(portfolio: Portfolio, bet_ids: list[int], operation: tuple, today: date) -> None:
    """Do what the operation says, or be told why not."""
    try:
        if operation[0] == "envelope":
            ledger.set_envelope(portfolio.pk, operation[1], on=today)
        elif operation[1] != operation[2]:
            _, giver, taker, amount, days = operation
            entry = ledger.Entry(
                Transfer.Kind.MOVE,
                place(giver, bet_ids),
                place(taker, bet_ids),
                amount,
                today + timedelta(days=days),
            )
            ledger.book(portfolio.pk, [entry], on=today)
    except (Conflict, Invalid):
        return


def place(text: str, bet_ids: list[int]) -> ledger.Place:
    """The account that an operation names."""
    kind, _, index = text.partition(" ")
    return ledger.Place(kind, bet_ids[int(index)] if index else 0)
