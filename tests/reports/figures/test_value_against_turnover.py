"""Value against turnover: where scenarios and lines stand, and the words beside them."""

import pytest

from reports.figures.value_against_turnover import (
    NARROW,
    WIDE,
    Outcome,
    value_against_turnover,
)

OUTCOMES = [
    Outcome("As it is", 500_000.0, 6_750_000.0, "/scenarios/1"),
    Outcome("Smaller envelope", 416_000.0, -2_610_000.0, "/scenarios/2"),
]
LINE = [(0.0, 0.0), (250_000.0, 5_000_000.0), (500_000.0, 6_750_000.0)]


def test_a_scenario_stands_at_the_end_of_its_line() -> None:
    figure = value_against_turnover(OUTCOMES, [LINE], "EUR")
    mark = figure.marks[0]
    assert figure.lines[0].split()[-1] == f"{mark.x:.1f},{mark.y:.1f}"
    assert figure.lines[0].split()[0] == f"{figure.left:.1f},{figure.zero:.1f}"


def test_more_moved_is_further_right_and_more_gained_is_higher() -> None:
    first, second = value_against_turnover(OUTCOMES, [], "EUR").marks
    assert first.x > second.x
    assert first.y < second.y


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_everything_stands_within_the_picture(width: float) -> None:
    figure = value_against_turnover(OUTCOMES, [LINE], "EUR", width)
    for mark in figure.marks:
        assert figure.left <= mark.x <= figure.right
        assert 0 <= mark.y <= figure.bottom
        assert 0 <= mark.text_x <= width
    assert all(0 <= tick.at <= figure.height for tick in figure.up)


def test_words_of_scenarios_that_coincide_do_not_stand_on_each_other() -> None:
    twins = [Outcome(f"Twin {number}", 100.0, 100.0) for number in range(4)]
    heights = [mark.text_y for mark in value_against_turnover(twins, [], "EUR").marks]
    assert len(set(heights)) == 4


def test_four_scenarios_have_four_shapes() -> None:
    many = [Outcome(str(number), float(number), 1.0) for number in range(4)]
    marks = value_against_turnover(many, [], "EUR").marks
    assert len({mark.shape for mark in marks}) == 4
    assert all(mark.points for mark in marks[1:])


def test_the_table_has_each_scenario_and_each_point_of_the_line() -> None:
    rows = value_against_turnover(OUTCOMES, [LINE], "EUR").table.as_rows()
    assert rows[1] == ["As it is", 500_000.0, 6_750_000.0]
    assert len(rows) == 1 + len(OUTCOMES) + len(LINE)


def test_nothing_at_all_can_be_drawn() -> None:
    figure = value_against_turnover([], [], "EUR")
    assert figure.summary == "No scenario has an answer yet."
    still = value_against_turnover([Outcome("Still", 0.0, 0.0)], [], "EUR")
    assert still.marks[0].y == still.zero
