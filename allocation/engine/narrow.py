"""The LP that is left when most bets stand still: small, and quick to solve again.

With every bet in its group of points, a bet that stays is a constant. What is left has the same
optimum, and is solved again in a fraction of the time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from allocation.engine.book import Booleans, Floats, Integers
from allocation.engine.problem import Problem
from allocation.engine.program import Assembled
from allocation.engine.search import Best

NONE = -1


@dataclass(frozen=True)
class Narrow:
    """A program without the columns and rows that are settled."""

    program: Assembled
    place: Integers
    """For each column of the whole program where it stands in this one; NONE where it is gone."""


def narrowed(problem: Problem, best: Best, free: Booleans) -> Narrow:
    """The LP with groups as in `best`, in which only the bets in `free` may change.

    A free bet keeps the points of its group, and the one where it stays as it is, which its bounds
    rule out if the group is another.
    """
    program, decision = best.program, problem.decision
    points = decision.points
    allowed = np.minimum(decision.only(best.chosen), program.upper[decision.weight])
    lower, upper = program.lower.copy(), program.upper.copy()
    upper[decision.weight] = allowed
    kept = lower < upper
    kept[decision.weight[points.is_today]] = True
    still = ~free[points.of_bet]
    kept[decision.weight[still]] = False
    return _without(program, kept, lower, upper, best.point.values)


def _without(
    program: Assembled, kept: Booleans, lower: Floats, upper: Floats, values: Floats
) -> Narrow:
    """The program with the columns that are not kept at their value."""
    constant = np.where(kept, 0.0, values)
    fixed = program.matrix @ constant
    inner = program.matrix[:, np.flatnonzero(kept)]
    rows = np.flatnonzero(np.diff(inner.indptr) > 0)
    place = np.full(len(kept), NONE, dtype=np.int64)
    place[kept] = np.arange(int(kept.sum()))
    narrow = replace(
        program,
        gain=program.gain[kept],
        offset=program.offset + float(program.gain @ constant),
        lower=lower[kept],
        upper=upper[kept],
        whole=np.zeros(int(kept.sum()), dtype=np.bool_),
        money_columns=program.money_columns[kept],
        today=program.today[kept],
        matrix=inner[rows],
        row_lower=program.row_lower[rows] - fixed[rows],
        row_upper=program.row_upper[rows] - fixed[rows],
        money_rows=program.money_rows[rows],
        breaches=np.zeros(0, dtype=np.int64),
        limits={},
        measured=(),
    )
    return Narrow(narrow, place)
