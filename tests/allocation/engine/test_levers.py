"""Levers: by hand, and against fresh solves of the changed snapshot."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.engine import NoSolutionError, parse_snapshot
from allocation.engine.levers import levers
from tests.allocation.engine.changed_documents import with_change
from tests.allocation.engine.portfolios import earning, portfolio
from tests.allocation.engine.random_portfolios import random_portfolio
from tests.allocation.engine.test_against_reference import few, output_of, worth_of_cents


def pulled(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The levers of a document, by kind and what they change."""
    found = [lever.as_dict() for lever in levers(parse_snapshot(document))]
    return {" ".join([lever["kind"], *lever["target"].values()]): lever for lever in found}


@few
@given(st.integers(0, 10**9))
def test_a_gain_is_that_of_a_fresh_solve_of_the_changed_snapshot(seed: int) -> None:
    document = random_portfolio(seed, most_bets=6)
    base = output_of(document)
    try:
        found = levers(parse_snapshot(document))
    except NoSolutionError:
        return
    for lever in found:
        fresh = output_of(with_change(document, lever.change))
        share = document["horizon_months"] / lever.change.get(
            "horizon_months", document["horizon_months"]
        )
        gain = fresh["objective"]["proposed"] * share - base["objective"]["proposed"]
        size = max(abs(fresh["objective"]["proposed"]), abs(base["objective"]["proposed"]))
        assert lever.gain == pytest.approx(gain, abs=2 * worth_of_cents(document) + 2e-5 * size)
        mends = base["breach"]["after"] - fresh["breach"]["after"]
        assert lever.mends == pytest.approx(mends, rel=1e-5, abs=0.1)
        assert lever.net_gain == pytest.approx(lever.gain - lever.cost, abs=1e-5)
    assert found == tuple(sorted(found, key=lambda lever: -lever.net_gain))


def test_a_tenth_more_of_a_full_team_is_worth_its_price_times_its_size() -> None:
    """Each unit earns 30 and costs 12; 2 more are 36, and cost three months of 2."""
    document = portfolio(
        earning("a", 30.0, teams={"t": 1.0}), teams=[{"id": "t", "capacity": 20.0}]
    )
    hire = pulled(document)["hire t"]
    assert (hire["before"], hire["after"]) == (20.0, 22.0)
    assert hire["gain"] == pytest.approx(36.0)
    assert (hire["cost"], hire["net_gain"]) == (6.0, pytest.approx(30.0))
    assert hire["lead_time_months"] == 4.0


def test_training_whoever_has_room_for_a_full_team() -> None:
    """20 idle at eight tenths are 16 more for the bet, at 18 each."""
    teams = [{"id": "idle", "capacity": 20.0}, {"id": "full", "capacity": 20.0}]
    document = portfolio(earning("a", 30.0, teams={"full": 1.0}), teams=teams)
    trained = pulled(document)["cross_train idle full"]
    assert (trained["before"], trained["after"]) == (0.0, 0.8)
    assert trained["gain"] == pytest.approx(18 * 16)
    assert trained["cost"] == 4.0


def test_a_limit_that_binds_is_relaxed_by_a_tenth_and_one_that_does_not_is_left() -> None:
    rails = [
        {"id": "tight", "kind": "share", "max": 0.4},
        {"id": "loose", "kind": "bet_share", "max": 0.9},
    ]
    found = pulled(portfolio(earning("a", 30.0), guardrails=rails))
    assert found["relax tight max"]["after"] == pytest.approx(0.44)
    assert found["relax tight max"]["gain"] == pytest.approx(4 * 18)
    assert "relax loose max" not in found


def test_a_count_is_relaxed_by_a_whole_bet() -> None:
    rails = [{"id": "few", "kind": "count", "max": 1}]
    a, b = (earning(name, 30.0, full_funding=10.0) for name in "ab")
    found = pulled(portfolio(a, b, guardrails=rails))
    assert (found["relax few max"]["after"], found["relax few max"]["gain"]) == (2.0, 180.0)


def test_what_is_locked_noticed_and_entangled_is_priced_bet_by_bet() -> None:
    """40 in a bet that earns nothing, a place for it that earns 30 each, and nothing in reserve."""
    taker = earning("taker", 30.0)

    def of(**fields: Any) -> dict[str, dict[str, Any]]:
        giver = earning("giver", 0.0, working=40.0, **fields)
        return pulled(portfolio(giver, taker, envelope=40.0))

    # locked: 20 of the 40 stay, and could earn 30 each
    assert of(withdrawable=0.5)["unlock giver"]["gain"] == pytest.approx(20 * 30)
    assert of(withdrawable=0.5)["unlock giver"]["cost"] == 20.0
    # noticed: three months of 40 are spent first
    assert of(notice_months=3)["shorten_notice giver"]["gain"] == pytest.approx(3 * 40)
    assert of(notice_months=3)["shorten_notice giver"]["cost"] == 20.0
    # entangled: a quarter of 40 is not freed
    assert of(reclaimable=0.75)["decouple giver"]["gain"] == pytest.approx(10 * 30)


def test_a_longer_horizon_spreads_one_off_costs_over_more_months() -> None:
    """Ramping 100 up costs 6 each over 12 months; over 15 months 6 × 12/15."""
    document = portfolio(earning("a", 30.0, ramp_cost=6.0))
    found = [lever.as_dict() for lever in levers(parse_snapshot(document))]
    longer, shorter = (found[0], found[-1])
    assert (longer["after"], shorter["after"]) == (15.0, 9.0)
    assert longer["gain"] == pytest.approx(600 * (1 - 12 / 15))
    assert shorter["gain"] == pytest.approx(600 * (1 - 12 / 9))


def test_what_a_lever_takes_can_be_said_for_the_portfolio() -> None:
    document = portfolio(
        earning("a", 30.0, teams={"t": 1.0}),
        teams=[{"id": "t", "capacity": 20.0}],
        levers={"hire": {"size": 0.5, "cost": 7, "cost_months": 1, "lead_time_months": 9}},
    )
    hire = pulled(document)["hire t"]
    assert (hire["after"], hire["cost"], hire["lead_time_months"]) == (30.0, 17.0, 9.0)


def test_mending_comes_before_value_with_a_lever_and_without() -> None:
    """Half of 40 is over a limit of 20 and can only be mended as far as the lock allows."""
    document = portfolio(
        earning("dear", 30.0, working=40.0, withdrawable=0.25),
        guardrails=[{"id": "most", "kind": "amount", "max": 20.0}],
    )
    unlock = pulled(document)["unlock dear"]
    assert unlock["mends"] == 10.0
    assert unlock["gain"] == pytest.approx(-18.0 * 10)
