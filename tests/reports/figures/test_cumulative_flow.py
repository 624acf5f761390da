"""How many bets stood where, counted by hand."""

import itertools
from datetime import date, timedelta

from reports.figures.cumulative_flow import (
    HEIGHT,
    LABELS,
    LEFT,
    LINE,
    TOP,
    Entered,
    counts_on,
    cumulative_flow,
    days_between,
)

STAGES = {"stopped": "Stopped", "testing": "Testing", "funnel": "Funnel"}


def day(number: int) -> date:
    return date(2026, 3, number)


# Bet 1 goes Funnel, Testing, Stopped; bet 2 waits in the Funnel; bet 3 comes last.
MOVES = [
    Entered(1, "funnel", day(1)),
    Entered(2, "funnel", day(1)),
    Entered(1, "testing", day(3)),
    Entered(1, "stopped", day(5)),
    Entered(3, "funnel", day(5)),
]


def test_a_bet_counts_where_it_stood_at_the_end_of_the_day() -> None:
    counts = counts_on([day(1), day(2), day(3), day(5)], MOVES, list(STAGES))
    assert counts == [
        {"stopped": 0, "testing": 0, "funnel": 2},
        {"stopped": 0, "testing": 0, "funnel": 2},
        {"stopped": 0, "testing": 1, "funnel": 1},
        {"stopped": 1, "testing": 0, "funnel": 2},
    ]


def test_what_happened_before_the_first_day_counts_from_the_first_day_on() -> None:
    assert counts_on([day(4)], MOVES, list(STAGES)) == [{"stopped": 0, "testing": 1, "funnel": 1}]


def test_two_moves_on_one_day_leave_the_bet_where_the_later_one_put_it() -> None:
    moves = [Entered(1, "funnel", day(1)), Entered(1, "testing", day(1))]
    assert counts_on([day(1)], moves, list(STAGES))[0] == {"stopped": 0, "testing": 1, "funnel": 0}


def test_bands_stand_upon_each_other_and_fill_the_picture_where_most_bets_are() -> None:
    figure = cumulative_flow(MOVES, STAGES, day(1), day(5), width=LEFT + LABELS + 400)
    assert [band.stage for band in figure.bands] == ["stopped", "testing", "funnel"]
    third = HEIGHT / 3
    top, stopped = TOP, round(TOP + 2 * third, 1)
    funnel = figure.bands[-1].path.split(" ")
    assert funnel[0] == f"M{LEFT},{round(TOP + third, 1)}"  # two of at most three bets
    assert f"L{LEFT + 400},{top}" in funnel
    assert f"L{LEFT + 400},{stopped}" in funnel
    assert [(label.text, label.count) for label in figure.labels] == [("Funnel", 2), ("Stopped", 1)]
    assert figure.summary == "Stopped has grown most: 0 bets then, 1 now."
    assert figure.table.as_rows()[1] == ["2026-03-05", 1, 0, 2]
    assert figure.table.as_rows()[-1] == ["2026-03-01", 0, 0, 2]


def test_names_that_would_run_into_each_other_are_pushed_apart_inside_the_picture() -> None:
    stages = {f"stage-{number}": f"Stage {number}" for number in range(8)}
    many = [Entered(number, "stage-0", day(1)) for number in range(500)]
    few = [Entered(1000 + number, f"stage-{number}", day(1)) for number in range(1, 8)]
    labels = cumulative_flow(many + few, stages, day(1), day(2)).labels
    places = [label.y for label in labels]
    assert [label.text for label in labels] == [f"Stage {number}" for number in range(7, -1, -1)]
    assert places[0] >= TOP
    assert all(low - high >= LINE for high, low in itertools.pairwise(places))


def test_a_long_time_is_told_by_at_most_so_many_days_with_both_ends() -> None:
    first, last = date(2020, 1, 1), date(2026, 1, 1)
    days = days_between(first, last, most=90)
    assert (days[0], days[-1]) == (first, last)
    assert len(days) <= 92
    assert days_between(day(1), day(4)) == [day(1), day(2), day(3), day(4)]


def test_on_the_first_day_words_say_where_the_bets_stand() -> None:
    entered = [Entered(1, "low", day(1)), Entered(2, "high", day(1)), Entered(3, "high", day(1))]
    stages = {"low": "Testing", "high": "Funnel"}
    figure = cumulative_flow(entered, stages, day(1), day(1))
    assert figure.instead.endswith("Now: 2 in Funnel, 1 in Testing.")
    assert cumulative_flow(entered, stages, day(1), day(2)).instead == ""


def test_nothing_makes_an_empty_picture() -> None:
    figure = cumulative_flow([], STAGES, day(1), day(1) + timedelta(days=1))
    assert (figure.bands, figure.labels) == ([], [])
    assert figure.summary == "No stage holds more bets than at the beginning."
