"""Axes, worked out by hand."""

from datetime import date, timedelta
from math import log

import pytest

from reports.figures.axis import Lengths, Tick, month_ticks, whole_ticks


def test_a_length_stands_where_its_logarithm_does() -> None:
    scale = Lengths(longest=7, start=0, end=300)
    # log(1+1) : log(1+7) = 1 : 3, log(1+3) : log(1+7) = 2 : 3
    assert [scale.at(days) for days in (0, 1, 3, 7, 99)] == [0, 100, 200, 300, 300]
    assert scale.ticks() == [Tick(0, "today"), Tick(100, "1 day"), Tick(300, "1 week")]


def test_a_scale_may_run_upwards() -> None:
    assert Lengths(longest=7, start=300, end=0).at(1) == 200
    assert Lengths(longest=0, start=300, end=0).at(log(2)) < 300


@pytest.mark.parametrize(
    ("most", "ticks"),
    [(0, [0]), (3, [0, 1, 2, 3]), (9, [0, 5]), (100, [0, 50, 100]), (1200, [0, 500, 1000])],
)
def test_whole_numbers_stand_in_steps_of_one_two_or_five(most: float, ticks: list[int]) -> None:
    assert whole_ticks(most) == ticks


def test_months_have_ticks_as_many_as_have_room() -> None:
    first, last = date(2026, 1, 15), date(2026, 4, 15)

    def x(day: date) -> float:
        return (day - first) / timedelta(days=1)

    assert [tick.label for tick in month_ticks(first, last, x, 300)] == [
        "Feb 2026",
        "Mar 2026",
        "Apr 2026",
    ]
    years = month_ticks(first, date(2028, 12, 1), lambda day: x(day) / 4, 300)
    assert [tick.label for tick in years] == ["2027", "2028"]
