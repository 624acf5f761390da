"""Which freed money is shown going where."""

from __future__ import annotations

import pytest

from allocation.engine.moves import Move, pair
from allocation.engine.snapshot import Bet


def bet(identifier: str, team: str | None = None, notice: float = 0.0) -> Bet:
    """A bet of which only id, team and notice matter here."""
    return Bet(
        identifier, 0.0, 0.5, 0.0, 1.0, notice_months=notice, teams={team: 1.0} if team else {}
    )


def test_money_stays_in_its_team_where_it_can() -> None:
    moves = pair(
        freed=[(bet("a", "s"), 10.0), (bet("b", "t"), 10.0)],
        added=[(bet("x", "t"), 10.0), (bet("y", "s"), 10.0)],
        lending=[],
    )

    assert moves == [Move("a", "y", 10.0, 0.0), Move("b", "x", 10.0, 0.0)]


def test_then_it_follows_the_lending_that_is_used() -> None:
    moves = pair(
        freed=[(bet("a", "s"), 10.0), (bet("b", "t"), 10.0)],
        added=[(bet("x", "u"), 10.0), (bet("y"), 10.0)],
        lending=[("t", "u")],
    )

    assert moves == [Move("a", "y", 10.0, 0.0), Move("b", "x", 10.0, 0.0)]


def test_money_that_is_there_sooner_is_used_first() -> None:
    moves = pair(
        freed=[(bet("a", notice=3.0), 10.0), (bet("b", notice=1.0), 10.0)],
        added=[(bet("x"), 15.0)],
        lending=[],
    )

    assert moves == [
        Move("a", None, 5.0, 3.0),
        Move("a", "x", 5.0, 3.0),
        Move("b", "x", 10.0, 1.0),
    ]


def test_the_reserve_gives_what_is_not_freed() -> None:
    moves = pair(freed=[(bet("a"), 4.0)], added=[(bet("x"), 10.0)], lending=[])

    assert moves == [Move("a", "x", 4.0, 0.0), Move(None, "x", 6.0, 0.0)]


def test_the_reserve_takes_what_is_not_used() -> None:
    assert pair(freed=[(bet("a"), 4.0)], added=[], lending=[]) == [Move("a", None, 4.0, 0.0)]


def test_nothing_freed_and_nothing_added_is_no_move() -> None:
    assert pair(freed=[(bet("a"), 0.0)], added=[], lending=[]) == []


def test_amounts_split_to_the_cent() -> None:
    moves = pair(
        freed=[(bet("a"), 0.1), (bet("b"), 0.2)],
        added=[(bet("x"), 0.15), (bet("y"), 0.15)],
        lending=[],
    )

    assert sum(move.amount for move in moves) == pytest.approx(0.3)
    assert [move.amount for move in moves] == [0.1, 0.05, 0.15]
