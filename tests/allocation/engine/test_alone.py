"""What a change is worth alone, the quick way against the long way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.engine import parse_snapshot
from allocation.engine.alone import gains_alone
from allocation.engine.book import Floats, Integers
from allocation.engine.narrow import narrowed
from allocation.engine.problem import Problem, build
from allocation.engine.rounding import to_cents
from allocation.engine.search import Best, find_best
from allocation.engine.solver import NoSolutionError, Solver
from tests.allocation.engine.portfolios import bet, earning, snapshot
from tests.allocation.engine.random_portfolios import random_portfolio
from tests.allocation.engine.test_against_reference import few


@few
@given(st.integers(0, 10**9))
def test_the_narrow_problem_is_worth_what_the_whole_one_is(seed: int) -> None:
    """As it is, and with one bet after the other held where it is today."""
    problem = build(parse_snapshot(random_portfolio(seed)))
    best = find_best(problem)
    narrow = narrowed(problem, best, np.ones(problem.book.size, dtype=np.bool_))
    quick, long = Solver(narrow.program), long_way(problem, best)

    def optimum(solver: Solver) -> float | None:
        try:
            return solver.program.objective(solver.run().values)
        except NoSolutionError:
            return None

    assert optimum(quick) == pytest.approx(optimum(long))
    for place in range(problem.book.size):
        columns, held = points_of(problem, place)
        long.set_bounds(columns, 0.0, held)
        inner = narrow.place[columns]
        quick.set_bounds(inner[inner >= 0], 0.0, held[inner >= 0])
        assert optimum(quick) == pytest.approx(optimum(long))
        quick, long = Solver(narrow.program), long_way(problem, best)


def long_way(problem: Problem, best: Best) -> Solver:
    """The whole LP, every bet in its group of points."""
    solver = Solver(best.program)
    solver.set_bounds(problem.decision.weight, 0.0, problem.decision.only(best.chosen))
    return solver


def points_of(problem: Problem, place: int) -> tuple[Integers, Floats]:
    """The columns of one bet, and where it stays as it is."""
    own = np.flatnonzero(problem.decision.points.of_bet == place)
    return problem.decision.weight[own], problem.decision.points.is_today[own].astype(float)


def test_in_a_large_portfolio_the_largest_changes_come_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("allocation.engine.alone.MOST_WORK", 0)
    problem = build(snapshot(earning("a", 30.0)))
    best = find_best(problem)

    assert gains_alone(problem, best, to_cents(problem, best.point)) == {}


def test_a_bet_that_others_need_is_worth_what_they_earn() -> None:
    """Without the base the top falls too."""
    problem = build(
        snapshot(
            earning("base", 11.0, minimum=10.0), earning("top", 30.0, needs=["base"]), bet("zero")
        )
    )
    best = find_best(problem)

    gains = gains_alone(problem, best, to_cents(problem, best.point))

    assert gains[0] == pytest.approx(18 * 90 - 10)
    assert gains[1] == pytest.approx(18 * 90 - 10)
