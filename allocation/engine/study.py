"""What is said beyond the solution, and costs more solves: levers, frontier, robustness, knowledge.

Each part is worked out only if it is asked for. The portfolio is solved once more for it, which
gives the same optimum, and then again for each question.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from allocation.engine.book import Allocation, Book
from allocation.engine.frontier import frontier
from allocation.engine.information import information_of
from allocation.engine.levers import levers_of
from allocation.engine.program import ROUNDING
from allocation.engine.questions import Pause, Questions, no_pause
from allocation.engine.robustness import robustness
from allocation.engine.snapshot import Snapshot
from allocation.engine.solution import digits
from allocation.engine.solver import NoSolutionError

PARTS = ("levers", "frontier", "robustness", "information", "gain_alone")
"""What there is to ask for."""

Positions = Mapping[str, float]


def study(
    snapshot: Snapshot, working: Positions, parts: Collection[str], pause: Pause = no_pause
) -> dict[str, Any]:
    """The parts that are asked for, as the output JSON has them.

    Args:
        snapshot: what was solved.
        working: the proposed working funding by bet, currency per month, as the solution has it.
        parts: names out of PARTS.
        pause: called before each solve; what it raises ends the study.

    Raises:
        NoSolutionError: the portfolio has no allocation that keeps its limits as today's does.
    """
    asked = _Study(snapshot, working, pause)
    return {part: getattr(asked, part)() for part in PARTS if part in parts}


@dataclass(frozen=True)
class _Study:
    """One portfolio under study."""

    snapshot: Snapshot
    working: Positions
    pause: Pause

    @cached_property
    def questions(self) -> Questions:
        return Questions(self.snapshot, self.pause)

    @cached_property
    def proposed(self) -> Allocation:
        """The proposed allocation, over the bets in id order."""
        book = Book(self.snapshot.in_id_order())
        working = np.array([self.working[bet.id] for bet in book.bets], dtype=np.float64)
        return Allocation.holding(book, working)

    def levers(self) -> list[dict[str, Any]]:
        return [lever.as_dict() for lever in levers_of(self.questions)]

    def frontier(self) -> list[dict[str, Any]]:
        return [point.as_dict() for point in frontier(self.snapshot, self.pause)]

    def robustness(self) -> dict[str, Any]:
        return robustness(self.proposed).as_dict()

    def information(self) -> list[dict[str, Any]]:
        return [learning.as_dict() for learning in information_of(self.questions)]

    def gain_alone(self) -> dict[str, float | None]:
        """For each bet that changes what is lost if it is held, everything else decided anew.

        None where limits that are broken today can then not be kept as well. Nothing at all in
        portfolios too large to decide everything anew: there the solution's own figures stand.
        """
        if not self.questions.is_exact:
            return {}
        book = self.proposed.book
        return {
            book.bets[place].id: self._lost_without(int(place))
            for place in np.flatnonzero(self.proposed.changed)
        }

    def _lost_without(self, place: int) -> float | None:
        """The objective lost if one bet is held at c_j; None if more is broken then."""
        held = self.proposed.book.bets[place].id
        try:
            worth = self.questions.worth(self.questions.snapshot, holding=[held])
        except NoSolutionError:
            return None
        return None if worth.mends < -ROUNDING else digits(max(-worth.gain, 0.0))
