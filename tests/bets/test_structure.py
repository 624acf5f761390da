"""Themes, value streams and teams, added by hand."""

from decimal import Decimal

import pytest
from django.core.management import call_command

from allocation.models import RecomputeRequest
from bets.structure import add_stream, add_team, add_theme
from spm.errors import Invalid
from tests.factories import make_portfolio


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
