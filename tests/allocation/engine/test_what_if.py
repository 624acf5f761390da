"""Questions to a solved portfolio, against fresh solves of what is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.engine import Fungibility, NoSolutionError, Snapshot, WhatIf, parse_snapshot
from tests.allocation.engine.portfolios import earning, snapshot
from tests.allocation.engine.random_portfolios import random_portfolio
from tests.allocation.engine.test_against_reference import few


def with_bet(portfolio: Snapshot, place: int, **fields: Any) -> Snapshot:
    """The portfolio with one bet's fields changed."""
    bets = list(portfolio.bets)
    bets[place] = replace(bets[place], **fields)
    return replace(portfolio, bets=tuple(bets))


def questions(portfolio: Snapshot) -> list[Snapshot]:
    """One of each sort."""
    asked = [
        with_bet(portfolio, 0, belief=1.0),
        with_bet(portfolio, 0, belief=0.0),
        with_bet(portfolio, 0, notice_months=0.0, exit_cost=0.0, reclaimable=1.0),
        replace(portfolio, envelope=portfolio.envelope * 1.1),
        replace(portfolio, horizon_months=portfolio.horizon_months * 1.5),
    ]
    if portfolio.teams:
        hired = replace(portfolio.teams[0], capacity=portfolio.teams[0].capacity * 1.2)
        asked.append(replace(portfolio, teams=(hired, *portfolio.teams[1:])))
    return asked


def value(what_if: WhatIf, asked: Snapshot, whole: Any) -> float | None:
    try:
        return what_if.solve(asked, whole).objective
    except NoSolutionError:
        return None


@few
@given(st.integers(0, 10**9))
def test_the_quick_answers_frame_the_true_one(seed: int) -> None:
    """Without limits that are broken today, which come before value."""
    document = random_portfolio(seed) | {"guardrails": []}
    held = sum(bet["working"] + bet["entangled"] for bet in document["bets"])
    document |= {"envelope": held * 2 + 1, "reserve_floor": 0.0, "teams": [], "fungibility": []}
    for bet in document["bets"]:
        bet["teams"], bet["needs"] = {}, []
    portfolio = parse_snapshot(document)
    what_if = WhatIf(portfolio)

    for asked in questions(portfolio):
        held_as_is, anew, part = (value(what_if, asked, w) for w in ("held", "anew", "part"))
        assert anew is not None
        assert part is not None
        room = 1e-6 * max(abs(anew), portfolio.envelope)
        assert anew <= part + room
        assert held_as_is is None or held_as_is <= anew + room


@few
@given(st.integers(0, 10**9))
def test_the_true_answer_is_that_of_a_fresh_solve(seed: int) -> None:
    portfolio = parse_snapshot(random_portfolio(seed))
    what_if = WhatIf(portfolio)

    for asked in questions(portfolio):
        fresh, again = WhatIf(asked).standing, what_if.solve(asked)
        room = 1e-5 * max(abs(fresh.objective), portfolio.envelope)
        assert again.breach == pytest.approx(fresh.breach, abs=1e-6 * portfolio.envelope)
        assert again.objective == pytest.approx(fresh.objective, abs=room)


@few
@given(st.integers(0, 10**9))
def test_an_answer_does_not_hang_on_what_was_asked_before(seed: int) -> None:
    """To the last bit, nor does asking for what stands change it."""
    portfolio = parse_snapshot(random_portfolio(seed))
    what_if, other = WhatIf(portfolio), WhatIf(portfolio)
    asked = questions(portfolio)

    for whole in ("held", "part", "anew"):
        forward = [value(what_if, each, whole) for each in asked]
        backward = [value(other, each, whole) for each in reversed(asked)]
        assert forward == backward[::-1]


def test_training_a_pair_of_teams_is_a_question() -> None:
    """Ten of the other team's capacity at half their worth: five more for the bet."""
    portfolio = snapshot(
        earning("a", 30.0, teams={"t": 1.0}),
        teams=[{"id": "s", "capacity": 10.0}, {"id": "t", "capacity": 20.0}],
        fungibility=[{"from": "s", "to": "t", "efficiency": 0.0}],
    )
    what_if = WhatIf(portfolio)

    trained = what_if.solve(replace(portfolio, fungibility=(Fungibility("s", "t", 0.5),)), "held")

    assert what_if.standing.prices["team t"] == pytest.approx(18.0)
    assert trained.warm
    assert trained.objective - what_if.standing.objective == pytest.approx(18.0 * 5)


@pytest.mark.parametrize("whole", ["anew", "held", "part"])
def test_holding_a_bet_costs_what_its_change_is_worth(whole: Any) -> None:
    """Without the better bet, the money goes to the other."""
    portfolio = snapshot(earning("a", 30.0), earning("b", 20.0))
    what_if = WhatIf(portfolio)

    outcome = what_if.solve(portfolio, whole, holding=["a"])

    assert what_if.standing.objective - outcome.objective == pytest.approx(100 * 10)


def test_another_bet_is_another_program() -> None:
    portfolio = snapshot(earning("a", 30.0))
    what_if = WhatIf(portfolio)

    outcome = what_if.solve(snapshot(earning("a", 30.0), earning("b", 40.0)), "held")

    assert not outcome.warm
    assert outcome.whole == "anew"
    assert outcome.objective == pytest.approx(28.0 * 100)
