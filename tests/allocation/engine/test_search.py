"""How the best is found: bound, ties, prices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from allocation.engine import parse_snapshot, solve
from allocation.engine.problem import build
from allocation.engine.search import find_best
from allocation.engine.solver import Solver
from tests.allocation.engine.portfolios import earning, portfolio, solved, working
from tests.allocation.engine.random_portfolios import random_portfolio
from tests.allocation.engine.test_against_reference import few


def optimum(document: dict[str, Any]) -> float:
    """The best objective before it is rounded to cents."""
    problem = build(parse_snapshot(document))
    return problem.program.objective(find_best(problem).point.values)


def without_choices(seed: int) -> dict[str, Any]:
    """A random portfolio in which nothing is yes or no, and no limit is broken today."""
    document = random_portfolio(seed)
    for bet in document["bets"]:
        bet["minimum"], bet["needs"], bet["teams"] = 0.0, [], {}
    held = sum(bet["working"] + bet["entangled"] for bet in document["bets"])
    rails = [{"id": "turn", "kind": "turnover", "max": 0.25}]
    return document | {
        "switching_cost": 0.0,
        "reserve_floor": 0.0,
        "envelope": round(1.2 * max(held, 10.0), 2),
        "guardrails": rails,
    }


def slopes(document: dict[str, Any], change: Any) -> tuple[float, float]:
    """What the optimum gains per unit, one small step down and one up."""
    step = 1e-4 * document["envelope"]
    below, here, above = (optimum(change(document, by)) for by in (-step, 0.0, step))
    return (here - below) / step, (above - here) / step


def wider_envelope(document: dict[str, Any], by: float) -> dict[str, Any]:
    """The envelope larger by an amount, the turnover allowed the same in currency."""
    envelope = document["envelope"]
    rail = document["guardrails"][0]
    share = rail["max"] * envelope / (envelope + by)
    return document | {"envelope": envelope + by, "guardrails": [rail | {"max": share}]}


def more_turnover(document: dict[str, Any], by: float) -> dict[str, Any]:
    """The turnover larger by an amount in currency."""
    rail = document["guardrails"][0]
    more = rail["max"] + by / document["envelope"]
    return document | {"guardrails": [rail | {"max": more}]}


def all_the_envelope(document: dict[str, Any], by: float) -> dict[str, Any]:
    """The envelope larger by an amount, and with it whatever is a share of it."""
    return document | {"envelope": document["envelope"] + by}


@few
@given(st.integers(0, 10**9))
def test_more_envelope_is_worth_what_the_guardrails_that_move_along_allow_too(seed: int) -> None:
    document = without_choices(seed)
    money = document["envelope"]
    largest = max(bet["working"] + bet["entangled"] for bet in document["bets"])
    document["guardrails"] += [
        {"id": "left", "kind": "reserve", "min": round(0.1 * money, 2)},
        {"id": "spent", "kind": "share", "min": 0.7, "max": 0.95},
        {"id": "each", "kind": "bet_share", "max": min(1.05 * largest / money, 1.0)},
    ]

    price = solve(parse_snapshot(document)).envelope.gain_of_more

    down, up = slopes(document, all_the_envelope)
    if down == pytest.approx(up, abs=1e-4, rel=1e-4):
        assert price == pytest.approx(up, abs=1e-3, rel=1e-3)


@few
@given(st.integers(0, 10**9))
def test_a_shadow_price_is_what_a_small_relaxation_gains(seed: int) -> None:
    document = without_choices(seed)

    solution = solve(parse_snapshot(document))

    for price, change in (
        (solution.envelope.shadow_price, wider_envelope),
        (solution.guardrails[0].shadow_price, more_turnover),
    ):
        down, up = slopes(document, change)
        if down == pytest.approx(up, abs=1e-4, rel=1e-4):
            assert price == pytest.approx(up, abs=1e-3, rel=1e-3)
        else:
            assert price is not None
            assert up - 1e-3 <= price <= down + 1e-3


@few
@given(st.integers(0, 10**9))
def test_a_change_alone_is_worth_what_the_optimum_loses_without_it(seed: int) -> None:
    """A bet is held by taking its liquidity and its growth."""
    document = random_portfolio(seed, most_bets=5) | {"guardrails": [], "teams": []}
    for bet in document["bets"]:
        bet["teams"], bet["needs"] = {}, []
    document |= {"fungibility": [], "envelope": document["envelope"] * 2 + 100}
    solution = solve(parse_snapshot(document))
    assume(solution.changes)
    change = solution.changes[0]

    bets = [
        bet | ({"withdrawable": 0.0, "may_grow": False} if bet["id"] == change.bet else {})
        for bet in document["bets"]
    ]

    lost = optimum(document) - optimum(document | {"bets": bets})
    assert change.gain_alone == pytest.approx(lost, rel=1e-4, abs=1e-4 * document["envelope"])


def test_the_bound_is_what_could_be_had_if_bets_could_be_funded_in_part() -> None:
    """Half of the second bet would fit; its minimum says all or nothing."""
    solution = solved(
        earning("a", 30.0, full_funding=50.0, minimum=50.0),
        earning("b", 20.0, full_funding=100.0, minimum=100.0),
    )

    assert solution.objective.proposed == pytest.approx(18 * 50)
    assert solution.objective.bound == pytest.approx(18 * 50 + 8 * 50)
    assert solution.objective.gap == pytest.approx(400 / 1300)


def test_of_equal_optima_the_one_that_moves_less_is_taken() -> None:
    """Money in b earns what it would in a: it stays, and the lower id gets what is left."""
    solution = solved(earning("a", 30.0), earning("b", 30.0, working=60.0))

    assert working(solution) == {"a": 40.0, "b": 60.0}


def test_of_bets_that_are_alike_the_lower_id_gets_the_money() -> None:
    assert working(solved(earning("b", 30.0), earning("a", 30.0))) == {"a": 100.0, "b": 0.0}
    assert working(solved(earning("10", 30.0), earning("9", 30.0))) == {"9": 100.0, "10": 0.0}


@pytest.mark.parametrize("switching_cost", [0.0, 3.0])
def test_of_sets_of_bets_that_are_alike_the_lower_ids_are_funded(switching_cost: float) -> None:
    bets = [earning(f"b{n}", 30.0, full_funding=20.0, minimum=20.0) for n in range(9)]

    funded = working(solved(*reversed(bets), switching_cost=switching_cost))

    assert [name for name, money in sorted(funded.items()) if money] == [f"b{n}" for n in range(5)]


@pytest.mark.parametrize("unit", [0.01, 1.0, 1e4, 1e6])
def test_amounts_of_any_size_are_solved(unit: float) -> None:
    """The engine scales: a portfolio of one euro and one of a hundred million are alike."""
    bets = [
        earning("a", 30.0, full_funding=40.0 * unit, minimum=25.0 * unit),
        earning("b", 20.0, full_funding=100.0 * unit, minimum=70.0 * unit),
    ]

    solution = solve(parse_snapshot(portfolio(*bets) | {"envelope": 100.0 * unit}))

    assert working(solution)["a"] == pytest.approx(30.0 * unit)
    assert working(solution)["b"] == pytest.approx(70.0 * unit)


def test_a_small_bet_beside_a_large_one_is_not_lost() -> None:
    """One euro beside a hundred million."""
    solution = solved(
        earning("large", 30.0, full_funding=1e8, working=1e8),
        earning("small", 60.0, full_funding=1.0),
        envelope=1e8 + 1,
    )

    assert working(solution) == {"large": 1e8, "small": 1.0}


def test_what_has_not_changed_is_not_solved_again() -> None:
    program = build(parse_snapshot(without_choices(3))).program
    every = np.arange(len(program.gain))
    solver = Solver(program)
    found = solver.run()
    solver.set_gain(program.gain)
    solver.set_bounds(every, program.lower, program.upper)
    assert solver.run() is found
    solver.set_gain(program.gain * 0.5)
    halved = solver.run()
    assert halved is not found
    assert program.objective(halved.values) == pytest.approx(program.objective(found.values))


def test_with_another_limit_it_is_solved_again() -> None:
    program = build(parse_snapshot(without_choices(3))).program
    every = np.arange(len(program.gain))
    solver = Solver(program)
    found = solver.run()
    solver.set_bounds(every, program.today, program.today)
    stayed = program.objective(solver.run().values)
    assert stayed == pytest.approx(program.objective(program.today))
    assert stayed < program.objective(found.values)
