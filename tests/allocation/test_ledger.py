"""The ledger: money is moved, never made; nobody overspends; the chain holds."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from threading import Barrier, Thread

import pytest
from django.db import ProgrammingError, connection, connections, transaction

from allocation import ledger
from allocation.models import Account, Transfer
from bets.models import Bet, Portfolio
from spm.errors import Invalid
from tests.factories import make_bet, make_portfolio

DAY = date(2026, 3, 1)
LATER = date(2026, 6, 1)


def euros(amount: int) -> Decimal:
    return Decimal(amount)


def opened(envelope: int = 1000, **working: int) -> tuple[Portfolio, list[Bet]]:
    """A portfolio with an envelope and bets that hold these rates."""
    portfolio = make_portfolio()
    ledger.set_envelope(portfolio.pk, euros(envelope), on=DAY)
    bets = [make_bet(portfolio, title=title) for title in working]
    rates = zip(bets, working.values(), strict=True)
    ledger.open_positions(
        portfolio.pk, {bet.pk: (euros(rate), euros(0)) for bet, rate in rates}, on=DAY
    )
    return portfolio, bets


def move(from_bet: Bet | None, to_bet: Bet | None, amount: int, on: date = DAY) -> ledger.Entry:
    places = [
        ledger.RESERVE if bet is None else ledger.working(bet.pk) for bet in (from_bet, to_bet)
    ]
    return ledger.Entry(Transfer.Kind.MOVE, places[0], places[1], euros(amount), on)


@pytest.mark.django_db
def test_an_envelope_is_money_in_the_reserve_and_the_sum_of_all_accounts_is_nothing() -> None:
    portfolio, _ = opened(1000, one=300)
    portfolio.refresh_from_db()
    assert (portfolio.envelope, portfolio.reserve) == (euros(1000), euros(700))
    assert sum(ledger.balances(portfolio.pk, DAY).values()) == 0


@pytest.mark.django_db
def test_a_move_shows_on_both_bets_at_once() -> None:
    portfolio, (one, two) = opened(one=300, two=100)
    ledger.book(portfolio.pk, [move(one, two, 120)], on=DAY)
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.working, two.working) == (euros(180), euros(220))


@pytest.mark.django_db
def test_a_move_under_notice_leaves_at_once_from_what_is_available_and_arrives_on_its_date() -> (
    None
):
    portfolio, (one, two) = opened(one=300, two=100)
    ledger.book(portfolio.pk, [move(one, two, 120, LATER)], on=DAY)
    account = Account.objects.get(bet=one, kind="working")
    assert (account.booked, account.available, account.effective) == (180, 180, 300)
    ledger.mature(portfolio.pk, LATER)
    two.refresh_from_db()
    assert two.working == euros(220)
    assert ledger.balances(portfolio.pk, DAY)[account.pk] == euros(300)


@pytest.mark.django_db
def test_money_that_is_still_to_arrive_cannot_be_spent() -> None:
    portfolio, (one, two) = opened(one=300, two=100)
    ledger.book(portfolio.pk, [move(one, two, 120, LATER)], on=DAY)
    with pytest.raises(ledger.Overdrawn, match="not enough money"):
        ledger.book(portfolio.pk, [move(two, None, 150)], on=DAY)


@pytest.mark.django_db
def test_the_envelope_cannot_shrink_below_what_is_held() -> None:
    portfolio, _ = opened(1000, one=300)
    with pytest.raises(ledger.Overdrawn) as error:
        ledger.set_envelope(portfolio.pk, euros(200), on=DAY)
    assert error.value.changed == ["Reserve is short of 100.00 a month"]


@pytest.mark.django_db
def test_a_transfer_cannot_take_effect_before_the_day_it_is_booked_on() -> None:
    portfolio, (one,) = opened(one=300)
    with pytest.raises(Invalid, match="lies before the day of booking"):
        ledger.book(portfolio.pk, [move(one, None, 1, DAY)], on=LATER)


@pytest.mark.django_db
def test_books_that_stand_at_a_later_day_take_nothing_earlier() -> None:
    portfolio, (one,) = opened(one=300)
    ledger.mature(portfolio.pk, LATER)
    with pytest.raises(Invalid, match="already stand at 2026-06-01"):
        ledger.book(portfolio.pk, [move(one, None, 1, DAY)], on=DAY)


@pytest.mark.django_db
def test_fractions_of_a_cent_are_refused() -> None:
    portfolio, (one,) = opened(one=300)
    entry = ledger.Entry("move", ledger.working(one.pk), ledger.RESERVE, Decimal("0.005"), DAY)
    with pytest.raises(Invalid, match="in cents"):
        ledger.book(portfolio.pk, [entry], on=DAY)


@pytest.mark.django_db
def test_each_transfer_carries_the_digest_of_the_one_before_it() -> None:
    portfolio, (one,) = opened(one=300)
    ledger.book(portfolio.pk, [move(one, None, 1), move(one, None, 2)], on=DAY)
    chain = list(Transfer.objects.filter(portfolio=portfolio).order_by("sequence"))
    assert [transfer.sequence for transfer in chain] == [1, 2, 3, 4]
    for before, after in pairwise(chain):
        assert after.previous_sha256 == before.sha256 == ledger.digest(before)


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["UPDATE {} SET amount = 1", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_runtime_role_cannot_change_what_was_booked(statement: str) -> None:
    opened(one=300)
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format("allocation_transfer"))


def test_of_eight_who_want_the_same_money_only_as_many_get_it_as_there_is(
    committed_db: None,
) -> None:
    portfolio, (one, two) = opened(100, one=0, two=0)
    outcomes: list[bool] = []
    start = Barrier(8)

    def contend(bet: Bet) -> None:
        start.wait()
        try:
            ledger.book(portfolio.pk, [move(None, bet, 60)], on=DAY)
            outcomes.append(True)
        except ledger.Overdrawn:
            outcomes.append(False)
        finally:
            connections.close_all()

    for _ in range(3):
        threads = [Thread(target=contend, args=(bet,)) for bet in (one, two) * 4]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert outcomes.count(True) == 1
    portfolio.refresh_from_db()
    assert portfolio.reserve == euros(40)
