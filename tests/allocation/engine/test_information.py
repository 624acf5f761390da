"""What knowing is worth: by hand, by brute force with another solver, and never negative."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.engine import NoSolutionError, parse_snapshot
from allocation.engine.information import information
from tests.allocation.engine.portfolios import HORIZON, bet, earning, portfolio
from tests.allocation.engine.random_portfolios import random_portfolio
from tests.allocation.engine.reference import solve_reference
from tests.allocation.engine.test_against_reference import few


def known(document: dict[str, Any]) -> dict[tuple[str, str | None], dict[str, Any]]:
    """What is worth knowing, by bet and hypothesis."""
    found = [learning.as_dict() for learning in information(parse_snapshot(document))]
    return {(learning["bet"], learning["hypothesis"]): learning for learning in found}


def with_hypotheses(document: dict[str, Any], seed: int) -> dict[str, Any]:
    """The same portfolio with one to three hypotheses to each bet."""
    dice = random.Random(seed)
    for one in document["bets"]:
        beliefs = [round(dice.uniform(0.2, 1.0), 3) for _ in range(dice.randint(1, 3))]
        one["hypotheses"] = [
            {"id": f"h{place}", "belief": belief} for place, belief in enumerate(beliefs)
        ]
        one["belief"] = math.prod(beliefs)
    return document


def optimum(document: dict[str, Any], place: int, belief: float) -> float:
    """The best there is with another belief in one bet, by the other solver."""
    bets = [dict(one) for one in document["bets"]]
    bets[place]["belief"] = belief
    return solve_reference({**document, "bets": bets}).objective


@few
@given(st.integers(0, 10**9))
def test_it_is_what_trying_both_answers_gives(seed: int) -> None:
    document = with_hypotheses(random_portfolio(seed, most_bets=4), seed)
    try:
        found = known(document)
    except NoSolutionError:
        return
    for place, one in enumerate(document["bets"]):
        p = one["belief"]
        today, false = optimum(document, place, p), optimum(document, place, 0.0)
        for hypothesis in one["hypotheses"]:
            b = hypothesis["belief"]
            if b == 1.0:
                continue
            true = optimum(document, place, min(p / b, 1.0))
            worth = b * true + (1 - b) * false - today
            size = max(abs(true), abs(false), abs(today), document["envelope"])
            learning = found[(one["id"], hypothesis["id"])]
            assert learning["exact"]
            assert learning["gain"] == pytest.approx(worth, abs=5e-6 * size)
            assert min(learning["gain"], learning["gain_if_true"], learning["gain_if_false"]) >= 0


def test_knowing_is_worth_what_would_be_done_otherwise() -> None:
    """100 a month earn 12 each where they are. In the new bet they would earn 20 each at even odds.

    It is funded today: 20 is more than 12 each. Half the time it fails, and whoever knows leaves
    the money where it earns 12: 0.5 × 100 × 12. If it holds nothing is done otherwise.
    """
    document = portfolio(
        earning("old", 12.0, working=100.0),
        bet("new", belief=0.5, value_if_true=4000.0, response=[[1.0, 1.0]]),
    )
    learning = known(document)[("new", None)]
    assert learning["gain_if_true"] == pytest.approx(0.0, abs=1e-3)
    assert learning["gain_if_false"] == pytest.approx(1200.0)
    assert learning["gain"] == pytest.approx(600.0)
    assert learning["gain_per_month_of_waiting"] == pytest.approx(600.0 / HORIZON)


def test_what_changes_no_decision_is_worth_nothing_however_uncertain() -> None:
    """A bet that is locked in, and one that is the best in any case."""
    document = portfolio(
        bet("locked", belief=0.5, value_if_true=1e6, working=10.0, withdrawable=0, may_grow=False),
        earning("rich", 90.0, full_funding=90.0, working=90.0) | {"belief": 0.9},
    )
    found = known(document)
    assert found[("locked", None)]["gain"] == 0.0
    assert found[("locked", None)]["exact"]


def test_of_what_is_certain_nothing_can_be_learnt() -> None:
    assert known(portfolio(earning("sure", 30.0), bet("hopeless", belief=0.0))) == {}


def test_a_chain_is_only_as_uncertain_as_the_link_that_is_asked_about() -> None:
    """The link that is nearly certain is worth less than the one that is a coin's toss."""
    chain = [{"id": "sure", "belief": 0.98}, {"id": "coin", "belief": 0.5}]
    document = portfolio(
        earning("old", 12.0, working=100.0),
        bet("new", belief=0.49, value_if_true=4000.0, response=[[1.0, 1.0]], hypotheses=chain),
    )
    found = known(document)
    assert found[("new", "coin")]["gain"] > 10 * found[("new", "sure")]["gain"] > 0


@few
@given(st.integers(0, 10**9))
def test_an_estimate_says_so_and_is_never_negative(seed: int) -> None:
    document = with_hypotheses(random_portfolio(seed, most_bets=6), seed)
    try:
        found = information(parse_snapshot(document), solved=0)
    except NoSolutionError:
        return
    assert all(not learning.exact and learning.gain >= 0 for learning in found)


def test_the_most_promising_are_solved_and_the_rest_estimated() -> None:
    dice = random.Random(1)
    bets = [
        bet(f"b{place}", belief=round(dice.uniform(0.1, 0.9), 3), value_if_true=4000.0)
        for place in range(6)
    ]
    found = information(parse_snapshot(portfolio(*bets)), solved=2)
    assert sum(learning.exact for learning in found) == 2
    assert {learning.gain_if_true is None for learning in found if not learning.exact} == {True}


def test_hypotheses_that_a_changed_belief_contradicts_are_left_aside() -> None:
    document = portfolio(
        earning("old", 12.0, working=100.0),
        bet("new", belief=0.9, value_if_true=4000.0, hypotheses=[{"id": "h", "belief": 0.3}]),
    )
    assert list(known(document)) == [("new", None)]
