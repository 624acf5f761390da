"""Each constraint by hand: what it forbids, and what it does where today breaks it."""

from __future__ import annotations

import pytest

from tests.allocation.engine.portfolios import bet, earning, held, solved, working


def test_the_envelope_is_never_overspent() -> None:
    solution = solved(earning("a", 30.0), earning("b", 20.0))

    assert working(solution) == {"a": 100.0, "b": 0.0}
    assert solution.envelope.shadow_price == pytest.approx(20.0 - 12.0)


def test_the_reserve_floor_stays_out_of_reach() -> None:
    solution = solved(earning("a", 30.0), reserve_floor=15.0)

    assert working(solution) == {"a": 85.0}
    assert solution.reserve == 15.0


def test_money_that_becomes_entangled_goes_on_using_the_envelope() -> None:
    """Withdrawing all 100 frees 50 only."""
    solution = solved(earning("old", 1.0, working=100.0, reclaimable=0.5), earning("new", 60.0))

    assert working(solution) == {"old": 0.0, "new": 50.0}
    assert held(solution) == {"old": 50.0, "new": 50.0}


def test_an_overspent_envelope_is_brought_back_before_anything_is_gained() -> None:
    """Both bets earn, but 20 too much is spent: the one that earns less gives that up, and more."""
    solution = solved(earning("a", 30.0, working=60.0), earning("b", 20.0, working=60.0))

    assert working(solution) == {"a": 100.0, "b": 0.0}
    assert solution.breach.before == 20.0
    assert solution.breach.after == 0.0
    assert sum(working(solution).values()) == 100.0


def test_what_cannot_be_brought_back_gets_no_worse() -> None:
    """Entangled money alone is 20 over; nothing may be added, however much it would earn."""
    solution = solved(bet("stuck", entangled=120.0), earning("new", 90.0))

    assert solution.status == "held"
    assert solution.breach.before == solution.breach.after == 20.0


def test_less_breach_comes_before_more_value() -> None:
    """Bringing the envelope back costs value, and is done all the same."""
    solution = solved(earning("a", 90.0, working=110.0, full_funding=200.0))

    assert solution.do_nothing.gain < 0
    assert solution.status == "optimal"
    assert working(solution) == {"a": 100.0}


def test_no_more_is_withdrawn_than_liquidity_allows() -> None:
    solution = solved(earning("b", 1.0, working=40.0, withdrawable=0.25))

    assert working(solution) == {"b": 30.0}


def test_a_bet_holds_nothing_or_at_least_its_minimum() -> None:
    """The envelope leaves 20 for a bet that needs 30 to start, so it gets nothing."""
    solution = solved(
        earning("first", 30.0, full_funding=80.0), earning("late", 13.0, minimum=30.0)
    )

    assert working(solution) == {"first": 80.0, "late": 0.0}


def test_a_bet_below_its_minimum_today_may_stay_where_it_is() -> None:
    solution = solved(earning("small", 30.0, working=10.0, minimum=30.0, may_grow=False))

    assert solution.status == "held"


def test_a_bet_below_its_minimum_today_shrinks_to_nothing_or_not_at_all() -> None:
    """Ten of the twenty could go by liquidity, but then less than today's funding would be left."""
    solution = solved(earning("small", 1.0, working=20.0, minimum=30.0, withdrawable=0.5))

    assert solution.status == "held"


def test_a_bet_grows_up_to_its_maximum() -> None:
    assert working(solved(earning("b", 30.0, maximum=35.0))) == {"b": 35.0}


def test_a_maximum_below_todays_funding_forces_no_withdrawal_but_forbids_growth() -> None:
    solution = solved(earning("b", 30.0, working=50.0, maximum=35.0))

    assert solution.status == "held"
    assert solution.breach.before == 0.0


def test_a_minimum_above_the_maximum_keeps_a_bet_from_starting() -> None:
    assert solved(earning("b", 30.0, minimum=50.0, maximum=35.0)).status == "held"


def test_a_bet_that_may_not_grow_can_only_shrink() -> None:
    assert solved(earning("b", 30.0, working=10.0, may_grow=False)).status == "held"


def test_a_team_absorbs_no_more_than_its_capacity() -> None:
    solution = solved(earning("a", 30.0, teams={"t": 0.5}), teams=[{"id": "t", "capacity": 30.0}])

    assert working(solution) == {"a": 60.0}
    assert solution.teams[0].load_after == 30.0
    assert solution.teams[0].shadow_price == pytest.approx((30 - 12) / 0.5)


