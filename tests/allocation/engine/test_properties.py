"""What holds of every portfolio, whatever is in it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from allocation.engine import parse_snapshot, solve
from allocation.engine.problem import build
from allocation.engine.search import find_best
from allocation.engine.snapshot import Snapshot
from allocation.engine.solver import NoSolutionError, Solver
from bench.random_portfolio import portfolio
from tests.allocation.engine.checks import faults
from tests.allocation.engine.random_portfolios import random_portfolio
from tests.allocation.engine.reference import scaled, solve_reference
from tests.allocation.engine.test_against_reference import calm, few, output_of, worth_of_cents

seeds = st.integers(0, 10**9)
large = settings(calm, max_examples=6)


def best(snapshot: Snapshot) -> tuple[float, float]:
    """The least total breach and the objective there, before anything is rounded."""
    problem = build(snapshot)
    point = find_best(problem).point.values
    return problem.program.total_breach(point), problem.program.objective(point)


def no_worse(after: tuple[float, float], before: tuple[float, float], money: float) -> bool:
    """Less is broken, or as much is and as much is gained, but for what a search may leave."""
    if after[0] < before[0] - 1e-7 * money:
        return True
    noise = 1e-6 * max(abs(before[1]), money)
    return after[0] <= before[0] + 1e-7 * money and after[1] >= before[1] - noise


@large
@given(seeds)
def test_up_to_forty_bets_agree_with_the_second_formulation(seed: int) -> None:
    document = random_portfolio(seed, most_bets=40)

    output = output_of(document)
    reference = solve_reference(document)

    assert faults(document, output) == []
    proposed = output["objective"]["proposed"]
    allowed = worth_of_cents(document) + 1e-3 * abs(reference.objective)
    assert output["breach"]["after"] == pytest.approx(reference.breach, rel=1e-6, abs=0.05)
    assert proposed >= reference.objective - allowed


@few
@given(seeds)
def test_a_larger_envelope_never_lowers_the_optimum(seed: int) -> None:
    """Without guardrails that are shares of it, which would move with it."""
    document = random_portfolio(seed)
    document["guardrails"] = [
        rail for rail in document["guardrails"] if rail["kind"] in ("amount", "count")
    ]
    snapshot = parse_snapshot(document)
    larger = replace(snapshot, envelope=snapshot.envelope * 1.1)

    assert no_worse(best(larger), best(snapshot), snapshot.envelope)


@few
@given(seeds)
def test_a_looser_guardrail_never_lowers_the_optimum(seed: int) -> None:
    snapshot = parse_snapshot(random_portfolio(seed))
    assume(snapshot.guardrails)
    rails = [
        replace(
            rail,
            minimum=None if rail.minimum is None else np.floor(0.8 * rail.minimum * 1e4) / 1e4,
            maximum=None if rail.maximum is None else _looser(rail.kind, rail.maximum),
        )
        for rail in snapshot.guardrails
    ]

    looser = replace(snapshot, guardrails=tuple(rails))

    assert no_worse(best(looser), best(snapshot), snapshot.envelope)


def _looser(kind: str, maximum: float) -> float:
    if kind == "count":
        return maximum + 1
    return maximum * 1.2 if kind in ("amount", "reserve") else min(maximum * 1.2, 1.0)


@few
@given(seeds, st.sampled_from([0.01, 128.0, 1e4]))
def test_another_currency_scales_the_moves(seed: int, rate: float) -> None:
    """All kinds of guardrails; what a cent makes of it is what may differ."""
    document = random_portfolio(seed)
    assume(all(rail["kind"] != "count" for rail in document["guardrails"]))
    other = parse_snapshot(scaled(document, rate))

    breach, objective = best(parse_snapshot(document))
    there = best(other)

    money = document["envelope"]
    assert there[0] / rate == pytest.approx(breach, abs=1e-6 * money + 0.02 / min(rate, 1.0))
    if breach < 1e-6 * money:
        room = 1e-5 * max(abs(objective), money) + worth_of_cents(document) / min(rate, 1.0)
        assert there[1] / rate == pytest.approx(objective, abs=room)


@few
@given(seeds)
def test_shadow_prices_are_finite_differences_where_the_optimum_is_unique(seed: int) -> None:
    """With the same bets in the same groups: a cent more room, and a cent less."""
    problem = build(parse_snapshot(random_portfolio(seed)))
    found = find_best(problem)
    program = found.program
    upper = program.upper.copy()
    upper[problem.decision.weight] = problem.decision.only(found.chosen)
    fixed = replace(program, upper=upper)

    def at(row: int, by: float) -> float | None:
        sides = replace(fixed, row_upper=fixed.row_upper.copy())
        sides.row_upper[row] += by
        try:
            return sides.objective(Solver(sides).run().values)
        except NoSolutionError:
            return None

    money = problem.snapshot.envelope
    activity = program.matrix @ found.point.values
    for limit in problem.limits.values():
        if (
            not program.money_rows[limit.row]
            or abs(activity[limit.row] - program.row_upper[limit.row]) > 1e-6 * money
        ):
            continue
        step = 1e-5 * money
        below, here, above = (at(limit.row, by) for by in (-step, 0.0, step))
        if below is None or here is None or above is None:
            continue
        down, up = (here - below) / step, (above - here) / step
        if down == pytest.approx(up, rel=1e-3, abs=1e-3):
            assert found.point.row_price[limit.row] == pytest.approx(up, rel=1e-2, abs=1e-2)


def test_a_large_portfolio_gives_the_same_bytes_and_is_near_its_bound() -> None:
    document = portfolio(400, seed=2)

    first, second = (_bytes(document) for _ in range(2))

    assert first == second
    output = json.loads(first)
    assert output["objective"]["gap"] <= 1e-3
    assert faults(document, output) == []


def _bytes(document: dict[str, Any]) -> str:
    output = solve(parse_snapshot(document)).as_dict()
    del output["seconds"]
    return json.dumps(output)
