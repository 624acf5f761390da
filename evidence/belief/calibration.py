"""How good forecasts were: scores, and beliefs held against how often they came true.

Pure. A forecast is a belief p, 0 to 1, in something that turned out to hold (y = 1) or not (0).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: A forecast of nothing but certainty that turns out wrong would score without end.
SUREST = 1e-4
BINS = 10
#: 95 % of a normal distribution lie within so many standard deviations.
Z = 1.959963984540054


@dataclass(frozen=True)
class Forecast:
    """What was believed, and whether it held."""

    belief: float
    held: bool


@dataclass(frozen=True)
class Scores:
    """Mean scores of some forecasts, and of always saying the share that held.

    ``brier`` is the mean of (p − y)², 0 for a seer, 0.25 for always saying one half (Brier 1950);
    ``log`` the mean of −ln of what was given to what happened (Good 1952), 0.69 for one half.
    ``skill`` is 1 − brier ÷ the Brier score of the base rate: above 0 is better than knowing
    nothing but how often such things hold; None where all ended alike.
    """

    count: int
    held: int
    brier: float
    log: float
    skill: float | None


@dataclass(frozen=True)
class Bin:
    """Forecasts between two beliefs: their mean, how many held, and the 95 % range of that share
    (Wilson 1927).
    """

    low: float
    high: float
    count: int
    held: int
    mean_belief: float
    share_held: float
    range_low: float
    range_high: float


def scores(forecasts: Sequence[Forecast]) -> Scores | None:
    """The scores of some forecasts; None of none."""
    if not forecasts:
        return None
    count, held = len(forecasts), sum(each.held for each in forecasts)
    brier = sum((each.belief - each.held) ** 2 for each in forecasts) / count
    log = sum(_surprise(each) for each in forecasts) / count
    base = held / count
    uncertain = base * (1 - base)
    return Scores(count, held, brier, log, 1 - brier / uncertain if uncertain > 0 else None)


def _surprise(forecast: Forecast) -> float:
    given = forecast.belief if forecast.held else 1 - forecast.belief
    return -math.log(min(max(given, SUREST), 1.0)) + 0.0


def reliability(forecasts: Iterable[Forecast], bins: int = BINS) -> list[Bin]:
    """The reliability diagram: equal ranges of belief, those without a forecast left out."""
    parted: list[list[Forecast]] = [[] for _ in range(bins)]
    for forecast in forecasts:
        parted[min(int(forecast.belief * bins), bins - 1)].append(forecast)
    return [
        _bin(place / bins, (place + 1) / bins, part) for place, part in enumerate(parted) if part
    ]


def _bin(low: float, high: float, part: Sequence[Forecast]) -> Bin:
    count, held = len(part), sum(each.held for each in part)
    range_low, range_high = share_range(held, count)
    mean = sum(each.belief for each in part) / count
    return Bin(low, high, count, held, mean, held / count, range_low, range_high)


def share_range(held: int, count: int) -> tuple[float, float]:
    """The 95 % range of a share, by Wilson's score."""
    share = held / count
    spread = Z * math.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    middle, scale = share + Z**2 / (2 * count), 1 + Z**2 / count
    # At 0 and 1 the share is the end of its range, but for the last bits of the roots.
    return max(0.0, min(share, (middle - spread) / scale)), min(
        1.0, max(share, (middle + spread) / scale)
    )
