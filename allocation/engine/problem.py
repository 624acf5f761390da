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
from allocation.engine.snapshot import Bet, Snapshot
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

    def with_other_worth(self, known: Snapshot, changed: Snapshot) -> Problem | None:
        """The problem of `changed`, if against `known` nothing but worths of some bets differs.

        `known`: this problem's snapshot, its bets in any order. None if more differs: then the
        columns or limits could be others.
        """
        if replace(changed, bets=known.bets) != known or len(changed.bets) != len(known.bets):
            return None
        pairs = zip(known.bets, changed.bets, strict=True)
        others = [(before, after) for before, after in pairs if before is not after]
        if any(_but_for_worth(before) != _but_for_worth(after) for before, after in others):
            return None
        book = self.book.with_bets({after.id: after for _, after in others})
        decision = self.decision.with_book(book)
        gain = self.program.gain.copy()
        gain[decision.weight] = gains(decision)
        program = replace(self.program, gain=gain, offset=objective(decision.today))
        return Problem(book, decision, program)


def _but_for_worth(bet: Bet) -> Bet:
    """The bet without what is in the objective alone."""
    return replace(
        bet,
        belief=0.0,
        value_if_true=0.0,
        percentiles=None,
        hypotheses=(),
        notice_months=0.0,
        exit_cost=0.0,
        ramp_cost=0.0,
    )


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
