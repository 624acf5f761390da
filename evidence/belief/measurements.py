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


def measurement_decibans(metric: Metric, first: Floats, second: Floats) -> Floats:
    """Return 10·log10 of the Bayes factor for pools given by their two figures, cut at ±60.

    `first` and `second` are arrays of one length, one entry for each pool. A pool of nothing
    weighs nothing.
    """
    log_bayes_factor = (
        _log_bayes_factor_proportion(first, second, metric.threshold)
        if metric.kind == "proportion"
        else _log_bayes_factor_mean(first, second)
    )
    decibans = DECIBANS_PER_NAT * log_bayes_factor
    decibans = np.minimum(np.maximum(decibans, -CUT_DECIBANS), CUT_DECIBANS)
    decibans[(first == 0.0) & (second == 0.0)] = 0.0
    return -decibans if metric.direction == "<=" else decibans


def _log_bayes_factor_proportion(successes: Floats, failures: Floats, threshold: float) -> Floats:
    """Return the log of [(1 − I)/(1 − τ)] ÷ [I/τ], with I = I_τ(successes + 1, failures + 1).

    Uniform on [τ, 1] against uniform on [0, τ]. The tail that is small is computed as such, never
    as 1 minus the other, so that both logarithms keep their relative precision: within 1e-11 up to
    1e9 trials and 1e-10 up to 1e11, measured against continued fractions of 50 digits.
    """
    below = special.betainc(successes + 1.0, failures + 1.0, threshold)
    above = 1.0 - below
    upper = below > 0.5
    above[upper] = special.betaincc(successes[upper] + 1.0, failures[upper] + 1.0, threshold)
    log_below = np.log(np.maximum(below, SMALLEST_TAIL)) - math.log(threshold)
    log_above = np.log(np.maximum(above, SMALLEST_TAIL)) - math.log1p(-threshold)
    log_bayes_factor: Floats = log_above - log_below
    return log_bayes_factor


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
