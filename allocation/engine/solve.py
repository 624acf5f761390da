"""From a snapshot to a solution: build, search, round, compare with doing nothing, explain."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

from allocation.engine.alone import gains_alone
from allocation.engine.book import Allocation
from allocation.engine.explain import Explanation
from allocation.engine.problem import build
from allocation.engine.program import ROUNDING
from allocation.engine.rounding import to_cents
from allocation.engine.search import find_best
from allocation.engine.snapshot import Snapshot
from allocation.engine.solution import DoNothing, Objective, Seconds, Solution, digits
from allocation.engine.solver import NoSolutionError
from allocation.engine.terms import objective

LEAST_GAIN = 1e-9
"""A gain below this share of the objective is the solver's noise and no reason to move."""


@dataclass(frozen=True)
class _Clock:
    """When each part ended, in seconds of a clock that only runs forward."""

    began: float
    built: float
    solved: float

    def seconds(self) -> Seconds:
        """How long each part took, explaining having ended now."""
        return Seconds(
            build=round(self.built - self.began, 6),
            solve=round(self.solved - self.built, 6),
            explain=round(perf_counter() - self.solved, 6),
        )


def solve(snapshot: Snapshot, *, with_gains_alone: bool = True) -> Solution:
    """The best allocation of a snapshot's money, never one that is worse than doing nothing.

    Better is: less total breach of limits that today's allocation breaks, then a higher objective.
    The same snapshot, its lists in any order, gives the same solution but for `seconds`. Without
    `with_gains_alone` no change says what it is worth alone, which takes a solve for each.
    """
    began = perf_counter()
    problem = build(snapshot)
    built = perf_counter()
    today = Allocation.today(problem.book)
    try:
        best = find_best(problem)
    except NoSolutionError as fault:
        reason = f"the solver found no allocation that keeps the limits as today's does ({fault})"
        said = Explanation(problem, today, None)
        return _solution(said, {}, "infeasible", reason, _Clock(began, built, perf_counter()))
    said = Explanation(problem, to_cents(problem, best.point), best)
    if not _better(said):
        said = Explanation(problem, today, best)
    status = "optimal" if said.after.changed.any() else "held"
    clock = _Clock(began, built, perf_counter())
    alone = gains_alone(problem, best, said.after) if with_gains_alone else {}
    return _solution(said, alone, status, None, clock)


def _better(said: Explanation) -> bool:
    """Whether a proposal breaks less than today does, or breaks no more and is worth more."""
    before, after = said.breach.before, said.breach.after
    if abs(before - after) > ROUNDING:
        return after < before
    worth_today, worth = objective(said.before), objective(said.after)
    return worth - worth_today > LEAST_GAIN * max(abs(worth), abs(worth_today))


def _solution(
    said: Explanation,
    alone: dict[int, float | None],
    status: str,
    reason: str | None,
    clock: _Clock,
) -> Solution:
    """Everything there is to say about an allocation, as the output has it."""
    best, proposed = said.best, said.after
    moves = said.moves()
    current, worth = objective(said.before), objective(proposed)
    bound = max(best.bound, worth) if best is not None else worth
    gain = worth - current
    return Solution(
        status=status,
        reason=reason,
        objective=Objective(
            current=digits(current),
            proposed=digits(worth),
            bound=digits(bound),
            gap=_gap(bound, worth),
        ),
        positions=said.positions(),
        reserve=said.reserve(),
        changes=said.changes(moves, alone),
        moves=moves,
        guardrails=said.guardrails,
        teams=said.teams,
        needs=said.needs,
        envelope=said.envelope,
        breach=said.breach,
        do_nothing=DoNothing(
            objective=digits(current),
            gain=digits(gain),
            gain_per_month_of_waiting=digits(gain / said.snapshot.horizon_months),
        ),
        seconds=clock.seconds(),
    )


def _gap(bound: float, proposed: float) -> float:
    """How far the proposal is from the bound, as a share of the larger of the two in size."""
    size = max(abs(bound), abs(proposed))
    return round((bound - proposed) / size, 9) + 0.0 if size > 0 else 0.0
