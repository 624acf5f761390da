"""Measurements: pooled, turned into a Bayes factor, left out one at a time.

The figures of the accuracy tests were worked out with 50 digits: the incomplete beta function by
its continued fraction (DLMF 8.17.22), the normal distribution by its error function.
"""

import math
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.belief import BeliefInputError, Metric
from evidence.belief.measurements import (
    additive_figures,
    measurement_decibans,
    sums_without_each,
)
from tests.evidence.belief_factories import MEAN_OF_FIFTY, SHARE_OF_A_THIRD, mean, proportion
from tests.evidence.belief_reference import mean_bayes_factor, proportion_bayes_factor

PROPORTIONS = [
    # successes, failures, threshold, decibans
    (0, 0.5, 0.3, -2.1768447118973132661),
    (3, 7, 0.3, -2.4634578356672657689),
    (40, 60, 0.3, 14.480339946123076771),
    (0.001, 0.002, 0.5, -0.0060143496038812986728),
    (300000, 700000, 0.3, -3.6757349920075751447),
    (300900, 699100, 0.3, 12.272739314837857196),
    (298500, 701500, 0.3, -36.437012706116489133),
    (300003000.0, 699997000.0, 0.3, -2.2421248165956635267),
    (9, 99991, 0.0001, -40.732461793012078869),
    (12345.678, 0.25, 0.9999, 42.004347693825395309),
    (0, 5, 1e-09, -7.7815125146937983844),
    (1, 0, 0.999999999, 3.0102999588112843019),
    (999000.5, 1000.25, 0.999, 29.795130899930025868),
]
MEANS = [
    # standard errors above the threshold, decibans
    (1e-12, 6.9303372390496806775e-12),
    (0.5, 3.5046059698739175714),
    (1.0, 7.2451952853415247679),
    (3.0, 28.691123866155790105),
    (4.5, 54.688169294365986305),
    (-2.25, -19.074281286824866898),
]


def share_of(threshold: float, direction: Literal[">=", "<="] = ">=") -> Metric:
    return Metric(kind="proportion", threshold=threshold, direction=direction)


def weigh(metric: Metric, first: float, second: float) -> float:
    return float(measurement_decibans(metric, np.array([first]), np.array([second]))[0])


@pytest.mark.parametrize(("successes", "failures", "threshold", "decibans"), PROPORTIONS)
def test_a_proportion_weighs_what_50_digits_say(
    successes: float, failures: float, threshold: float, decibans: float
) -> None:
    weight = weigh(share_of(threshold), successes, failures)
    assert weight == pytest.approx(decibans, rel=1e-11, abs=1e-11)


@pytest.mark.parametrize(("z", "decibans"), MEANS)
def test_a_mean_weighs_what_50_digits_say(z: float, decibans: float) -> None:
    # a precision of 4 is a standard error of one half
    assert weigh(MEAN_OF_FIFTY, 4.0, 4.0 * (z / 2)) == pytest.approx(decibans, rel=1e-11)


def test_one_success_in_one_trial_against_one_half_is_three_to_one() -> None:
    # the likelihood p over [1/2, 1]: 3/8, over [0, 1/2]: 1/8; 10·log10(3) = 4.771
    assert weigh(share_of(0.5), 1, 0) == pytest.approx(10 * math.log10(3), abs=1e-13)


def test_no_successes_weigh_what_the_closed_form_says() -> None:
    # I_τ(1, n+1) = 1 − (1−τ)^(n+1); τ = 0.3, n = 2: I = 0.657; (0.343/0.7) ÷ (0.657/0.3) = 0.2237
    expected = 10 * math.log10((0.343 / 0.7) / (0.657 / 0.3))
    assert weigh(share_of(0.3), 0, 2) == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("figures", [(1000, 0), (0.7, 0.1), (10**12, 0), (0, 10**12)])
@pytest.mark.parametrize("threshold", [1e-100, 1e-50, 0.5, 1 - 2**-53])
def test_no_measurement_weighs_more_than_sixty_decibans(
    figures: tuple[float, float], threshold: float
) -> None:
    weight = weigh(share_of(threshold), *figures)
    assert -60.0 <= weight <= 60.0
    assert not math.isnan(weight)


def test_overwhelming_measurements_weigh_exactly_sixty_decibans() -> None:
    assert weigh(share_of(0.3), 10**6, 0) == 60.0
    assert weigh(share_of(0.3), 0, 10**6) == -60.0
    assert weigh(MEAN_OF_FIFTY, 1.0, 1000.0) == 60.0
    assert weigh(MEAN_OF_FIFTY, 1.0, -1000.0) == -60.0


def test_a_pool_of_nothing_weighs_nothing() -> None:
    assert weigh(share_of(0.37), 0.0, 0.0) == 0.0
    assert weigh(MEAN_OF_FIFTY, 0.0, 0.0) == 0.0


def test_an_indicator_that_should_be_low_weighs_the_opposite() -> None:
    assert weigh(share_of(0.3, "<="), 40, 60) == -weigh(share_of(0.3, ">="), 40, 60)


def test_many_pools_are_weighed_as_one_by_one() -> None:
    successes = np.array([0.0, 3.0, 40.0, 1e6])
    failures = np.array([0.0, 7.0, 60.0, 1.0])
    together = measurement_decibans(SHARE_OF_A_THIRD, successes, failures)
    alone = [weigh(SHARE_OF_A_THIRD, *pair) for pair in zip(successes, failures, strict=True)]
    assert together.tolist() == alone


@given(st.floats(0, 500), st.floats(0, 500), st.floats(0.01, 0.99))
def test_a_proportion_agrees_with_the_areas_under_its_likelihood(
    successes: float, failures: float, threshold: float
) -> None:
    factor = proportion_bayes_factor(successes, failures, threshold)
    expected = 10 * math.log10(min(max(factor, 1e-6), 1e6))
    assert weigh(share_of(threshold), successes, failures) == pytest.approx(expected, abs=1e-8)


@given(st.floats(-5, 5), st.floats(0.01, 1000))
def test_a_mean_agrees_with_the_areas_under_its_distribution(z: float, error: float) -> None:
    factor = mean_bayes_factor(50 + z * error, error, 50)
    expected = 10 * math.log10(min(max(factor, 1e-6), 1e6))
    weight = weigh(MEAN_OF_FIFTY, error**-2, z / error)
    assert weight == pytest.approx(expected, abs=1e-8)


def test_a_mean_is_as_precise_as_its_sample_is_large_and_its_spread_small() -> None:
    # 16 observations with a standard deviation of 8: standard error 2, precision 1/4; 3 above 50
    assert additive_figures(mean(53, sd=8, n=16), MEAN_OF_FIFTY) == (0.25, 0.75)


def test_a_measurement_of_another_kind_than_the_metric_is_refused() -> None:
    with pytest.raises(BeliefInputError, match="give one of a mean"):
        additive_figures(proportion(1, 2), MEAN_OF_FIFTY)


def test_leaving_one_out_of_a_sum_keeps_the_small_figures_beside_a_huge_one() -> None:
    assert sums_without_each(np.array([1.0, 1e18, 2.0])).tolist() == [1e18, 3.0, 1e18]


def test_leaving_the_only_one_out_leaves_nothing() -> None:
    assert sums_without_each(np.array([5.0])).tolist() == [0.0]
