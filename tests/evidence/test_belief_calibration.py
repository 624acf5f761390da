"""Scores of forecasts, by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.belief.calibration import Forecast, reliability, scores, share_range

FORECASTS = st.lists(
    st.builds(Forecast, st.floats(0.0, 1.0), st.booleans()), min_size=1, max_size=60
)


def test_a_coin_scores_a_quarter_and_the_logarithm_of_two() -> None:
    found = scores([Forecast(0.5, True), Forecast(0.5, False)])
    assert found is not None
    assert (found.brier, found.skill) == (0.25, 0.0)
    assert found.log == pytest.approx(math.log(2))


def test_scores_worked_out_by_hand() -> None:
    found = scores([Forecast(0.9, True), Forecast(0.6, False), Forecast(0.2, False)])
    assert found is not None
    assert found.brier == pytest.approx((0.01 + 0.36 + 0.04) / 3)
    assert found.log == pytest.approx(-(math.log(0.9) + math.log(0.4) + math.log(0.8)) / 3)
    assert found.skill == pytest.approx(1 - found.brier / (1 / 3 * 2 / 3))


def test_certainty_that_turns_out_wrong_costs_much_and_not_everything() -> None:
    found = scores([Forecast(1.0, False)])
    assert found is not None
    assert found.log == pytest.approx(-math.log(1e-4))
    assert found.skill is None


def test_nothing_has_no_score() -> None:
    assert scores([]) is None
    assert reliability([]) == []


def test_forecasts_fall_into_ranges_of_belief() -> None:
    found = reliability([Forecast(0.05, False), Forecast(0.71, True), Forecast(0.79, False)])
    assert [(each.low, each.count, each.held) for each in found] == [(0.0, 1, 0), (0.7, 2, 1)]
    assert found[1].mean_belief == pytest.approx(0.75)
    assert found[1].share_held == 0.5


def test_the_range_of_a_share_is_wilsons() -> None:
    low, high = share_range(8, 10)
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)


@given(FORECASTS)
def test_every_forecast_is_in_one_range_and_scores_stay_inside(
    forecasts: list[Forecast],
) -> None:
    bins = reliability(forecasts)
    assert sum(each.count for each in bins) == len(forecasts)
    assert all(each.range_low <= each.share_held <= each.range_high for each in bins)
    found = scores(forecasts)
    assert found is not None
    assert 0 <= found.brier <= 1
    assert 0 <= found.log <= -math.log(1e-4)
