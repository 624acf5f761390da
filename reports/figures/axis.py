"""Axes: beginnings of months along time, and lengths of time on a scale that grows by factors."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from math import log1p

TICK_WIDTH = 84.0
# Days, and how they are called.
LENGTHS = (
    (0, "today"),
    (1, "1 day"),
    (7, "1 week"),
    (30, "1 month"),
    (91, "3 months"),
    (365, "1 year"),
    (1096, "3 years"),
    (3652, "10 years"),
)


@dataclass(frozen=True)
class Tick:
    """A place on an axis and what stands there."""

    at: float
    label: str


def month_ticks(first: date, last: date, x: Callable[[date], float], width: float) -> list[Tick]:
    """Beginnings of months, or of years, as many as have room in a picture of this width."""
    months = (last.year - first.year) * 12 + last.month - first.month
    room = width / TICK_WIDTH
    step = next(size for size in (1, 2, 3, 6, 12, 24, 60, 120, 1200) if months / size <= room)
    ticks = []
    for number in range(months + 1):
        total = first.month - 1 + number
        day = date(first.year + total // 12, total % 12 + 1, 1)
        fits = day >= first and x(day) <= width - TICK_WIDTH / 2
        if fits and (day.month - 1 + day.year * 12) % step == 0:
            ticks.append(Tick(x(day), f"{day:%Y}" if step >= 12 else f"{day:%b %Y}"))
    return ticks


@dataclass(frozen=True)
class Lengths:
    """Lengths of time in days, from ``start`` for none to ``end`` for the longest.

    A day more counts for less the longer it has been: log(1 + days), since a week more or less is
    much in the Funnel's first days and nothing after a year.
    """

    longest: float
    start: float
    end: float

    def at(self, days: float) -> float:
        """The place of a length."""
        share = log1p(max(days, 0.0)) / log1p(max(self.longest, 1.0))
        return round(self.start + min(share, 1.0) * (self.end - self.start), 1)

    def ticks(self) -> list[Tick]:
        """The lengths that have a name, up to the longest."""
        return [Tick(self.at(days), label) for days, label in LENGTHS if days <= self.longest]


def whole_ticks(most: float, count: int = 4) -> list[int]:
    """Whole numbers from 0 up to ``most``, about ``count`` of them, in steps of 1, 2 or 5."""
    step = next(
        size * 10**power
        for power in range(16)
        for size in (1, 2, 5)
        if most / (size * 10**power) <= count
    )
    return list(range(0, int(most) + 1, step))
