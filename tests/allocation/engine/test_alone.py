"""What a change is worth alone, the quick way against the long way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.engine import parse_snapshot
from allocation.engine.alone import gains_alone
from allocation.engine.book import Integers
from allocation.engine.decision import NONE
from allocation.engine.narrow import narrowed
from allocation.engine.problem import Problem, build
from allocation.engine.rounding import to_cents
from allocation.engine.search import find_best, fix_whole
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
    quick, long = Solver(narrow.program), Solver(best.program)
    fix_whole(long, best.point.values)

    def optimum(solver: Solver) -> float | None:
        try:
            return solver.program.objective(solver.run().values)
        except NoSolutionError:
            return None

    assert optimum(quick) == pytest.approx(optimum(long))
    for place in range(problem.book.size):
        held = columns_of(problem, place)
        for solver, columns in ((quick, narrow.place[held]), (long, held)):
            solver.set_bounds(columns, problem.program.today[held], problem.program.today[held])
        assert optimum(quick) == pytest.approx(optimum(long))
        quick = Solver(narrow.program)
        long = Solver(best.program)
        fix_whole(long, best.point.values)


def columns_of(problem: Problem, place: int) -> Integers:
    """What is decided about one bet."""
    decision = problem.decision
    columns = (decision.added, decision.withdrawn, decision.funded, decision.changed)
    return np.unique([column[place] for column in columns if column[place] != NONE])


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
