"""What a change of the portfolio would be worth: one question after the other to the same optimum.

Up to EXACT_UP_TO yes-or-no decisions everything is decided anew for each question, and what a
change is worth is what a fresh solve would say. Above that the gap that a search is content with
could be larger than the change: there bets may be funded in part on both sides, which is quick,
has no gap, and is what changes are compared by; the answers say so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from allocation.engine.search import EXACT_UP_TO
from allocation.engine.snapshot import Snapshot
from allocation.engine.what_if import Outcome, WhatIf, Whole

NOISE = 1e-7
"""What two searches may differ by, as a share of the objective, although nothing has changed."""

Pause = Callable[[], None]
"""Called before each question; whoever has no time for the rest raises something there."""


def no_pause() -> None:
    """Go on."""


@dataclass(frozen=True)
class Worth:
    """What a change is worth."""

    gain: float
    """Currency over the horizon: the optimum with the change less the optimum without."""
    mends: float
    """How much less is broken in total, currency per month, a bet over a count as 1."""
    exact: bool
    """Whether everything was decided anew, and not with bets funded in part."""


class Questions:
    """A solved portfolio to which questions are put. Raises NoSolutionError, also when made."""

    def __init__(self, snapshot: Snapshot, pause: Pause = no_pause) -> None:
        self.pause = pause
        pause()
        self.what_if = WhatIf(snapshot)
        self.is_exact = int(self.what_if.problem.program.whole.sum()) <= EXACT_UP_TO
        whole: Whole = "anew" if self.is_exact else "part"
        self.whole = whole
        self.base: Outcome = (
            self.what_if.standing
            if self.is_exact
            else self.what_if.solve(self.what_if.problem.snapshot, whole)
        )

    @property
    def snapshot(self) -> Snapshot:
        """What is asked about, everything in id order."""
        return self.what_if.problem.snapshot

    def solve(self, changed: Snapshot, holding: Iterable[str] = ()) -> Outcome:
        """The best for a changed snapshot, `holding` some bets. Raises NoSolutionError."""
        self.pause()
        return self.what_if.solve(changed, self.whole, holding)

    def worth(self, changed: Snapshot, holding: Iterable[str] = ()) -> Worth:
        """What the change is worth, `holding` some bets as they are. Raises NoSolutionError."""
        outcome = self.solve(changed, holding)
        # A change that makes another program of it is solved whole: like is compared with like.
        base = self.base if outcome.whole == self.whole else self.what_if.standing
        gain = outcome.objective - base.objective
        if abs(gain) <= NOISE * max(abs(outcome.objective), abs(base.objective)):
            gain = 0.0
        return Worth(gain, base.breach - outcome.breach, self.is_exact)
