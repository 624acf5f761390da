"""Every kind of guardrail by hand: what it forbids, what it measures, what relaxing it is worth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from allocation.engine import Solution
from allocation.engine.book import Allocation
from allocation.engine.decision import Decision
from allocation.engine.guardrails import KINDS, Amount, enter_sum
from allocation.engine.measure import WORKING
from allocation.engine.program import Program
from allocation.engine.snapshot import Guardrail
from allocation.engine.solution import GuardrailResult
from tests.allocation.engine.portfolios import bet, earning, solved, working

GROW = {"theme": "grow", "stream": "north"}
RUN = {"theme": "run", "stream": "north"}


def bounded(*bets: dict[str, Any], **rail: Any) -> tuple[Solution, GuardrailResult]:
    """A solution with one guardrail, and what it says about that guardrail."""
    solution = solved(*bets, guardrails=[{"id": "rail", **rail}])
    return solution, solution.guardrails[0]


def test_a_share_caps_what_a_theme_holds_of_the_envelope() -> None:
    solution, rail = bounded(
        earning("a", 30.0, attributes=GROW),
        earning("b", 20.0, attributes=RUN),
        kind="share",
        scope={"theme": ["grow"]},
        max=0.3,
    )

    assert working(solution) == {"a": 30.0, "b": 70.0}
    assert (rail.value_before, rail.value, rail.headroom) == (0.0, 0.3, 0.0)
    assert rail.binding
    assert rail.shadow_price == pytest.approx(10.0)
    assert rail.shadow_price_per_point == pytest.approx(10.0)


def test_a_share_keeps_a_floor_under_a_theme() -> None:
    solution, rail = bounded(
        earning("a", 10.0, working=40.0, attributes=GROW),
        earning("b", 20.0, working=60.0, attributes=RUN),
        kind="share",
        scope={"theme": ["grow"]},
        min=0.25,
    )

    assert working(solution) == {"a": 25.0, "b": 75.0}
    assert rail.shadow_price == pytest.approx(10.0)


def test_a_scope_of_two_attributes_covers_bets_that_match_both() -> None:
    solution, _ = bounded(
        earning("a", 30.0, attributes=GROW),
        earning("b", 20.0, attributes={"theme": "grow", "stream": "south"}),
        kind="amount",
        scope={"theme": ["grow"], "stream": ["north", "west"]},
        max=10.0,
    )

    assert working(solution) == {"a": 10.0, "b": 90.0}


def test_an_amount_counts_entangled_money_too() -> None:
    solution, rail = bounded(earning("a", 30.0, entangled=10.0), kind="amount", max=50.0)

    assert working(solution) == {"a": 40.0}
    assert rail.value == 50.0
    assert rail.shadow_price == pytest.approx(18.0)
    assert rail.shadow_price_per_point is None


def test_no_bet_holds_more_than_its_share_of_the_envelope() -> None:
    solution, rail = bounded(
        earning("a", 30.0), earning("b", 20.0), earning("c", 15.0), kind="bet_share", max=0.4
    )

    assert working(solution) == {"a": 40.0, "b": 40.0, "c": 20.0}
    assert rail.value == 0.4
    assert rail.shadow_price == pytest.approx((30 - 15) + (20 - 15))


def test_turnover_limits_how_much_is_withdrawn() -> None:
    solution, rail = bounded(
        earning("a", 2.0, working=50.0),
        earning("b", 1.0, working=50.0),
        kind="turnover",
        max=0.2,
    )

    assert working(solution) == {"a": 50.0, "b": 30.0}
    assert rail.value == 0.2
    assert rail.shadow_price == pytest.approx(11.0)


def test_a_count_limits_how_many_bets_are_funded() -> None:
    bets = [earning(name, 30.0, full_funding=20.0) for name in "abc"]

    solution, rail = bounded(*bets, kind="count", max=2)

    assert working(solution) == {"a": 20.0, "b": 20.0, "c": 0.0}
    assert rail.binding
    assert rail.shadow_price is None


def test_a_count_asks_for_bets_that_would_not_be_funded_by_themselves() -> None:
    solution, rail = bounded(
        earning("a", 30.0), earning("b", 1.0, minimum=5.0), kind="count", min=2
    )

    assert working(solution) == {"a": 95.0, "b": 5.0}
    assert (rail.breach_before, rail.breach_after) == (2.0, 0.0)


def test_a_count_that_is_over_today_comes_back_before_value_counts() -> None:
    bets = [
        earning(name, worth, working=20.0, full_funding=20.0)
        for name, worth in (("a", 30.0), ("b", 20.0), ("c", 40.0))
    ]

    solution, rail = bounded(*bets, kind="count", max=2)

    assert working(solution) == {"a": 20.0, "b": 0.0, "c": 20.0}
    assert (rail.breach_before, rail.breach_after) == (1.0, 0.0)


def test_a_reserve_keeps_money_that_no_bet_holds() -> None:
    solution, rail = bounded(earning("a", 30.0), kind="reserve", min=25.0)

    assert working(solution) == {"a": 75.0}
    assert solution.reserve == rail.value == 25.0
    assert rail.shadow_price == pytest.approx(18.0)


def test_a_floor_is_met_even_where_the_money_earns_nothing() -> None:
    """A guardrail is a limit: beyond the response's end the bet is given money all the same."""
    solution, _ = bounded(earning("a", 30.0, full_funding=10.0), kind="amount", min=40.0)

    assert working(solution) == {"a": 40.0}


