"""What the Allocation page picks out."""

from decimal import Decimal

import pytest

from bets.models import Bet
from reports.allocation import broken_but_well_reported, holdings
from tests.factories import make_bet, make_portfolio, make_stream, make_theme


@pytest.mark.django_db
def test_the_headline_is_a_broken_thesis_that_is_reported_to_be_well() -> None:
    portfolio = make_portfolio()
    for title, status, signal in (
        ("headline", "broken", "Green"),
        ("agrees", "broken", "Red"),
        ("unreported", "broken", ""),
        ("well", "intact", "Green"),
    ):
        make_bet(portfolio, title=title, thesis_status=status, delivery_signal=signal, working=100)
    assert [bet.title for bet in broken_but_well_reported(portfolio)] == ["headline"]


@pytest.mark.django_db
def test_the_picture_holds_funded_bets_only_and_can_be_narrowed() -> None:
    portfolio = make_portfolio()
    theme, stream = make_theme(portfolio, name="T"), make_stream(portfolio, name="S")
    make_bet(portfolio, title="in", theme=theme, stream=stream, working=10)
    make_bet(portfolio, title="loose", entangled=5)
    make_bet(portfolio, title="unfunded", theme=theme)
    assert [row.title for row in holdings(portfolio)] == ["in", "loose"]
    assert [row.title for row in holdings(portfolio, theme="T")] == ["in"]
    assert [row.title for row in holdings(portfolio, stream="No value stream")] == ["loose"]
    assert Bet.objects.get(title="loose").funding == Decimal(5)
