"""The engine as a whole, on cases that can be worked out by hand."""

from __future__ import annotations

import pytest

from allocation.engine.solver import NoSolutionError
from tests.allocation.engine.portfolios import bet, earning, solved, working


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


def test_where_the_solver_finds_nothing_the_answer_says_so_and_moves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def find_nothing(problem: object) -> None:
        raise NoSolutionError("Infeasible")

    monkeypatch.setitem(solved.__globals__["solve"].__globals__, "find_best", find_nothing)

    solution = solved(earning("lost", 3.0, working=40.0))

    assert solution.status == "infeasible"
    assert "Infeasible" in (solution.reason or "")
    assert working(solution) == {"lost": 40.0}
    assert solution.changes == ()


def test_two_teams_that_are_alike_can_carry_an_overload_for_each_other() -> None:
    """Fully fungible: 10 over in sum, whoever carries it, and nobody may be worse off in sum."""
    teams = [{"id": "s", "capacity": 20.0}, {"id": "t", "capacity": 20.0}]
    both_ways = [
        {"from": "s", "to": "t", "efficiency": 1.0},
        {"from": "t", "to": "s", "efficiency": 1.0},
    ]

    solution = solved(
        bet("stuck", entangled=50.0, teams={"t": 1.0}),
        earning("new", 90.0, teams={"s": 1.0}),
        teams=teams,
        fungibility=both_ways,
    )

    assert solution.status == "held"
    assert sum(team.breach_after for team in solution.teams) == 10.0
    assert all(team.breach_after <= team.breach_before for team in solution.teams)
