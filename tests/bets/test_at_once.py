"""Several people and programs at the same moment."""

from bets.edit import OFFICE, change_bet, upsert_bet
from bets.models import Bet, Dependency, ExternalKey, StageChange
from spm.errors import Invalid
from tests.at_once import at_once
from tests.factories import make_bet, make_portfolio


def test_the_same_new_key_from_eight_at_once_is_one_bet(committed_db: None) -> None:
    portfolio = make_portfolio()
    fields = {"title": "Refunds"}
    outcomes = at_once([lambda: upsert_bet(OFFICE, portfolio, "jira", "PAY-7", fields)] * 8)
    assert sorted(outcome.created for outcome in outcomes) == [False] * 7 + [True]
    assert Bet.objects.count() == ExternalKey.objects.count() == StageChange.objects.count() == 1


def test_two_changes_at_once_cannot_close_a_circle_between_them(committed_db: None) -> None:
    portfolio = make_portfolio()
    a, b = make_bet(portfolio), make_bet(portfolio)
    for _ in range(5):
        Dependency.objects.all().delete()
        outcomes = at_once(
            [
                lambda: change_bet(OFFICE, a.pk, {"needs": [b.pk]}),
                lambda: change_bet(OFFICE, b.pk, {"needs": [a.pk]}),
            ]
        )
        assert sum(isinstance(outcome, Invalid) for outcome in outcomes) == 1
        assert Dependency.objects.count() == 1
