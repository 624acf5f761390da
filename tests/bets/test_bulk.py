from datetime import UTC, datetime
from typing import Any

import pytest

from allocation.models import RecomputeRequest
from bets.bulk import ImportedBet, change_bets, create_bets, place_bets
from bets.models import Bet, ExternalKey, Hypothesis, Portfolio, StageChange
from spm.errors import Invalid
from tests.factories import make_bet, make_portfolio, make_stream

pytestmark = pytest.mark.django_db

IN_2018 = datetime(2018, 4, 1, tzinfo=UTC)


def imported(title: str, stage: str = "scaling", **fields: Any) -> ImportedBet:
    return ImportedBet(
        fields={"title": title, **fields},
        stage=stage,
        thesis={"statement": f"{title} pays", "prior": 0.4},
        source="GMPP",
        keys=(title.lower(), f"key:{title}"),
    )


def test_imported_bets_stand_where_they_stood_with_their_thesis_and_keys() -> None:
    portfolio = make_portfolio()
    stream = make_stream(portfolio)
    bridge, tunnel = create_bets(
        portfolio, [imported("Bridge", stream=stream), imported("Tunnel", "framing")], IN_2018, "x"
    )
    assert (bridge.stage, tunnel.stage) == ("scaling", "framing")
    assert Bet.objects.get(pk=bridge.pk).stream == stream
    assert Hypothesis.objects.get(bet=tunnel).statement == "Tunnel pays"
    keys = ExternalKey.objects.filter(bet=bridge, source="GMPP").values_list("key", flat=True)
    assert set(keys) == {"bridge", "key:Bridge"}
    change = StageChange.objects.get(bet=bridge)
    assert (change.to_stage, change.changed_at, change.note) == ("scaling", IN_2018, "x")


def test_however_many_bets_are_imported_the_allocation_is_asked_for_once() -> None:
    portfolio = make_portfolio()
    create_bets(portfolio, [imported("Bridge"), imported("Tunnel")], IN_2018, "")
    assert RecomputeRequest.objects.filter(portfolio=portfolio).count() == 1


def test_a_field_that_cannot_be_taken_is_named_with_its_bet_and_nothing_is_made() -> None:
    with pytest.raises(Invalid, match="notice_months: Tunnel: Write a number") as raised:
        create_bets(
            make_portfolio(),
            [imported("Bridge"), imported("Tunnel", notice_months=-1)],
            IN_2018,
            "",
        )
    assert list(raised.value.fields) == ["notice_months"]
    assert not Bet.objects.exists()


def test_figures_that_contradict_each_other_are_refused() -> None:
    wrong = imported("Bridge", value_p10="5", value_p50="3", value_p90="9")
    with pytest.raises(Invalid, match="value_p50: Bridge: P50 must be at least P10"):
        create_bets(make_portfolio(), [wrong], IN_2018, "")


def test_a_stream_of_another_portfolio_is_refused() -> None:
    foreign = imported("Bridge", stream=make_stream(make_portfolio()))
    with pytest.raises(Invalid, match="no row of the portfolio"):
        create_bets(make_portfolio(), [foreign], IN_2018, "")


def test_only_what_differs_is_changed() -> None:
    portfolio = make_portfolio()
    bridge, tunnel = create_bets(portfolio, [imported("Bridge"), imported("Tunnel")], IN_2018, "")
    count = change_bets(
        portfolio, {bridge.pk: {"full_funding": "120.00"}, tunnel.pk: {"title": "Tunnel"}}
    )
    assert count == 1
    bridge.refresh_from_db()
    tunnel.refresh_from_db()
    assert (bridge.full_funding, bridge.version, tunnel.version) == (120, 2, 1)


def test_a_bet_of_another_portfolio_is_not_changed() -> None:
    bet = make_bet(make_portfolio(), title="Bridge")
    assert change_bets(make_portfolio(), {bet.pk: {"title": "Tunnel"}}) == 0
    bet.refresh_from_db()
    assert bet.title == "Bridge"


def test_a_placed_card_is_journalled_with_the_version_it_got() -> None:
    portfolio: Portfolio = make_portfolio()
    (bet,) = create_bets(portfolio, [imported("Bridge")], IN_2018, "")
    assert place_bets(portfolio, {bet.pk: "stopped"}, IN_2018, "It has left.") == 1
    assert place_bets(portfolio, {bet.pk: "stopped"}, IN_2018, "It has left.") == 0
    bet.refresh_from_db()
    change = StageChange.objects.order_by("id").last()
    assert change is not None
    assert (bet.stage, bet.stage_entered_at) == ("stopped", IN_2018)
    assert (change.from_stage, change.to_stage, change.bet_version) == ("scaling", "stopped", 2)
