"""The allocation engine: what beliefs say about where the money should be.

A pure function from a snapshot to a solution, over numpy and HiGHS: no Django, no database, no
clock but for `seconds`, nothing random. `python -m allocation.engine < snapshot.json` runs it.

Read it in this order: snapshot (what goes in), value, book (the same as arrays), measure (what is
limited), decision (what is decided), terms, constraints and guardrails (the formulas), problem (all
of them together), search (how it is solved), rounding, explain, solution (what comes out), what_if
(the same again with other numbers), study (levers, frontier, robustness and information, which ask
that), weigh (what a given allocation is worth), part (the best of what was proposed).
"""

from allocation.engine.part import Within, best_within
from allocation.engine.reading import SnapshotError, parse_snapshot, read_snapshot
from allocation.engine.snapshot import Bet, Fungibility, Guardrail, Snapshot, Team
from allocation.engine.solution import Solution
from allocation.engine.solve import solve
from allocation.engine.solver import NoSolutionError
from allocation.engine.study import PARTS, study
from allocation.engine.value import DEFAULT_RESPONSE, Response, swanson_mean
from allocation.engine.weigh import beyond_terms, weigh
from allocation.engine.what_if import Outcome, WhatIf

__all__ = [
    "DEFAULT_RESPONSE",
    "PARTS",
    "Bet",
    "Fungibility",
    "Guardrail",
    "NoSolutionError",
    "Outcome",
    "Response",
    "Snapshot",
    "SnapshotError",
    "Solution",
    "Team",
    "WhatIf",
    "Within",
    "best_within",
    "beyond_terms",
    "parse_snapshot",
    "read_snapshot",
    "solve",
    "study",
    "swanson_mean",
    "weigh",
]
