"""What each term of the objective costs or earns, by hand. Horizon 12, envelope 100."""

from __future__ import annotations

import pytest

from tests.allocation.engine.portfolios import bet, earning, solved, working


def test_value_falls_off_along_the_response() -> None:
    """F = 100, V = 4000: 60 a unit for the first 40, 30 for the next, then 10, too little."""
    solution = solved(bet("b", belief=1.0, value_if_true=4000.0))

    assert working(solution) == {"b": 80.0}
    assert solution.objective.proposed == pytest.approx(0.9 * 4000 - 12 * 80)


def test_a_belief_scales_what_a_bet_is_worth() -> None:
    """At half the belief the second piece earns 15 a unit, still more than 12."""
    solution = solved(bet("b", belief=0.5, value_if_true=4000.0))

    assert solution.objective.proposed == pytest.approx(0.5 * 0.9 * 4000 - 12 * 80)


def test_a_bet_without_full_funding_is_worth_nothing() -> None:
    solution = solved(bet("b", belief=1.0, value_if_true=1e6, full_funding=0.0, working=10.0))

    assert working(solution) == {"b": 0.0}
    assert solution.objective.current == pytest.approx(-120.0)


def test_entangled_money_is_paid_for_as_long_as_the_horizon_lasts() -> None:
    solution = solved(bet("b", entangled=7.0))

    assert solution.objective.current == pytest.approx(-84.0)


def test_withdrawing_pays_only_for_what_is_really_freed() -> None:
    """Of 40 withdrawn, 10 are freed: 40·3 is lost, 10·12 is saved. Not worth it at 3.1."""
    kept = solved(earning("b", 3.1, working=40.0, reclaimable=0.25))
    dropped = solved(earning("b", 2.9, working=40.0, reclaimable=0.25))

    assert kept.status == "held"
    assert working(dropped) == {"b": 0.0}
    assert dropped.positions["b"].entangled == pytest.approx(30.0)
    assert dropped.objective.proposed == pytest.approx(-12 * 30)


def test_notice_costs_the_freed_money_for_its_months() -> None:
    """Withdrawing one unit saves 12, loses 9, and 2 or 4 more during notice."""
    short = solved(earning("b", 9.0, working=40.0, notice_months=2))
    long = solved(earning("b", 9.0, working=40.0, notice_months=4))

    assert working(short) == {"b": 0.0}
    assert short.objective.proposed == pytest.approx(-2 * 40)
    assert long.status == "held"


def test_exit_costs_are_paid_per_unit_withdrawn() -> None:
    cheap = solved(earning("b", 9.0, working=40.0, exit_cost=2.0))
    dear = solved(earning("b", 9.0, working=40.0, exit_cost=4.0))

    assert cheap.objective.proposed == pytest.approx(-80.0)
    assert cheap.changes[0].exit_cost == pytest.approx(80.0)
    assert dear.status == "held"


def test_ramp_costs_are_paid_per_unit_added() -> None:
    cheap = solved(earning("b", 15.0, ramp_cost=2.0))
    dear = solved(earning("b", 15.0, ramp_cost=4.0))

    assert cheap.objective.proposed == pytest.approx((15 - 12 - 2) * 100)
    assert cheap.changes[0].ramp_cost == pytest.approx(200.0)
    assert dear.status == "held"


def test_switching_is_paid_for_each_bet_that_changes() -> None:
    """Either bet gains 50 on its own; the switching cost decides whether it is worth it."""
    bets = [earning("a", 13.0, maximum=50.0), earning("b", 13.0, maximum=50.0)]

    both = solved(*bets, switching_cost=40.0)
    neither = solved(*bets, switching_cost=60.0)

    assert both.objective.proposed == pytest.approx(2 * (50 - 40))
    assert neither.status == "held"
