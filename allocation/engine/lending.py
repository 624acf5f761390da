"""Teams lending capacity to each other: the least overload, by the least lending."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocation.engine.book import Floats, Integers
from allocation.engine.program import ROUNDING, Program, Triplets
from allocation.engine.snapshot import Snapshot
from allocation.engine.solver import Solver


@dataclass(frozen=True)
class Pairs:
    """The pairs of teams, s ≠ t, as places in the list of teams.

    A pair of which φ_st = 0 never lends, but stands there for the question what training it is
    worth.
    """

    lender: Integers
    borrower: Integers
    efficiency: Floats

    @classmethod
    def of(cls, snapshot: Snapshot) -> Pairs:
        """All pairs of a snapshot, in id order."""
        place = {team.id: row for row, team in enumerate(snapshot.teams)}
        usable = [pair for pair in snapshot.fungibility if pair.source != pair.target]
        return cls(
            np.array([place[pair.source] for pair in usable], dtype=np.int64),
            np.array([place[pair.target] for pair in usable], dtype=np.int64),
            np.array([pair.efficiency for pair in usable]),
        )

    def taken(self, flows: Integers) -> Triplets:
        """What `flows` (a column for each pair) take from each team: 1 if lent, −φ if borrowed."""
        return (
            np.concatenate([self.lender, self.borrower]),
            np.concatenate([flows, flows]),
            np.concatenate([np.ones(len(flows)), -self.efficiency]),
        )


@dataclass(frozen=True)
class Lending:
    """Who lends how much to whom, and what each team is over its capacity all the same."""

    pairs: Pairs
    amount: Floats
    """y, currency per month of the lender's capacity, for each pair."""
    overload: Floats
    """Currency per month over capacity, for each team."""

    @property
    def total_overload(self) -> float:
        """Sum over the teams; what is within a rounding counts as nothing."""
        total = float(self.overload.sum())
        return total if total > ROUNDING else 0.0

    def lent(self, teams: int) -> Floats:
        """What each team gives away, in its own capacity."""
        given: Floats = np.zeros(teams)
        np.add.at(given, self.pairs.lender, self.amount)
        return given

    def borrowed(self, teams: int) -> Floats:
        """What each team gains, after the loss of efficiency."""
        received: Floats = np.zeros(teams)
        np.add.at(received, self.pairs.borrower, self.amount * self.pairs.efficiency)
        return received

    @classmethod
    def least(cls, snapshot: Snapshot, load: Floats, at_most: Floats | None = None) -> Lending:
        """The lending with the least total overload for `load`, and of those the least lending.

        `load`: currency per month for each team; `at_most`: what no team's overload may be above,
        a rounding apart. Raises NoSolutionError if that cannot be.
        """
        pairs = Pairs.of(snapshot)
        capacity = np.array([team.capacity for team in snapshot.teams])
        alone = np.maximum(load - capacity, 0.0)
        if not len(pairs.lender) or not alone.any():
            return cls(pairs, np.zeros(len(pairs.lender)), alone)
        program = Program()
        flows = program.columns(len(pairs.lender), upper=np.inf)
        ceiling = alone.sum() if at_most is None else np.maximum(at_most, 0.0) + ROUNDING
        over = program.columns(len(capacity), upper=ceiling, today=alone)
        every = np.arange(len(capacity))
        excess = (every, over, -np.ones(len(over)))
        program.rows(pairs.taken(flows), excess, upper=capacity - load)
        solver = Solver(program.assemble())
        solver.minimise(over)
        solver.stay_optimal()
        point = solver.minimise(flows)
        return cls(pairs, point.values[flows], np.maximum(point.values[over], 0.0))
