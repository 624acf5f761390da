"""Themes, value streams and teams, added by hand."""

from decimal import Decimal

import pytest
from django.core.management import call_command

from allocation.models import RecomputeRequest
from bets.models import Fungibility
from bets.structure import (
    add_stream,
    add_team,
    add_theme,
    change_portfolio,
    change_team,
    remove,
    set_fungibility,
)
from spm.errors import Invalid
from tests.factories import make_bet, make_portfolio, make_team


@pytest.mark.django_db
def test_a_team_is_added_to_its_stream_and_the_portfolio_is_computed_again() -> None:
    portfolio = make_portfolio(slug="office")
    call_command("portfolio", "stream", "office", "Parcel")
    call_command("portfolio", "theme", "office", "Grow")
    call_command(
        "portfolio", "team", "office", "Routing", "--capacity", "560k", "--stream", "parcel"
    )
    team = portfolio.teams.get()
    assert (team.capacity, str(team.stream)) == (Decimal(560_000), "Parcel")
    assert RecomputeRequest.objects.get().reason == "Routing was added."
    assert portfolio.themes.get().name == "Grow"


@pytest.mark.django_db
def test_a_name_that_is_used_already_or_says_nothing_is_refused() -> None:
    portfolio = make_portfolio()
    add_stream(portfolio, "Parcel")
    with pytest.raises(Invalid, match="has a value stream 'parcel' already"):
        add_stream(portfolio, "parcel")
    with pytest.raises(Invalid, match="a name of 1 to 120"):
        add_theme(portfolio, " ")
    with pytest.raises(Invalid, match="no value stream 'Freight'"):
        add_team(portfolio, "Routing", Decimal(1), "Freight")
    with pytest.raises(Invalid, match="no range of shares"):
        add_theme(portfolio, "Grow", target=(0.6, 0.4))


@pytest.mark.django_db
def test_a_changed_capacity_is_computed_and_other_teams_keep_their_names() -> None:
    portfolio = make_portfolio()
    routing, doorstep = make_team(portfolio, name="Routing"), make_team(portfolio, name="Doorstep")
    change_team(routing, {"capacity": Decimal(5)})
    assert RecomputeRequest.objects.get().reason == "Routing was changed."
    with pytest.raises(Invalid, match="has a team 'routing' already"):
        change_team(doorstep, {"name": "routing"})
    with pytest.raises(Invalid, match="nothing or more"):
        change_team(routing, {"capacity": Decimal(-1)})


@pytest.mark.django_db
def test_only_what_nothing_belongs_to_is_removed() -> None:
    portfolio = make_portfolio()
    stream = add_stream(portfolio, "Parcel")
    team = add_team(portfolio, "Routing", Decimal(1), "Parcel")
    bet = make_bet(portfolio, {team: 0.5}, stream=stream)
    with pytest.raises(Invalid, match="1 bet, 1 team belong to the value stream 'Parcel'"):
        remove(stream)
    with pytest.raises(Invalid, match="1 bet belong to the team 'Routing'"):
        remove(team)
    bet.bet_teams.all().delete()
    remove(team)
    assert not portfolio.teams.exists()


@pytest.mark.django_db
def test_what_teams_lend_each_other_is_said_changed_and_taken_away() -> None:
    portfolio = make_portfolio()
    giver, taker = make_team(portfolio), make_team(portfolio)
    set_fungibility(giver, taker, 0.5)
    set_fungibility(giver, taker, 0.7)
    assert Fungibility.objects.get().efficiency == 0.7
    set_fungibility(giver, taker, None)
    assert not Fungibility.objects.exists()
    with pytest.raises(Invalid, match="not to itself"):
        set_fungibility(giver, giver, 0.5)
    with pytest.raises(Invalid, match="one portfolio"):
        set_fungibility(giver, make_team(make_portfolio()), 0.5)
    with pytest.raises(Invalid, match="between 0 and 100 %"):
        set_fungibility(giver, taker, 1.5)


@pytest.mark.django_db
def test_another_horizon_is_computed_and_another_name_is_not() -> None:
    portfolio = make_portfolio()
    change_portfolio(portfolio, {"name": "Elsewhere", "intent": "To learn."})
    assert not RecomputeRequest.objects.exists()
    change_portfolio(portfolio, {"horizon_months": 12})
    assert RecomputeRequest.objects.get().reason == "The horizon was changed."
    with pytest.raises(Invalid) as error:
        change_portfolio(portfolio, {"name": " ", "horizon_months": 0})
    assert set(error.value.fields) == {"name", "horizon_months"}
