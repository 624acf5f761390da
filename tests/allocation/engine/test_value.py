"""What funding is worth."""

from __future__ import annotations

import pytest

from allocation.engine import DEFAULT_RESPONSE, Response, swanson_mean


def test_the_mean_of_three_percentiles_is_swansons() -> None:
    assert swanson_mean(10.0, 20.0, 60.0) == pytest.approx(0.3 * 10 + 0.4 * 20 + 0.3 * 60)


def test_funding_earns_along_the_line_between_two_points() -> None:
    assert DEFAULT_RESPONSE.at(0.2) == pytest.approx(0.3)
    assert DEFAULT_RESPONSE.at(0.6) == pytest.approx(0.75)


def test_funding_after_the_last_point_earns_nothing_more() -> None:
    assert DEFAULT_RESPONSE.at(1.2) == DEFAULT_RESPONSE.at(5.0) == 1.0


def test_a_response_may_name_the_origin_or_leave_it_out() -> None:
    assert Response.through([(0, 0), (1, 1)]) == Response.through([(1, 1)])


@pytest.mark.parametrize(
    ("points", "fault"),
    [
        ([], "no point"),
        ([(0.0, 0.0)], "no point"),
        ([(0.5, 0.2), (1.0, 1.0)], "not concave"),
        ([(0.5, 0.8), (1.0, 0.7)], "values that fall"),
        ([(0.5, 0.5), (0.5, 0.6)], "shares that do not rise"),
        ([(0.0, 0.5), (1.0, 1.0)], "shares that do not rise"),
        ([(1.0, -0.5)], "values that fall"),
    ],
)
def test_a_response_that_makes_no_sense_says_why(
    points: list[tuple[float, float]], fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        Response.through(points)
