"""The engine as a whole, on cases that can be worked out by hand."""

from __future__ import annotations

import pytest

from tests.allocation.engine.portfolios import earning, solved, working


def test_money_leaves_a_bet_that_costs_more_than_it_earns() -> None:
    solution = solved(earning("lost", 3.0, working=40.0), earning("won", 30.0, working=60.0))

    assert working(solution) == {"lost": 0.0, "won": 100.0}
    assert solution.status == "optimal"
    assert solution.objective.current == pytest.approx(40 * (3 - 12) + 60 * (30 - 12))
    assert solution.objective.proposed == pytest.approx(100 * (30 - 12))


def test_what_is_best_as_it_is_is_held() -> None:
    solution = solved(earning("won", 30.0, working=100.0))

    assert solution.status == "held"
    assert solution.changes == ()
    assert solution.moves == ()
    assert solution.do_nothing.gain == 0.0


def test_an_empty_portfolio_is_held() -> None:
    solution = solved()

    assert solution.status == "held"
    assert solution.reserve == 100.0


def test_waiting_costs_the_gain_divided_by_the_months_of_the_horizon() -> None:
    solution = solved(earning("won", 30.0))

    assert solution.do_nothing.gain == pytest.approx(1800.0)
    assert solution.do_nothing.gain_per_month_of_waiting == pytest.approx(150.0)


def test_a_limit_of_half_a_cent_in_thousands_of_millions_holds_nothing_back() -> None:
    """A tenth of this envelope is 216,059,540.125: as cents it is missed by half of one."""
    solution = solved(
        earning("a", 0.0, working=1_500_000_000.0),
        earning("b", 100.0),
        envelope=2_160_595_401.25,
        guardrails=[{"id": "pace", "kind": "turnover", "max": 0.1}],
    )
    assert solution.status == "optimal"
    assert 1_500_000_000.0 - working(solution)["a"] == pytest.approx(216_059_540.125, abs=0.006)
