"""How long bets stay in a stage, worked out by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from bets.models import Bet, Portfolio, Stage, StageChange
from bets.stays import (
    LEAST_STAYS,
    Patience,
    Stay,
    completed_days,
    patience_in,
    patience_of,
    percentile,
    stays_of,
)
from tests.factories import make_bet, make_member, make_portfolio

START = datetime(2026, 3, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def test_a_stay_lasts_from_one_move_to_the_next() -> None:
    moves = [
        (1, "funnel", day(0)),
        (1, "testing", day(4)),
        (1, "stopped", day(10)),
        (2, "funnel", day(1)),
    ]
    assert stays_of(moves) == [
        Stay(1, Stage.FUNNEL, day(0), day(4), Stage.TESTING),
        Stay(1, Stage.TESTING, day(4), day(10), Stage.STOPPED),
        Stay(1, Stage.STOPPED, day(10)),
        Stay(2, Stage.FUNNEL, day(1)),
    ]
    assert [stay.days(day(11)) for stay in stays_of(moves)] == [4, 6, 1, 10]


def test_where_a_bet_stood_when_the_books_were_opened_is_no_stay_before() -> None:
    moves = [(1, "funnel", day(0)), (1, "scaling", day(0))]
    assert stays_of(moves) == [Stay(1, Stage.SCALING, day(0))]
    assert stays_of([]) == []


def test_a_percentile_lies_between_the_two_nearest_in_proportion() -> None:
    # 0.85 · 4 = 3.4: four tenths of the way from the fourth to the fifth value.
    assert percentile([1, 2, 3, 10, 20], 0.85) == 14
    assert percentile([7], 0.85) == 7
    assert (percentile([1, 2, 3], 0), percentile([1, 2, 3], 1)) == (1, 3)


def test_what_is_unusual_is_measured_against_enough_completed_stays_and_never_in_an_exit() -> None:
    days = [1.0, 2.0, 3.0, 10.0, 20.9]
    few, enough = days[: LEAST_STAYS - 1], days
    completed = {Stage.FUNNEL: few, Stage.TESTING: enough, Stage.STOPPED: enough}
    assert patience_of(completed) == {Stage.TESTING: Patience(14, 5)}


def test_only_completed_stays_count() -> None:
    stays = stays_of([(1, "funnel", day(0)), (1, "testing", day(4)), (2, "testing", day(1))])
    assert completed_days(stays, day(99)) == {Stage.FUNNEL: [4]}


def completed_stays(portfolio: Portfolio, stage: str, days: list[int]) -> None:
    """Bets that have stayed so long in a stage, and have left it for the next."""
    for number in days:
        bet = make_bet(portfolio, stage="scaling")
        StageChange.objects.create(bet=bet, to_stage=stage, changed_at=day(0))
        StageChange.objects.create(bet=bet, to_stage="scaling", changed_at=day(number))


def card_of(bet: Bet) -> str:
    cache.clear()
    client = Client()
    client.force_login(make_member(bet.portfolio))
    return str(client.get(f"/bets/{bet.pk}/card").content.decode())


@pytest.mark.django_db
def test_a_card_is_marked_once_it_stays_longer_than_is_usual() -> None:
    portfolio = make_portfolio()
    completed_stays(portfolio, "testing", [1, 2, 3, 10, 20])
    now = datetime.now(UTC)
    short = make_bet(portfolio, stage="testing", stage_entered_at=now - timedelta(days=14, hours=9))
    long = make_bet(portfolio, stage="testing", stage_entered_at=now - timedelta(days=15, hours=1))
    assert "14 days here" in card_of(short)
    assert "longer than usual" not in card_of(short)
    assert "of 5 completed stays in Testing, 85% lasted at most 14 days" in card_of(long)
    cache.clear()
    board = Client()
    board.force_login(make_member(portfolio))
    assert board.get("/kanban").content.decode().count("stay--long") == 1


@pytest.mark.django_db
def test_what_is_usual_is_kept_and_another_portfolio_has_its_own() -> None:
    cache.clear()
    portfolio, other = make_portfolio(), make_portfolio()
    completed_stays(portfolio, "testing", [1, 2, 3, 10, 20])
    assert patience_in(portfolio.pk, day(30)) == {Stage.TESTING: Patience(14, 5)}
    assert patience_in(portfolio.pk, day(30)) == {Stage.TESTING: Patience(14, 5)}
    assert patience_in(other.pk, day(30)) == {}
