"""Futures: cases by hand, the distributions that are drawn from, the same seed the same bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from allocation.engine import parse_snapshot, solve
from allocation.engine.book import Allocation, Book
from allocation.engine.robustness import outcomes, robustness, value_at
from allocation.engine.terms import objective
from tests.allocation.engine.portfolios import bet, earning, portfolio
from tests.allocation.engine.random_portfolios import random_portfolio


def allocation(document: dict[str, Any], **working: float) -> Allocation:
    """Today's allocation but for the bets that are named."""
    book = Book(parse_snapshot(document).in_id_order())
    rates = [working.get(each.id, each.working) for each in book.bets]
    return Allocation.holding(book, np.array(rates))


def test_where_nothing_is_uncertain_every_future_is_the_expected_one() -> None:
    document = portfolio(earning("a", 30.0, working=40.0, exit_cost=2.0), earning("b", 40.0))
    proposed = allocation(document, a=0.0, b=40.0)
    found = robustness(proposed, futures=100)
    gain = objective(proposed) - objective(Allocation.today(proposed.book))
    assert gain == pytest.approx(40 * 10 - 2 * 40)
    assert found.difference.mean == found.difference.p10 == found.difference.p90
    assert found.difference.mean == pytest.approx(gain)
    assert (found.probability_better, found.probability_worse) == (1.0, 0.0)


def test_a_bet_on_one_thesis_is_better_as_often_as_it_holds() -> None:
    """Money from the reserve into one bet that pays well above its cost if it holds."""
    document = portfolio(bet("a", belief=0.3, value_if_true=1e6))
    found = robustness(allocation(document, a=100.0))
    assert found.probability_better == pytest.approx(0.3, abs=4 * found.standard_error)
    assert found.probability_worse == pytest.approx(0.7, abs=4 * found.standard_error)
    assert found.difference.p10 == pytest.approx(-12 * 100.0)


def test_doing_nothing_is_never_better_than_doing_nothing() -> None:
    document = portfolio(bet("a", belief=0.3, value_if_true=1e6, working=20.0))
    found = robustness(allocation(document))
    assert found.probability_better == found.probability_worse == 0.0
    assert found.today == found.proposed


def test_values_are_drawn_from_a_lognormal_through_p10_and_p90() -> None:
    value = {"p10": 100.0, "p50": 200.0, "p90": 900.0}
    spread = parse_snapshot(portfolio(_valued(value))).bets[0]
    drawn = value_at(spread, np.random.default_rng(0).standard_normal(400_000))
    assert np.percentile(drawn, [10, 50, 90]) == pytest.approx([100.0, 300.0, 900.0], rel=0.01)
    assert drawn.min() > 0


def _valued(value: dict[str, float]) -> dict[str, Any]:
    one = bet("a", value=value)
    del one["value_if_true"]
    return one


def test_a_p10_below_zero_is_kept_by_a_normal_and_a_single_value_by_itself() -> None:
    value = {"p10": -100.0, "p50": 50.0, "p90": 300.0}
    spread = parse_snapshot(portfolio(_valued(value))).bets[0]
    drawn = value_at(spread, np.random.default_rng(0).standard_normal(400_000))
    assert np.percentile(drawn, [10, 90]) == pytest.approx([-100.0, 300.0], abs=3.0)
    single = parse_snapshot(portfolio(bet("a", value_if_true=7.0))).bets[0]
    assert set(value_at(single, np.array([-3.0, 3.0]))) == {7.0}


def test_the_mean_of_the_futures_is_what_the_means_say() -> None:
    """Theses and values are independent of each other: E = Σ p·E[V]·g − what is certain."""
    document = random_portfolio(11)
    for one in document["bets"]:
        one.pop("value", None)
        one["value_if_true"] = one.get("value_if_true", 1e6)
    solution = solve(parse_snapshot(document))
    proposed = allocation(document, **{b: p.working for b, p in solution.positions.items()})
    [worth] = outcomes((proposed,), 20_000, 3)
    error = 4 * worth.std() / np.sqrt(len(worth))
    assert worth.mean() == pytest.approx(objective(proposed), abs=error)


def test_another_belief_changes_the_draws_of_its_own_bet_alone() -> None:
    document = portfolio(
        bet("a", belief=0.3, value_if_true=1e6, working=20.0),
        bet("b", belief=0.5, value_if_true=1e6, working=20.0),
    )
    book = Book(parse_snapshot(document).in_id_order())
    bets = (replace(book.bets[0], belief=0.4), book.bets[1])
    other = Book(replace(book.snapshot, bets=bets))
    [before] = outcomes((Allocation.today(book),), 1000, 1)
    [after] = outcomes((Allocation.today(other),), 1000, 1)
    gained = after - before
    assert np.unique(np.round(gained, 3)) == pytest.approx([0.0, 1e6 * 0.3])
    assert (gained > 0).mean() == pytest.approx(0.1, abs=0.04)


def test_the_same_seed_gives_the_same_bytes_and_another_almost_the_same_answer() -> None:
    document = random_portfolio(3)
    solution = solve(parse_snapshot(document))
    proposed = allocation(document, **{b: p.working for b, p in solution.positions.items()})
    once, again = (json.dumps(robustness(proposed).as_dict()) for _ in range(2))
    assert once == again
    other = robustness(proposed, seed=7)
    better = robustness(proposed).probability_better
    assert other.probability_better == pytest.approx(better, abs=0.03)
