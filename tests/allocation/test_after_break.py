"""Capital after break, worked out from the ledger."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from allocation import ledger
from allocation.after_break import after_break
from allocation.models import Transfer
from bets.models import Bet, Portfolio
from evidence.models import ThesisBreak
from tests.factories import make_bet, make_portfolio

OPENED = date(2025, 1, 1)


def held(rate: int) -> tuple[Portfolio, Bet]:
    """A portfolio with one bet that holds a rate since the books were opened."""
    portfolio = make_portfolio()
    bet = make_bet(portfolio)
    ledger.set_envelope(portfolio.pk, Decimal(100_000), on=OPENED)
    ledger.open_positions(portfolio.pk, {bet.pk: (Decimal(rate), Decimal(0))}, on=OPENED)
    return portfolio, bet


def happened(bet: Bet, kind: str, day: date) -> None:
    """The thesis broke, or revived, on a day."""
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    ThesisBreak.objects.create(
        portfolio=bet.portfolio, bet=bet, kind=kind, at=at, known_at=at, belief=0.1
    )


@pytest.mark.django_db
def test_a_bet_that_keeps_its_money_spends_it_from_the_day_of_the_break() -> None:
    portfolio, bet = held(1000)
    happened(bet, "break", date(2025, 3, 1))
    (row,) = after_break(portfolio, date(2025, 3, 31))
    # 30 days at 1,000 a month of 30.4375 days
    assert (row.rate, row.spent) == (Decimal(1000), Decimal("985.63"))
    assert row.broken_on == date(2025, 3, 1)


@pytest.mark.django_db
def test_money_that_is_entangled_goes_on_being_spent() -> None:
    portfolio, bet = held(1000)
    happened(bet, "break", date(2025, 3, 1))
    entry = ledger.Entry(
        Transfer.Kind.ENTANGLE,
        ledger.working(bet.pk),
        ledger.entangled(bet.pk),
        Decimal(400),
        date(2025, 3, 1),
    )
    freed = ledger.Entry(
        Transfer.Kind.MOVE,
        ledger.working(bet.pk),
        ledger.RESERVE,
        Decimal(600),
        date(2025, 3, 1),
    )
    ledger.book(portfolio.pk, [entry, freed], on=date(2025, 3, 1))
    (row,) = after_break(portfolio, date(2025, 3, 31))
    assert (row.rate, row.spent) == (Decimal(400), Decimal("394.25"))


@pytest.mark.django_db
def test_a_revival_stops_the_clock() -> None:
    portfolio, bet = held(1000)
    happened(bet, "break", date(2025, 3, 1))
    happened(bet, "revival", date(2025, 3, 16))
    (row,) = after_break(portfolio, date(2025, 12, 31))
    assert (row.rate, row.spent, row.broken_on) == (Decimal(0), Decimal("492.81"), None)
