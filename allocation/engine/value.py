"""What funding is worth: the expected value of a bet and how much of it a funding rate earns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

SWANSON_WEIGHTS = (0.3, 0.4, 0.3)
CONCAVITY_TOLERANCE = 1e-9

Points = tuple[tuple[float, float], ...]


def swanson_mean(p10: float, p50: float, p90: float) -> float:
    """The mean of a skewed quantity from three percentiles: 0.3·P10 + 0.4·P50 + 0.3·P90.

    Swanson's rule (Hurst, Brown and Swanson, AAPG Bulletin 84, 2000). Any unit.
    """
    low, middle, high = SWANSON_WEIGHTS
    return low * p10 + middle * p50 + high * p90


@dataclass(frozen=True)
class Percentiles:
    """Three percentiles of a bet's value if its thesis holds, rising; currency over the horizon."""

    p10: float
    p50: float
    p90: float

    @property
    def mean(self) -> float:
        """By Swanson's rule."""
        return swanson_mean(self.p10, self.p50, self.p90)


@dataclass(frozen=True)
class Response:
    """g: the share of a bet's value that a share of its full funding earns.

    Piecewise linear through (0, 0) and `points`, concave, non-decreasing, and flat after the last
    point. Both axes are shares without a unit; `points` starts with (0, 0).
    """

    points: Points

    @classmethod
    def through(cls, points: Sequence[tuple[float, float]]) -> Response:
        """The response through (0, 0) and `points`, which must be in order and concave.

        Raises ValueError with what is wrong and what would be right.
        """
        given = tuple((float(share), float(value)) for share, value in points)
        with_origin = given if given[:1] == ((0.0, 0.0),) else ((0.0, 0.0), *given)
        fault = _fault_of(with_origin)
        if fault:
            raise ValueError(fault)
        return cls(with_origin)

    @property
    def widths(self) -> NDArray[np.float64]:
        """Shares of full funding that each linear piece covers."""
        return np.diff([share for share, _ in self.points])

    @property
    def slopes(self) -> NDArray[np.float64]:
        """Share of value per share of full funding on each piece, never rising."""
        return np.diff([value for _, value in self.points]) / self.widths

    @property
    def last_share(self) -> float:
        """The share of full funding after which more money earns nothing more."""
        return self.points[-1][0]

    def at(self, share_of_full_funding: float) -> float:
        """g(share_of_full_funding), a share of the bet's value."""
        shares, values = zip(*self.points, strict=True)
        return float(np.interp(share_of_full_funding, shares, values))


DEFAULT_RESPONSE = Response(((0.0, 0.0), (0.4, 0.6), (0.8, 0.9), (1.2, 1.0)))


def _fault_of(points: Points) -> str | None:
    """Why `points` (with the origin) are no response, or None."""
    if len(points) < 2:
        return "has no point; give at least one [share, value] with a share above 0"
    shares = [share for share, _ in points]
    values = [value for _, value in points]
    if any(right <= left for left, right in pairwise(shares)):
        return "has shares that do not rise; give them in rising order, the first above 0"
    if any(right < left for left, right in pairwise(values)):
        return "has values that fall; more funding may not earn less"
    slopes = np.diff(values) / np.diff(shares)
    if np.any(np.diff(slopes) > CONCAVITY_TOLERANCE * max(1.0, float(slopes.max()))):
        return "is not concave from (0, 0) on; each piece must be no steeper than the one before"
    return None
