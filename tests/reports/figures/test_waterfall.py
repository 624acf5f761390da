"""The waterfall: what comes out is what stays entangled and what goes in."""

import pytest

from reports.figures.waterfall import Amount, waterfall


def test_the_last_bar_ends_where_the_first_began() -> None:
    figure = waterfall(
        [Amount("A", 60.0), Amount("Reserve", 40.0)],
        [Amount("Entangled in A", 25.0)],
        [Amount("B", 75.0)],
        "EUR",
    )
    first, last = figure.steps[0], figure.steps[-1]
    assert last.x == pytest.approx(first.x)
    assert [step.kind for step in figure.steps] == ["out-of", "out-of", "entangled", "into"]
    assert figure.summary == "€100/mo comes out, €25/mo stays entangled, €75/mo goes in."


def test_what_is_nothing_has_no_bar() -> None:
    figure = waterfall([Amount("A", 10.0)], [Amount("Entangled in A", 0.0)], [], "EUR")
    assert [step.label for step in figure.steps] == ["A"]


def test_bars_stay_inside_the_picture_and_long_names_are_cut() -> None:
    figure = waterfall([Amount("A very long name " * 5, 10.0)], [], [Amount("B", 10.0)], "EUR", 358)
    assert all(step.x >= 0 and step.end <= 358 for step in figure.steps)
    assert figure.steps[0].label.endswith("…")
