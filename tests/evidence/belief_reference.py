"""A second, slow and plain working-out of beliefs, to hold the product's against.

Written from engine.md section 1 alone: Bayes factors by numerical integration instead of special
functions, leaving out by leaving out, histories by starting anew at every moment.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from evidence.belief import (
    Bet,
    Hypothesis,
    Id,
    Item,
    Judgement,
    MeanMeasurement,
    ProportionMeasurement,
    Ratio,
    Retraction,
)

DECIBANS = {"weak": 2.5, "moderate": 5.0, "strong": 10.0, "decisive": 15.0}
Chain = Mapping[Id, Hypothesis]
Floats = NDArray[np.float64]
GAUSS_NODES, GAUSS_WEIGHTS = np.polynomial.legendre.leggauss(40)
MICROSECOND = timedelta(microseconds=1)


def counts(item: Item, evidence: tuple[Item, ...], as_of: datetime) -> bool:
    """Tell whether an item was seen by then and no retraction that counts names it."""
    if item.observed_at > as_of:
        return False
    return not any(
        isinstance(other, Retraction)
        and other.retracts == item.id
        and counts(other, evidence, as_of)
        for other in evidence
    )


def counted(evidence: tuple[Item, ...], as_of: datetime) -> list[Item]:
    """Return the items other than retractions that count."""
    return [
        item
        for item in evidence
        if not isinstance(item, Retraction) and counts(item, evidence, as_of)
    ]


def stale(item: Item, hypothesis: Hypothesis, as_of: datetime) -> float:
    """Return 2^(−age/half-life)."""
    if hypothesis.half_life_days is None:
        return 1.0
    age = (as_of - item.observed_at).total_seconds() / 86400
    return 0.5 ** (age / hypothesis.half_life_days)


def judgement_decibans(hypothesis: Hypothesis, as_of: datetime) -> float:
    """Return J, item by item."""
    judged = [
        item for item in counted(hypothesis.evidence, as_of) if isinstance(item, Judgement | Ratio)
    ]
    total = 0.0
    for item in judged:
        if isinstance(item, Judgement):
            weight = DECIBANS[item.strength] * (1 if item.direction == "for" else -1)
        else:
            weight = min(60.0, max(-60.0, 10 * math.log10(item.likelihood_ratio)))
        n = sum(1 for other in judged if other.source == item.source)
        total += weight * item.reliability * stale(item, hypothesis, as_of) / math.sqrt(n)
    return total


def measurement_decibans(hypothesis: Hypothesis, as_of: datetime) -> float:
    """Return M, by integrating the pooled likelihood on both sides of the threshold."""
    found = [
        (item, item.reliability * stale(item, hypothesis, as_of))
        for item in counted(hypothesis.evidence, as_of)
    ]
    shares = [(item, scale) for item, scale in found if isinstance(item, ProportionMeasurement)]
    means = [(item, scale) for item, scale in found if isinstance(item, MeanMeasurement)]
    if hypothesis.metric is None or not (shares or means):
        return 0.0
    if shares:
        successes = sum(item.successes * scale for item, scale in shares)
        failures = sum((item.trials - item.successes) * scale for item, scale in shares)
        factor = proportion_bayes_factor(successes, failures, hypothesis.metric.threshold)
    else:
        precisions = [scale * item.n / item.sd**2 for item, scale in means]
        pooled = sum(p * item.mean for p, (item, _) in zip(precisions, means, strict=True))
        average, error = pooled / sum(precisions), sum(precisions) ** -0.5
        factor = mean_bayes_factor(average, error, hypothesis.metric.threshold)
    decibans = 10 * math.log10(min(max(factor, 1e-6), 1e6))
    return -decibans if hypothesis.metric.direction == "<=" else decibans


def proportion_bayes_factor(successes: float, failures: float, threshold: float) -> float:
    """Return the mean likelihood above the threshold over the mean likelihood below it.

    Integrated over the log odds of the share, where the likelihood times dp is one smooth hill.
    """
    alpha, beta = successes + 1, failures + 1
    peak, width = math.log(alpha / beta), math.sqrt(1 / alpha + 1 / beta)

    def log_hill(log_odds: Floats) -> Floats:
        return -alpha * np.logaddexp(0, -log_odds) - beta * np.logaddexp(0, log_odds)

    def hill(log_odds: Floats) -> Floats:
        return np.exp(log_hill(log_odds) - log_hill(np.array(peak)))

    above, below = _areas(hill, math.log(threshold / (1 - threshold)), peak, width)
    return above / (1 - threshold) / (below / threshold) if below else math.inf


def mean_bayes_factor(average: float, error: float, threshold: float) -> float:
    """Return the area of the pooled mean's distribution above the threshold over that below."""

    def density(value: Floats) -> Floats:
        return np.exp(-0.5 * ((value - average) / error) ** 2)

    above, below = _areas(density, threshold, average, error)
    return above / below if below else math.inf


