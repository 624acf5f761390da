"""The LP that is left when the whole columns are fixed and most bets stand still: small and quick.

With the whole columns fixed, the rows that tie a bet's amounts to them are bounds, and the columns
of bets that do not change are constants. What is left has the same optimum, and is solved again in
a fraction of the time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from allocation.engine.book import Booleans, Floats, Integers
from allocation.engine.decision import NONE
from allocation.engine.problem import Problem
from allocation.engine.program import Assembled
from allocation.engine.search import Best


@dataclass(frozen=True)
class Narrow:
    """A program without the columns and rows that are settled."""

    program: Assembled
    place: Integers
    """For each column of the whole program where it stands in this one; NONE where it is gone."""


def narrowed(problem: Problem, best: Best, free: Booleans) -> Narrow:
    """The LP with whole columns as in `best`, in which only the bets in `free` may change.

    The four decisions of a free bet stay as columns, so that they can be bounded otherwise.
    """
    lower, upper = _bounds(problem, best, free)
    decision = problem.decision
    kept = lower < upper
    for columns in (decision.added, decision.withdrawn, decision.funded, decision.changed):
        own = columns[free]
        kept[own[own != NONE]] = True
    return _without(best.program, kept, lower, upper)


def _bounds(problem: Problem, best: Best, free: Booleans) -> tuple[Floats, Floats]:
    """Bounds of all columns: what the choice rows say once the whole columns are fixed."""
    program, decision, book = best.program, problem.decision, problem.book
    lower, upper = program.lower.copy(), program.upper.copy()
    values = np.where(program.whole, np.round(best.point.values), best.point.values)
    settled = program.whole.copy()
    still = ~free
    flagged = decision.changed != NONE
    still[flagged] |= values[decision.changed[flagged]] == 0
    for columns in (decision.added[still], decision.withdrawn[still]):
        settled[columns] = True
    settled[decision.piece[still[decision.pieces.bet]]] = True
    lower[settled] = upper[settled] = values[settled]
    asked = ~still & (decision.funded != NONE)
    funded = np.zeros(book.size, dtype=np.bool_)
    funded[asked] = values[decision.funded[asked]] > 0
    least = book.smallest_funding
    _narrow_to(lower, upper, decision.added, asked & ~funded, np.zeros(book.size))
    _narrow_to(lower, upper, decision.withdrawn, asked & ~funded, book.working)
    starts = asked & funded & (book.working == 0)
    lower[decision.added[starts]] = least[starts]
    stays = asked & funded & (book.working > 0)
    most = np.minimum(book.withdrawal_limit, book.working - least)
    upper[decision.withdrawn[stays]] = most[stays]
    return lower, upper


def _narrow_to(
    lower: Floats, upper: Floats, columns: Integers, bets: Booleans, values: Floats
) -> None:
    """Hold the columns of some bets at values."""
    lower[columns[bets]] = upper[columns[bets]] = values[bets]


def _without(program: Assembled, kept: Booleans, lower: Floats, upper: Floats) -> Narrow:
    """The program with the columns that are not kept at their value, and no choice rows."""
    gone = ~kept
    constant = np.where(gone, lower, 0.0)
    matrix = program.matrix[~program.choice_rows]
    fixed = matrix @ constant
    inner = matrix[:, np.flatnonzero(kept)]
    used = np.diff(inner.indptr) > 0
    rows = np.flatnonzero(~program.choice_rows)[used]
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
        matrix=inner[np.flatnonzero(used)],
        row_lower=program.row_lower[rows] - fixed[used],
        row_upper=program.row_upper[rows] - fixed[used],
        money_rows=program.money_rows[rows],
        choice_rows=np.zeros(len(rows), dtype=np.bool_),
        breaches=np.zeros(0, dtype=np.int64),
        limits={},
    )
    return Narrow(narrow, place)
