"""Measurements of the leading indicator: pooled, then turned into one Bayes factor.

Each measurement is two figures that add up across measurements, so that a pool is two sums:

    proportion   (successes, failures)
    mean         (precision n/sd², precision × (mean − threshold))

Scaling both by reliability × staleness is a power prior (Ibrahim and Chen, 2000): a measurement
scaled by one half counts as one of half its size.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

from evidence.belief.facts import (
    CUT_DECIBANS,
    BeliefInputError,
    MeanMeasurement,
    Measurement,
    Metric,
)

DECIBANS_PER_NAT = 10.0 / math.log(10.0)

Floats = NDArray[np.float64]

# The smallest tail that is told apart from 0. A tail below it puts the Bayes factor far beyond the
# cut for every threshold above 1e-100, which is what reading accepts; so nothing is lost by it.
SMALLEST_TAIL = 1e-300
MIRRORED_UP_TO = 1e5
"""Trials up to which rounding 1 − τ stays below 2e-11 in the logarithm of a tail."""


def additive_figures(measurement: Measurement, metric: Metric) -> tuple[float, float]:
    """Return the two figures of one measurement that add up in a pool (see the module).

    Raises BeliefInputError for a measurement of another kind than the metric's.
    """
    is_mean = isinstance(measurement, MeanMeasurement)
    if is_mean != (metric.kind == "mean"):
        raise BeliefInputError(
            f"item {measurement.id!r}",
            "kind",
            f"is a measurement of another kind than the metric; give one of a {metric.kind}",
        )
    if isinstance(measurement, MeanMeasurement):
        precision = measurement.n / (measurement.sd * measurement.sd)
        return precision, precision * (measurement.mean - metric.threshold)
    return float(measurement.successes), float(measurement.trials - measurement.successes)


def metric_for(measurement: Measurement, metric: Metric | None) -> Metric:
    """Return the metric that a measurement is pooled against; raises BeliefInputError for none."""
    if metric is None:
        raise BeliefInputError(
            f"item {measurement.id!r}", "kind", "is a measurement; give its hypothesis a metric"
        )
    return metric


def measurement_decibans(metric: Metric, first: Floats, second: Floats) -> Floats:
    """Return 10·log10 of the Bayes factor for pools of one metric, cut at ±60.

    `first` and `second` are arrays of one length, one entry for each pool. A pool of nothing
    weighs nothing.
    """
    is_at_most = metric.direction == "<="
    return pooled_decibans(metric.kind, metric.threshold, is_at_most, first, second)


def pooled_decibans(
    kind: str,
    threshold: float | Floats,
    is_at_most: bool | NDArray[np.bool_],
    first: Floats,
    second: Floats,
) -> Floats:
    """Return the same for metrics of one kind: one threshold and direction, or one for each pool.

    `is_at_most` says that the direction is `<=`.
    """
    log_bayes_factor = (
        _log_bayes_factor_proportion(first, second, threshold)
        if kind == "proportion"
        else _log_bayes_factor_mean(first, second)
    )
    decibans = DECIBANS_PER_NAT * log_bayes_factor
    decibans = np.minimum(np.maximum(decibans, -CUT_DECIBANS), CUT_DECIBANS)
    decibans[(first == 0.0) & (second == 0.0)] = 0.0
    return np.where(is_at_most, -decibans, decibans)


def _log_bayes_factor_proportion(
    successes: Floats, failures: Floats, threshold: float | Floats
) -> Floats:
    """Return the log of [(1 − I)/(1 − τ)] ÷ [I/τ], with I = I_τ(successes + 1, failures + 1).

    Uniform on [τ, 1] against uniform on [0, τ]; within 1e-11 up to 1e9 trials and 1e-10 up to 1e11,
    measured against continued fractions of 50 digits.
    """
    below, above = _tails(successes + 1.0, failures + 1.0, threshold)
    log_below = np.log(np.maximum(below, SMALLEST_TAIL)) - np.log(threshold)
    log_above = np.log(np.maximum(above, SMALLEST_TAIL)) - np.log1p(-threshold)
    log_bayes_factor: Floats = log_above - log_below
    return log_bayes_factor


def _tails(a: Floats, b: Floats, threshold: float | Floats) -> tuple[Floats, Floats]:
    """Return I_τ(a, b) and 1 − I_τ(a, b), both to their own relative precision, for a, b ≥ 1.

    Computed is the tail on whose side the mean is not: the density is log-concave, so that one is
    at most 1 − 1/e (Grünbaum 1960), and 1 minus it loses nothing. The upper tail is the lower one
    of the mirrored distribution, ten times as fast as `betaincc`; but 1 − τ is rounded, which many
    trials would magnify.
    """
    threshold = np.broadcast_to(threshold, a.shape)
    is_lower = a >= threshold * (a + b)
    tail = special.betainc(
        np.where(is_lower, a, b),
        np.where(is_lower, b, a),
        np.where(is_lower, threshold, 1.0 - threshold),
    )
    many = ~is_lower & (a + b > MIRRORED_UP_TO)
    tail[many] = special.betaincc(a[many], b[many], threshold[many])
    return np.where(is_lower, tail, 1.0 - tail), np.where(is_lower, 1.0 - tail, tail)


def _log_bayes_factor_mean(precision: Floats, excess: Floats) -> Floats:
    """Return log Φ(z) − log Φ(−z) with z = (m̄ − τ)/SE.

    The pooled mean is weighted by precision and SE is 1/√(Σ precision), so z is the summed
    `excess` (precision × (mean − τ)) over √(Σ precision).
    """
    root = np.sqrt(precision)
    z = np.divide(excess, root, out=np.zeros_like(root), where=root > 0.0)
    log_bayes_factor: Floats = special.log_ndtr(z) - special.log_ndtr(-z)
    return log_bayes_factor


def sums_without_each(figures: Floats) -> Floats:
    """Return, for each entry, the sum of all the others, in one pass over the entries.

    Sums from the left and from the right are put together; nothing is subtracted from a total, so
    that one huge entry does not wipe out the precision of the small ones.
    """
    from_left = np.concatenate(([0.0], np.cumsum(figures[:-1])))
    from_right = np.concatenate((np.cumsum(figures[:0:-1])[::-1], [0.0]))
    return from_left + from_right