def test_a_broken_cap_on_single_bets_is_broken_by_no_more_bet_by_bet() -> None:
    solution, rail = bounded(
        earning("a", 30.0, working=60.0, withdrawable=0.0),
        earning("b", 90.0, working=20.0),
        kind="bet_share",
        max=0.3,
    )

    assert working(solution) == {"a": 60.0, "b": 30.0}
    assert (rail.breach_before, rail.breach_after) == (30.0, 30.0)


def test_an_envelope_of_nothing_has_no_shares_but_is_solved() -> None:
    solution = solved(
        bet("b"), envelope=0.0, guardrails=[{"id": "rail", "kind": "share", "max": 0.5}]
    )

    assert solution.status == "held"
    assert solution.guardrails[0].value is None


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_looser_guardrail_never_lowers_the_optimum(kind: str) -> None:
    bets = [
        earning("a", 30.0, working=30.0, minimum=10.0, attributes=GROW),
        earning("b", 20.0, working=50.0, reclaimable=0.8, attributes=RUN),
        earning("c", 40.0, minimum=15.0, attributes=GROW),
    ]
    unit = {"share": 1.0, "amount": 100.0, "count": 1.0}[KINDS[kind].unit]
    side = KINDS[kind].limits[-1] if kind != "reserve" else "min"
    limits = [0, 1, 2, 3] if kind == "count" else [unit * x / 10 for x in range(1, 10)]

    best = [
        (solution.breach.after, -solution.objective.proposed)
        for limit in (limits if side == "max" else reversed(limits))
        for solution in [solved(*bets, guardrails=[{"id": "g", "kind": kind, side: limit}])]
    ]

    assert best == sorted(best, reverse=True)
    assert best[0] != best[-1]


class FundedMoney(Amount):
    """A kind of one's own: working money alone, of all bets, at most so much."""

    limits: tuple[str, ...] = ("max",)
    scoped = False

    def enter(self, rail: Guardrail, program: Program, decision: Decision) -> None:
        enter_sum(self, rail, program, decision, WORKING, (-np.inf, rail.maximum or 0.0))

    def _held(self, rail: Guardrail, allocation: Allocation) -> float:
        return float(allocation.working.sum())


def test_a_new_kind_is_one_class_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsed, kept, rounded to cents, priced and explained, without a word about it elsewhere."""
    monkeypatch.setitem(KINDS, "funded_money", FundedMoney())

    solution = solved(
        earning("a", 30.0),
        bet("stuck", entangled=20.0),
        guardrails=[{"id": "own", "kind": "funded_money", "max": 33.335}],
    )

    assert working(solution)["a"] == pytest.approx(33.335, abs=0.006)
    [rail] = solution.guardrails
    assert rail.binding
    assert rail.shadow_price == pytest.approx(18.0)
