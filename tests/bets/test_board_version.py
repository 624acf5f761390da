"""A board that is kept is another one as soon as anything on it is."""

from collections.abc import Callable

import pytest
from django.db import transaction

from bets.board_version import board_version
from bets.models import Bet, BetTeam, Dependency, Portfolio, Team, Theme, ValueStream, WipLimit
from bets.saved_views import save_view
from spm.accounts.models import Membership, Role, User
from tests.factories import (
    make_bet,
    make_member,
    make_portfolio,
    make_stream,
    make_team,
    make_theme,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def portfolio() -> Portfolio:
    """With two bets, and one of everything else that a board shows."""
    portfolio = make_portfolio()
    team = make_team(portfolio)
    owner = make_member(portfolio, Role.CONTRIBUTOR, teams=(team,))
    stream, theme = make_stream(portfolio), make_theme(portfolio)
    bet = make_bet(portfolio, {team: 1.0}, owner=owner, stream=stream, theme=theme)
    Dependency.objects.create(bet=bet, needs=make_bet(portfolio))
    WipLimit.objects.create(portfolio=portfolio, stage="funnel", limit=5)
    return portfolio


CHANGES: dict[str, Callable[[Portfolio], object]] = {
    "a bet's belief": lambda p: Bet.objects.filter(owner__isnull=False).update(belief=0.4),
    "a new bet": make_bet,
    "a bet less": lambda p: Bet.objects.filter(owner=None).delete(),
    "a portfolio's currency": lambda p: Portfolio.objects.update(currency="GBP"),
    "a theme's name": lambda p: Theme.objects.update(name="Trust"),
    "a stream's name": lambda p: ValueStream.objects.update(name="Payments"),
    "a team's overload": lambda p: Team.objects.update(overload=5),
    "a team's share": lambda p: BetTeam.objects.update(share=0.5),
    "a team less": lambda p: BetTeam.objects.all().delete(),
    "a need less": lambda p: Dependency.objects.all().delete(),
    "an owner's name": lambda p: User.objects.update(name="Anna"),
    "a limit": lambda p: WipLimit.objects.update(limit=1),
    "a saved view": lambda p: save_view(User.objects.get(), p, "All", ""),
    "the view it opens in": lambda p: save_view(User.objects.get(), p, "All", "", opens=True),
    "a contributor's teams": lambda p: Membership.objects.get().teams.clear(),
}


@pytest.mark.parametrize("name", CHANGES)
def test_it_changes_with_everything_that_a_board_shows(portfolio: Portfolio, name: str) -> None:
    with transaction.atomic():
        before = board_version(portfolio.pk)
    with transaction.atomic():
        CHANGES[name](portfolio)
    assert board_version(portfolio.pk) != before


def test_it_stays_while_nothing_changes_or_something_elsewhere(
    portfolio: Portfolio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bets.board_version.MINUTE", 1e9)  # none begins meanwhile
    before = board_version(portfolio.pk)
    with transaction.atomic():
        make_bet(make_portfolio())
    assert board_version(portfolio.pk) == before


def test_a_board_is_never_kept_for_longer_than_what_it_says_of_time() -> None:
    portfolio = make_portfolio()
    minutes = {board_version(portfolio.pk).split()[0]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bets.board_version.time.time", lambda: 0.0)
        minutes.add(board_version(portfolio.pk).split()[0])
    assert len(minutes) == 2
