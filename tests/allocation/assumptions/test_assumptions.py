"""Changes of a snapshot: applied, undone, in any order, carried over, and refused."""

import copy
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.assumptions import (
    Change,
    ChangeError,
    apply,
    changes_from,
    changes_to_json,
    for_engine,
    moved_on,
    put,
    rebased,
    set_to,
    without,
)
from allocation.engine import parse_snapshot, solve
from tests.allocation.assumptions.snapshots import bet, change_of, said, snapshot

NEW_BET = {
    "title": "Night trains",
    "belief": 0.5,
    "value": {"p10": 1.0, "p50": 2.0, "p90": 3.0},
    "full_funding": 10_000.0,
    "maximum": None,
    "teams": {"2": 1.0},
}


@given(said())
def test_a_change_and_what_undoes_it_give_back_the_same_snapshot(each: Any) -> None:
    start, change = snapshot(), change_of(*each)
    assert put(put(start, change), change.undone) == start


@given(said())
def test_a_change_touches_nothing_that_others_hold(each: Any) -> None:
    start = snapshot()
    kept = copy.deepcopy(start)
    put(start, change_of(*each))
    assert start == kept


@given(st.lists(said(), max_size=8), st.randoms())
def test_changes_of_different_slots_give_the_same_in_any_order(said: Any, random: Any) -> None:
    changes = list(
        {(kind, target): change_of(kind, target, after) for kind, target, after in said}.values()
    )
    shuffled = list(changes)
    random.shuffle(shuffled)
    assert apply(snapshot(), shuffled) == apply(snapshot(), changes)


@given(st.lists(said(), max_size=8))
def test_what_is_written_down_is_read_back_the_same(said: Any) -> None:
    changes = [change_of(*each) for each in said]
    assert changes_from(changes_to_json(changes)) == changes


@given(st.lists(said(), max_size=8))
def test_whatever_is_taken_is_a_portfolio_that_the_engine_takes(said: Any) -> None:
    changes: list[Change] = []
    for kind, target, after in said:
        with suppress(ChangeError):
            changes = set_to(snapshot(), changes, kind, target, after)
    parse_snapshot(for_engine(apply(snapshot(), changes), 24))


def test_what_goes_back_to_the_original_is_no_change() -> None:
    once = set_to(snapshot(), [], "belief", "2", 0.4)
    assert [change.as_dict() for change in once] == [
        {"kind": "belief", "target": "2", "from": 0.1, "to": 0.4}
    ]
    again = set_to(snapshot(), once, "belief", "2", 0.5)
    assert (again[0].before, again[0].after) == (0.1, 0.5)
    assert set_to(snapshot(), again, "belief", "2", 0.1) == []


def test_what_is_said_of_an_added_bet_belongs_to_the_adding() -> None:
    changes = set_to(snapshot(), [], "bet", "new-1", NEW_BET)
    changes = set_to(snapshot(), changes, "belief", "new-1", 0.9)
    assert [change.slot for change in changes] == [("bet", "new-1")]
    added = apply(snapshot(), changes)["bets"][-1]
    assert (added["id"], added["belief"], added["working"]) == ("new-1", 0.9, 0.0)
    assert without(changes, "bet", "new-1") == []


@pytest.mark.parametrize(
    ("kind", "target", "to", "field"),
    [
        ("colour", "1", "red", "kind"),
        ("belief", "99", 0.5, "target"),
        ("belief", "1", 1.5, "to"),
        ("belief", "1", "0.5", "to"),
        ("belief", "1", True, "to"),
        ("belief", "1", float("nan"), "to"),
        ("envelope", "1", 5.0, "target"),
        ("envelope", "", 9_999.0, "to"),
        ("envelope", "", 10**400, "to"),
        ("reserve_floor", "", 200_001.0, "to"),
        ("horizon", "", 0, "to"),
        ("horizon", "", 1.5, "to"),
        ("minimum", "10", 60_001.0, "to"),
        ("maximum", "10", 4_999.0, "to"),
        ("value", "1", {"p10": 2.0, "p50": 1.0, "p90": 3.0}, "to"),
        ("value", "1", {"p10": 1.0, "p50": -1.0, "p90": 3.0}, "to.p50"),
        ("lending", "1>1", 0.5, "target"),
        ("lending", "1>9", 0.5, "target"),
        ("guardrail", "77", None, "target"),
        ("guardrail", "4", {"kind": "share", "scope": {}, "min": 0.5, "max": 0.2}, "to.min"),
        ("guardrail", "4", {"kind": "turnover", "scope": {}, "min": 0.5}, "to.min"),
        ("guardrail", "new-1", {"kind": "share", "scope": {}}, "to.max"),
        ("guardrail", "new-1", {"kind": "count", "scope": {}, "max": 1.5}, "to.max"),
        ("guardrail", "new-1", {"kind": "reserve", "scope": {"a": ["b"]}, "min": 1}, "to.scope"),
        ("bet", "17", NEW_BET, "target"),
        ("bet", "new-1", {**NEW_BET, "title": " "}, "to.title"),
        ("bet", "new-1", {**NEW_BET, "teams": {"9": 1.0}}, "to.teams"),
        ("bet", "new-1", {**NEW_BET, "full_funding": 0.0}, "to.full_funding"),
        ("bet", "new-1", {**NEW_BET, "colour": "red"}, "to.colour"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_refused_with_its_field(
    kind: str, target: str, to: Any, field: str
) -> None:
    with pytest.raises(ChangeError) as refusal:
        set_to(snapshot(), [], kind, target, to)
    assert refusal.value.field == field


def test_a_stopped_bet_gives_back_what_it_can() -> None:
    changes = set_to(snapshot(), [], "stop", "1", True)
    solution = solve(parse_snapshot(for_engine(apply(snapshot(), changes), 24))).as_dict()
    assert solution["positions"]["1"] == {"working": 0.0, "entangled": 8_000.0}
    assert solve(parse_snapshot(for_engine(snapshot(), 24))).positions["1"].working >= 40_000.0


def test_over_another_horizon_values_count_pro_rata() -> None:
    changes = set_to(snapshot(), [], "horizon", "", 12)
    asked = for_engine(apply(snapshot(), changes), 24)
    assert asked["horizon_months"] == 12
    assert asked["bets"][0]["value"]["p50"] == 1_000_000.0


def test_changes_are_carried_over_to_another_day() -> None:
    changes = set_to(snapshot(), [], "belief", "1", 0.2)
    changes = set_to(snapshot(), changes, "belief", "2", 0.4)
    changes = set_to(snapshot(), changes, "maximum", "10", 80_000.0)
    later = snapshot(bets=[bet("1", belief=0.5), bet("2", belief=0.4)])
    kept, left_out = rebased(changes, later)
    assert [(change.slot, change.before, change.after) for change in kept] == [
        (("belief", "1"), 0.5, 0.2)
    ]
    assert [change.slot for change in left_out] == [("belief", "2"), ("maximum", "10")]


def test_what_has_moved_on_is_named_beliefs_first() -> None:
    now = snapshot(
        envelope=250_000.0,
        bets=[bet("1", belief=0.55, working=30_000.0), bet("2", belief=0.1), bet("11")],
        guardrails=[],
    )
    assert [change.slot for change in moved_on(snapshot(), now)] == [
        ("belief", "1"),
        ("working", "1"),
        ("guardrail", "4"),
        ("came", "11"),
        ("went", "10"),
        ("envelope", ""),
    ]
    assert moved_on(snapshot(), snapshot()) == []
