"""The whole problem of one snapshot: its decisions, terms, constraints and guardrails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from allocation.engine.book import Book, Floats
from allocation.engine.constraints import (
    Constraint,
    Envelope,
    Needs,
    Teams,
    asked_if_funded,
)
from allocation.engine.decision import Decision
from allocation.engine.guardrails import Guardrails
from allocation.engine.program import Assembled, Limit, Program
from allocation.engine.snapshot import Snapshot
from allocation.engine.terms import objective, worth


@dataclass(frozen=True)
class Problem:
    """The program of a snapshot, and where each decision and limit stands in it."""

    book: Book
    decision: Decision
    program: Assembled

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot, everything in id order."""
        return self.book.snapshot

    @property
    def limits(self) -> dict[str, Limit]:
        """Every limit by its name."""
        return self.program.limits

    def holding(self, bets: Iterable[str]) -> Problem:
        """The problem in which these bets keep what they hold today."""
        held = np.isin(self.decision.points.of_bet, [self.book.index[bet] for bet in bets])
        if not held.any():
            return self
        upper = self.program.upper.copy()
        upper[self.decision.weight[held & ~self.decision.points.is_today]] = 0.0
        return replace(self, program=replace(self.program, upper=upper))


def build(snapshot: Snapshot) -> Problem:
    """Write the snapshot's problem down: maximise the terms within constraints and guardrails."""
    book = Book(snapshot.in_id_order())
    rails = Guardrails(book.snapshot.guardrails)
    program = Program()
    asked = asked_if_funded(book) | rails.asked_if_funded(book)
    decision = Decision.enter(program, book, asked, rails.floored(book))
    program.gains(decision.weight, gains(decision))
    program.gains_always(objective(decision.today))
    constraints: tuple[Constraint, ...] = (Envelope(), Teams(), Needs(), rails)
    for constraint in constraints:
        constraint.enter(program, decision)
    return Problem(book, decision, program.assemble())


def gains(decision: Decision) -> Floats:
    """What the objective gains over today at each point of each bet, currency over the horizon."""
    return worth(decision.points) - decision.points.own(worth(decision.today))
