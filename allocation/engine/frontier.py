"""Value against turnover: how much of the gain is there for how much unrest.

    best(τ) = the optimum with Σ_j w_j ≤ τ·E besides everything else, for τ from 0 to 1

What is allowed under a small cap is allowed under a larger one, so the frontier never falls: first
in what is broken, then in value. Where τ·E is what the optimum withdraws, it has reached its end.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

from allocation.engine.book import Allocation
from allocation.engine.program import ROUNDING
from allocation.engine.questions import Pause, Questions, no_pause
from allocation.engine.snapshot import Guardrail, Snapshot
from allocation.engine.solution import cents, digits
from allocation.engine.solver import NoSolutionError
from allocation.engine.terms import objective
from allocation.engine.what_if import Outcome

COARSE = tuple(step / 10 for step in range(11))
"""Caps that are always asked about, as shares of the envelope."""
FINE = tuple(step / 10 for step in range(1, 11))
"""Caps between, as shares of what the optimum withdraws without any; the last is its end."""
CAP_DIGITS = 6
RAIL = "frontier: turnover"
"""The guardrail by which turnover is capped; no id of a portfolio's has this form."""


@dataclass(frozen=True)
class FrontierPoint:
    """The best there is under one cap on turnover."""

    cap: float
    """Share of the envelope that may be withdrawn at most."""
    turnover: float
    """Withdrawn, currency per month."""
    objective: float
    """Currency over the horizon."""
    gain: float
    """Over leaving everything as it is."""
    breach: float
    """What limits are still broken by, currency per month."""

    def as_dict(self) -> dict[str, Any]:
        """The JSON of one point."""
        return asdict(self)


def frontier(snapshot: Snapshot, pause: Pause = no_pause) -> tuple[FrontierPoint, ...]:
    """The points of the frontier, by cap; none without an envelope. Raises NoSolutionError."""
    if snapshot.envelope <= 0:
        return ()
    questions = Questions(_capped(snapshot, 1.0), pause)
    today = objective(Allocation.today(questions.what_if.problem.book))
    end = questions.base
    reached = _turnover(end) / snapshot.envelope
    caps = sorted({*COARSE, *(_cap(part * reached) for part in FINE)})
    points: list[FrontierPoint] = []
    best: Outcome | None = None
    for cap in caps:
        found = end if cap * snapshot.envelope >= _turnover(end) - ROUNDING else None
        best = _better(best, found or _solved(questions, _capped(snapshot, cap)))
        if best is not None:
            points.append(_point(cap, best, today))
    return tuple(points)


def _cap(share: float) -> float:
    """A cap that is not below a share by its last digit, and not above the whole envelope."""
    unit = 10**CAP_DIGITS
    return min(math.ceil(share * unit - 1e-6) / unit, 1.0)


def _capped(snapshot: Snapshot, cap: float) -> Snapshot:
    """The snapshot with at most this share of the envelope withdrawn in all."""
    rail = Guardrail(RAIL, "turnover", maximum=cap)
    return replace(snapshot, guardrails=(*snapshot.guardrails, rail))


def _solved(questions: Questions, capped: Snapshot) -> Outcome | None:
    try:
        return questions.solve(capped)
    except NoSolutionError:
        return None


def _better(known: Outcome | None, found: Outcome | None) -> Outcome | None:
    """The better of two: less breach, then more value; what was known stands among equals."""
    if known is None or found is None:
        return known or found
    if abs(known.breach - found.breach) > ROUNDING:
        return found if found.breach < known.breach else known
    return found if found.objective > known.objective else known


def _turnover(outcome: Outcome) -> float:
    return float(outcome.allocation.withdrawn.sum())


def _point(cap: float, outcome: Outcome, today: float) -> FrontierPoint:
    breach = outcome.breach
    return FrontierPoint(
        cap=cap,
        turnover=cents(_turnover(outcome)),
        objective=digits(outcome.objective),
        gain=digits(outcome.objective - today),
        breach=cents(breach) if breach > ROUNDING else 0.0,
    )
