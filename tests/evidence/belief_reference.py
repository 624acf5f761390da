"""A second, slow and plain working-out of beliefs, to hold the product's against.

Written from engine.md section 1 alone: Bayes factors by numerical integration instead of special
functions, leaving out by leaving out, histories by starting anew at every moment.
"""

import math
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from scipy.integrate import quad

from evidence.belief import (
    Bet,
    Hypothesis,
    Item,
    Judgement,
    MeanMeasurement,
    ProportionMeasurement,
    Ratio,
    Retraction,
)

DECIBANS = {"weak": 2.5, "moderate": 5.0, "strong": 10.0, "decisive": 15.0}
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
    measured = [
        (item, item.reliability * stale(item, hypothesis, as_of))
        for item in counted(hypothesis.evidence, as_of)
        if isinstance(item, ProportionMeasurement | MeanMeasurement)
    ]
    if not measured or hypothesis.metric is None:
        return 0.0
    if hypothesis.metric.kind == "proportion":
        successes = sum(item.successes * scale for item, scale in measured)
        failures = sum((item.trials - item.successes) * scale for item, scale in measured)
        factor = proportion_bayes_factor(successes, failures, hypothesis.metric.threshold)
    else:
        precisions = [scale * item.n / item.sd**2 for item, scale in measured]
        pooled = sum(p * item.mean for p, (item, _) in zip(precisions, measured, strict=True))
        average, error = pooled / sum(precisions), sum(precisions) ** -0.5
        factor = mean_bayes_factor(average, error, hypothesis.metric.threshold)
    decibans = 10 * math.log10(min(max(factor, 1e-6), 1e6))
    return -decibans if hypothesis.metric.direction == "<=" else decibans


def proportion_bayes_factor(successes: float, failures: float, threshold: float) -> float:
    """Return the mean likelihood above the threshold over the mean likelihood below it."""
    peak = successes / (successes + failures) if successes + failures else 0.5

    def log_likelihood(share: float) -> float:
        gain = successes * math.log(share) if successes else 0.0
        loss = failures * math.log1p(-share) if failures else 0.0
        return gain + loss

    inside = min(max(peak, 1e-300), 1 - 1e-16)
    top = log_likelihood(inside)
    width = math.sqrt(max(peak * (1 - peak), 1e-4) / (successes + failures + 1))
    above = _area(lambda share: math.exp(log_likelihood(share) - top), threshold, 1, peak, width)
    below = _area(lambda share: math.exp(log_likelihood(share) - top), 0, threshold, peak, width)
    return above / (1 - threshold) / (below / threshold) if below else math.inf


def mean_bayes_factor(average: float, error: float, threshold: float) -> float:
    """Return the area of the pooled mean's distribution above the threshold over that below."""

    def density(value: float) -> float:
        return math.exp(-0.5 * ((value - average) / error) ** 2)

    low, high = min(average, threshold), max(average, threshold)
    above = _area(density, threshold, high + 40 * error, average, error)
    below = _area(density, low - 40 * error, threshold, average, error)
    return above / below if below else math.inf


def _area(function, start: float, end: float, peak: float, width: float) -> float:
    """Integrate in pieces that are narrow where the function is high."""
    steps = [peak + sign * k * width for sign in (-1, 1) for k in (0, 1, 2, 4, 7, 11, 16, 25, 40)]
    inner = sorted(step for step in steps if start < step < end)
    cuts = [start, *inner, end]
    return math.fsum(
        quad(function, left, right, epsabs=0, epsrel=1e-12, limit=200)[0]
        for left, right in pairwise(cuts)
        if right > left
    )


def belief(hypothesis: Hypothesis, as_of: datetime) -> float:
    """Return the belief in a hypothesis."""
    decibans = judgement_decibans(hypothesis, as_of) + measurement_decibans(hypothesis, as_of)
    odds = hypothesis.prior / (1 - hypothesis.prior) * 10 ** (decibans / 10)
    return odds / (1 + odds)


def belief_without(hypothesis: Hypothesis, left_out: Item, as_of: datetime) -> float:
    """Return the belief had one item never been."""
    rest = tuple(item for item in hypothesis.evidence if item is not left_out)
    return belief(replace(hypothesis, evidence=rest), as_of)


def is_broken(
    bet: Bet, hypotheses: dict, as_of: datetime, standing, looks_per_half_life: int
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


def _moments(hypotheses: dict, as_of: datetime, looks_per_half_life: int) -> list[datetime]:
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
        for half_life in {each.half_life_days for each in hypotheses.values()} - {None}:
            step = timedelta(days=half_life / looks_per_half_life)
            steps = min(int((until - last) / step), 40 * looks_per_half_life)
            moments |= {last + k * step for k in range(1, steps + 1)}
    return sorted(moment for moment in moments if moment <= as_of)
