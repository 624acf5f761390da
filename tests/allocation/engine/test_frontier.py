"""Value against turnover: never falling, and ending at the optimum without a cap."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.engine import NoSolutionError, parse_snapshot
from allocation.engine.frontier import frontier
from tests.allocation.engine.portfolios import earning, portfolio
from tests.allocation.engine.random_portfolios import random_portfolio
from tests.allocation.engine.test_against_reference import few, output_of, worth_of_cents


@few
@given(st.integers(0, 10**9))
def test_it_never_falls_and_ends_at_the_optimum(seed: int) -> None:
    document = random_portfolio(seed, most_bets=6)
    try:
        points = frontier(parse_snapshot(document))
    except NoSolutionError:
        return
    optimum = output_of(document)
    for lower, higher in pairwise(points):
        assert higher.breach <= lower.breach
        assert higher.breach < lower.breach or higher.objective >= lower.objective
    for point in points:
        assert point.turnover <= point.cap * document["envelope"] + 0.02
    working = sum(bet["working"] for bet in document["bets"])
    if working <= document["envelope"]:
        room = worth_of_cents(document) + 1e-5 * abs(points[-1].objective)
        assert points[-1].objective == pytest.approx(optimum["objective"]["proposed"], abs=room)


def test_each_point_is_the_optimum_under_a_turnover_guardrail() -> None:
    """Each unit moved from the poor bet (12 a unit) to the rich one (30 a unit) gains 18."""
    document = portfolio(
        earning("poor", 12.0, working=60.0), earning("rich", 30.0, working=40.0), envelope=100.0
    )
    points = {point.cap: point for point in frontier(parse_snapshot(document))}
    assert points[0.0].gain == 0.0
    assert points[0.1].gain == pytest.approx(180.0)
    assert points[0.1].turnover == 10.0
    assert points[0.54].gain == pytest.approx(54 * 18)
    assert points[1.0].gain == points[0.6].gain == pytest.approx(60 * 18)


def test_without_turnover_the_reserve_is_still_put_to_use() -> None:
    points = frontier(parse_snapshot(portfolio(earning("rich", 30.0), envelope=50.0)))
    assert points[0].turnover == 0.0
    assert points[0].gain == pytest.approx(50 * 18)


def test_without_an_envelope_there_is_none() -> None:
    assert frontier(parse_snapshot(portfolio(earning("a", 30.0), envelope=0.0))) == ()
