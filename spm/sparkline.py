"""Sparklines: a series of numbers as one line of the height of a row of text. No markup."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 72
HEIGHT = 20
MARGIN = 3

Series = Sequence[float | None]


@dataclass(frozen=True)
class Sparkline:
    """The lines of a series in a box of ``WIDTH`` by ``HEIGHT``, and where it ends.

    ``lines`` are the points of an SVG polyline each; a gap in the series parts two of them.
    ``threshold`` is the height of the threshold, or None.
    """

    lines: list[str]
    end: tuple[float, float] | None
    threshold: float | None


def sparkline(
    series: Series,
    low: float | None = None,
    high: float | None = None,
    threshold: float | None = None,
    stepped: bool = False,
) -> Sparkline:
    """Place a series from left to right between ``low`` and ``high``.

    Args:
        series: the values, evenly spaced in time; None where there is none.
        low: the value at the bottom edge; the least of the series if left out.
        high: the value at the top edge; the greatest of the series if left out.
        threshold: a value to draw a line at.
        stepped: whether a value holds until the next one, as a belief does.
    """
    known = [value for value in series if value is not None]
    if not known:
        return Sparkline([], None, None)
    bottom = min(known) if low is None else low
    top = max(known) if high is None else high

    def height_of(value: float) -> float:
        share = (value - bottom) / (top - bottom) if top > bottom else 0.5
        share = min(max(share, 0.0), 1.0)
        return round(HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN), 1)

    stride = (WIDTH - 2 * MARGIN) / max(len(series) - 1, 1)
    runs: list[list[tuple[float, float]]] = [[]]
    for place, value in enumerate(series):
        if value is None:
            runs.append([])
            continue
        here = (round(MARGIN + place * stride, 1), height_of(value))
        if stepped and runs[-1]:
            runs[-1].append((here[0], runs[-1][-1][1]))
        runs[-1].append(here)
    drawn = [run for run in runs if run]
    return Sparkline(
        [" ".join(f"{x:g},{y:g}" for x, y in run) for run in drawn],
        drawn[-1][-1],
        None if threshold is None else height_of(threshold),
    )
