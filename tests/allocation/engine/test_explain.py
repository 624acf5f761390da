"""What is said about a proposal."""

from __future__ import annotations

import pytest

from tests.allocation.engine.portfolios import earning, solved, working


def test_a_withdrawal_says_what_is_freed_what_is_stuck_when_and_at_what_cost() -> None:
    solution = solved(
        earning("b", 1.0, working=40.0, reclaimable=0.75, notice_months=3.0, exit_cost=0.5)
    )

    [change] = solution.changes
    assert (change.source_rate, change.target_rate, change.nominal) == (40.0, 0.0, -40.0)
    assert (change.freed, change.entangled) == (30.0, 10.0)
    assert (change.notice_months, change.available_in_months) == (3.0, 3.0)
    assert change.exit_cost == 20.0
    assert change.gain_alone == pytest.approx(12 * 30 - 40 - 3 * 30 - 20)


def test_an_addition_is_there_when_the_last_of_its_money_is() -> None:
    solution = solved(
        earning("soon", 1.0, working=50.0, notice_months=1.0),
        earning("late", 1.0, working=50.0, notice_months=4.0),
        earning("new", 30.0, ramp_cost=0.1),
    )

    change = next(change for change in solution.changes if change.bet == "new")
    assert change.available_in_months == 4.0
    assert change.ramp_cost == 10.0
    assert (change.freed, change.entangled, change.notice_months) == (0.0, 0.0, 0.0)


def test_money_from_the_reserve_is_there_at_once() -> None:
    solution = solved(earning("new", 30.0))

    assert solution.moves[0].source is None
    assert solution.changes[0].available_in_months == 0.0


def test_a_change_that_limits_cannot_do_without_has_no_gain_of_its_own() -> None:
    """Held at 60, the bet would keep the envelope broken."""
    solution = solved(earning("b", 30.0, working=120.0, full_funding=200.0))

    assert solution.changes[0].gain_alone is None
    assert solution.breach.after == 0.0


def test_positions_that_do_not_change_are_given_back_to_the_last_digit() -> None:
    solution = solved(earning("b", 30.0, working=33.333333333, may_grow=False))

    assert solution.positions["b"].working == 33.333333333
    assert solution.reserve == 66.666667


def test_an_envelope_between_two_cents_is_not_overdrawn_by_rounding() -> None:
    solution = solved(earning("b", 30.0, full_funding=200.0), envelope=10.007)

    assert working(solution) == {"b": 10.0}


def test_a_maximum_and_what_may_be_withdrawn_hold_to_the_last_fraction_of_a_cent() -> None:
    solution = solved(
        earning("capped", 30.0, full_funding=200.0, maximum=20.006),
        earning("locked", 1.0, working=33.33, withdrawable=0.3),
    )

    assert working(solution) == {"capped": 20.0, "locked": 23.34}


def test_positions_that_change_are_in_cents_and_the_books_balance() -> None:
    solution = solved(
        earning("old", 1.0, working=33.33, reclaimable=1 / 3),
        earning("new", 30.0, full_funding=200.0),
    )

    old, new = solution.positions["old"], solution.positions["new"]
    assert (old.working, old.entangled) == (0.0, 22.22)
    assert new.working == 77.78
    assert solution.reserve == 0.0
    assert [(move.source, move.amount) for move in solution.moves] == [
        ("old", 11.11),
        (None, 66.67),
    ]


def test_a_limit_that_is_half_used_says_how_much_room_is_left() -> None:
    solution = solved(
        earning("b", 30.0, full_funding=40.0),
        guardrails=[{"id": "cap", "kind": "share", "min": 0.1, "max": 0.9}],
    )

    [rail] = solution.guardrails
    assert rail.headroom == pytest.approx(0.3)
    assert not rail.binding
    assert rail.shadow_price == 0.0


def test_teams_say_what_they_carry_before_and_after() -> None:
    solution = solved(
        earning("b", 30.0, working=20.0, full_funding=40.0, teams={"t": 0.5}),
        teams=[{"id": "t", "capacity": 30.0}],
    )

    [team] = solution.teams
    assert (team.load_before, team.load_after, team.capacity) == (10.0, 20.0, 30.0)
    assert team.shadow_price == 0.0
