"""Figures by week or month, summed by hand."""

from datetime import date, timedelta

from reports.figures.over_time import (
    BARS,
    LEFT,
    RIGHT,
    ROW,
    Series,
    by_period,
    over_time,
    periods_between,
)


def test_a_short_time_is_parted_into_weeks_from_monday_and_a_long_one_into_months() -> None:
    thursday = date(2026, 3, 5)
    assert periods_between(thursday, date(2026, 3, 17)) == [
        date(2026, 3, 2),
        date(2026, 3, 9),
        date(2026, 3, 16),
    ]
    assert periods_between(date(2025, 11, 20), date(2026, 6, 1))[:3] == [
        date(2025, 11, 1),
        date(2025, 12, 1),
        date(2026, 1, 1),
    ]
    assert len(periods_between(thursday - timedelta(days=180), thursday)) <= 28


def test_each_figure_counts_in_the_period_of_its_day_and_none_from_before_the_first() -> None:
    weeks = [date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 16)]
    figures = [
        (date(2026, 3, 16), 4.0),
        (date(2026, 3, 8), 1.0),
        (date(2026, 3, 9), 2.0),
        (date(2026, 3, 4), 99.0),
    ]
    assert by_period(weeks, figures, first=date(2026, 3, 5)) == [1, 2, 4]


def test_the_largest_figure_fills_its_row_and_nothing_has_no_bar() -> None:
    weeks = [date(2026, 3, 2), date(2026, 3, 9)]
    series = [Series("Moves", [1, 4]), Series("Money", [0, 0], lambda rate: f"€{rate:.0f}")]
    figure = over_time("Decisions", weeks, date(2026, 3, 16), series, LEFT + RIGHT + 140)
    moves, money = figure.rows
    assert [(bar.x, bar.height) for bar in moves.bars] == [(LEFT, BARS / 4), (LEFT + 70, BARS)]
    assert (moves.bottom, money.bottom, money.bars) == (ROW, 2 * ROW, [])
    assert (moves.whole, money.whole) == ("5", "€0")
    assert moves.bars[0].title == "week of 2 Mar 2026: 1"
    assert figure.summary == "Moves 5, money €0."
    assert figure.table.as_rows()[1:] == [["2026-03-09", 4, 0], ["2026-03-02", 1, 0]]
