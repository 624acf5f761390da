"""The whole problem of one snapshot: its decisions, terms, constraints and guardrails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from allocation.engine.book import Book
from allocation.engine.constraints import (
    Changed,
    Constraint,
    Envelope,
    Minimum,
    Needs,
    Teams,
    asked_if_funded,
)
from allocation.engine.decision import NONE, Decision
from allocation.engine.guardrails import Guardrails
from allocation.engine.program import Assembled, Limit, Program
from allocation.engine.snapshot import Snapshot
from allocation.engine.terms import TERMS


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
        places = [self.book.index[bet] for bet in bets]
        if not places:
            return self
        decision = self.decision
        columns = np.concatenate(
            [
                column[places]
                for column in (
                    decision.added,
                    decision.withdrawn,
                    decision.funded,
                    decision.changed,
                )
            ]
        )
        held = np.unique(columns[columns != NONE])
        program = self.program
        lower, upper = program.lower.copy(), program.upper.copy()
        lower[held] = upper[held] = program.today[held]
        return replace(self, program=replace(program, lower=lower, upper=upper))


def build(snapshot: Snapshot) -> Problem:
    """Write the snapshot's problem down: maximise the terms within constraints and guardrails."""
    book = Book(snapshot.in_id_order())
    rails = Guardrails(book.snapshot.guardrails)
    program = Program()
    asked = asked_if_funded(book) | rails.asked_if_funded(book)
    decision = Decision.enter(program, book, asked, rails.floored(book))
    for term in TERMS:
        term.enter(program, decision)
    constraints: tuple[Constraint, ...] = (
        Envelope(),
        Teams(),
        Minimum(),
        Changed(),
        Needs(),
        rails,
    )
    for constraint in constraints:
        constraint.enter(program, decision)
    return Problem(book, decision, program.assemble())