def test_entangled_money_goes_on_using_its_team() -> None:
    solution = solved(
        earning("a", 30.0, entangled=20.0, teams={"t": 1.0}),
        teams=[{"id": "t", "capacity": 50.0}],
    )

    assert working(solution) == {"a": 30.0}


def test_a_bet_without_teams_is_cash() -> None:
    solution = solved(earning("a", 30.0), teams=[{"id": "t", "capacity": 0.0}])

    assert working(solution) == {"a": 100.0}


def test_a_team_lends_what_it_does_not_need_at_the_loss_that_fungibility_says() -> None:
    """40 of its own and 20·0.5 borrowed."""
    solution = solved(
        earning("a", 30.0, teams={"t": 1.0}),
        teams=[{"id": "s", "capacity": 20.0}, {"id": "t", "capacity": 40.0}],
        fungibility=[{"from": "s", "to": "t", "efficiency": 0.5}],
    )

    assert working(solution) == {"a": 50.0}
    lender, borrower = solution.teams
    assert (lender.lent, lender.borrowed) == (20.0, 0.0)
    assert (borrower.lent, borrower.borrowed) == (0.0, 10.0)
    assert lender.shadow_price == pytest.approx(0.5 * (30 - 12))


def test_lending_goes_one_way_only() -> None:
    solution = solved(
        earning("a", 30.0, teams={"s": 1.0}),
        teams=[{"id": "s", "capacity": 20.0}, {"id": "t", "capacity": 40.0}],
        fungibility=[{"from": "s", "to": "t", "efficiency": 0.5}],
    )

    assert working(solution) == {"a": 20.0}


def test_a_team_is_over_capacity_only_by_what_no_lending_covers() -> None:
    """60 on a team of 40, 20·0.5 borrowed: 10 over, which is brought back first."""
    solution = solved(
        earning("a", 30.0, working=60.0, teams={"t": 1.0}),
        teams=[{"id": "s", "capacity": 20.0}, {"id": "t", "capacity": 40.0}],
        fungibility=[{"from": "s", "to": "t", "efficiency": 0.5}],
    )

    assert solution.teams[1].breach_before == 10.0
    assert solution.teams[1].breach_after == 0.0
    assert working(solution) == {"a": 50.0}


def test_an_overloaded_team_that_cannot_be_relieved_takes_on_nothing_more() -> None:
    solution = solved(
        earning("a", 30.0, working=60.0, withdrawable=0.0, teams={"t": 1.0}),
        earning("b", 90.0, teams={"t": 0.1}),
        teams=[{"id": "t", "capacity": 40.0}],
    )

    assert solution.status == "held"
    assert solution.teams[0].breach_after == 20.0


def test_a_bet_is_funded_only_with_the_bets_it_needs() -> None:
    """The base loses 10 a unit at its minimum of 20; the bet on top more than makes up for it."""
    worth_it = solved(earning("base", 2.0, minimum=20.0), earning("top", 30.0, needs=["base"]))
    not_worth_it = solved(earning("base", 2.0, minimum=20.0), earning("top", 14.0, needs=["base"]))

    assert working(worth_it) == {"base": 20.0, "top": 80.0}
    assert not_worth_it.status == "held"


def test_a_base_without_a_minimum_is_funded_with_a_trace() -> None:
    """Funded means a millionth of the envelope, and at least a cent."""
    solution = solved(earning("base", 2.0), earning("top", 30.0, needs=["base"]))

    assert working(solution)["base"] == 0.01
    assert working(solution)["top"] == pytest.approx(99.99)


def test_a_bet_that_lacks_what_it_needs_today_is_wound_down_or_given_it() -> None:
    """The base may not be funded, so the money that works without it goes first."""
    solution = solved(
        earning("base", 2.0, may_grow=False),
        earning("top", 30.0, working=40.0, withdrawable=0.75, needs=["base"]),
    )

    assert working(solution) == {"base": 0.0, "top": 10.0}
    [need] = solution.needs
    assert (need.bet, need.needs) == ("top", "base")
    assert (need.breach_before, need.breach_after) == (40.0, 10.0)


def test_no_bet_adds_and_withdraws_at_once_to_fill_a_scope_with_entangled_money() -> None:
    """The floor is out of reach: the bet grows to its maximum, and nothing becomes entangled."""
    solution = solved(
        earning("b", 1.0, working=40.0, reclaimable=0.5, maximum=45.0),
        guardrails=[{"id": "floor", "kind": "amount", "min": 60.0}],
    )

    assert solution.positions["b"].working == 45.0
    assert solution.positions["b"].entangled == 0.0
    assert solution.breach.after == 15.0