def _areas(
    hill: Callable[[Floats], Floats], at: float, peak: float, width: float
) -> tuple[float, float]:
    """Return the areas under a hill above and below a point, to 60 of its widths on each side."""
    above = _area(hill, at, max(peak, at) + 60 * width, width)
    return above, _area(hill, min(peak, at) - 60 * width, at, width)


def _area(hill: Callable[[Floats], Floats], start: float, end: float, width: float) -> float:
    """Return the area under a hill by Gauss and Legendre's rule, one width at a time."""
    pieces = math.ceil((end - start) / width)
    edges = np.linspace(start, end, pieces + 1)[:, np.newaxis]
    half = (edges[1:] - edges[:-1]) / 2
    return float(np.sum(half * GAUSS_WEIGHTS * hill(edges[:-1] + half * (1 + GAUSS_NODES))))


def belief(hypothesis: Hypothesis, as_of: datetime) -> float:
    """Return the belief in a hypothesis."""
    decibans = judgement_decibans(hypothesis, as_of) + measurement_decibans(hypothesis, as_of)
    odds = hypothesis.prior / (1 - hypothesis.prior) * 10 ** (decibans / 10)
    return odds / (1 + odds)


def without(hypothesis: Hypothesis, left_out: Item) -> Hypothesis:
    """Return the hypothesis as if one item had never been."""
    rest = tuple(item for item in hypothesis.evidence if item is not left_out)
    return replace(hypothesis, evidence=rest)


def is_broken(
    bet: Bet,
    hypotheses: Chain,
    as_of: datetime,
    standing: Callable[[Chain, datetime], tuple[float, bool]],
    looks_per_half_life: int,
) -> bool:
    """Replay a thesis on a fine grid; `standing(hypotheses, moment)` gives (belief, any kill)."""
    kept = {
        each.id: replace(each, evidence=tuple(counted(each.evidence, as_of)))
        for each in hypotheses.values()
    }
    moments = _moments(kept, as_of, looks_per_half_life)
    nothing = {each.id: replace(each, evidence=()) for each in kept.values()}
    broken = False
    start = standing(nothing, datetime.min.replace(tzinfo=as_of.tzinfo))
    for level, is_killed in [start, *(standing(kept, moment) for moment in moments)]:
        if broken:
            broken = is_killed or not level > bet.revive_above
        else:
            broken = is_killed or level < bet.stop_below
    return broken


def _moments(hypotheses: Chain, as_of: datetime, looks_per_half_life: int) -> list[datetime]:
    arrivals = sorted({item.observed_at for each in hypotheses.values() for item in each.evidence})
    deadlines = {
        criterion.deadline + MICROSECOND
        for each in hypotheses.values()
        for criterion in each.kill_criteria
        if criterion.deadline is not None
    }
    moments = {as_of, *deadlines, *arrivals}
    for last, until in zip(arrivals, [*arrivals, as_of][1:], strict=True):
        moments.add(until - MICROSECOND)
        half_lives = {each.half_life_days for each in hypotheses.values()}
        for half_life in half_lives - {None}:
            assert half_life is not None
            step = timedelta(days=half_life / looks_per_half_life)
            steps = min(int((until - last) / step), 40 * looks_per_half_life)
            moments |= {last + k * step for k in range(1, steps + 1)}
    return sorted(moment for moment in moments if moment <= as_of)
