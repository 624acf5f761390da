"""The recomputation: takes the requests, reads one snapshot, asks the engine, publishes.

Storms collapse into one running and one waiting run. A worker tries the portfolio's lock and
leaves at once if it is taken; whoever holds it looks again **after** letting go, so that nothing
falls into the gap between the last look and the release.
"""

import logging
import time
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import SerializationFailure

from allocation import advisory_lock, overcommitted, requests
from allocation.engine import SnapshotError, parse_snapshot, solve
from allocation.leaving.keep_up import keep_up
from allocation.models import LatestRun, Proposal, RecomputeRequest
from allocation.propose import settle, withdraw
from allocation.snapshot import expected_value, snapshot_of
from bets.models import Portfolio
from spm import live

logger = logging.getLogger(__name__)

LOCK_SPACE = 0x5350  # keeps our advisory locks apart from anybody else's
MOST_TRIES = 5


def run_owed(portfolio_id: int) -> int:
    """Compute until nothing is owed, unless another worker is at it; returns how many runs."""
    runs = 0
    requests.answered(portfolio_id)
    while requests.owed(portfolio_id):
        with advisory_lock.tried(LOCK_SPACE, portfolio_id) as mine:
            if not mine:
                return runs
            runs += _run_once(portfolio_id)
    return runs


def keep_others_out(portfolio_id: int) -> None:
    """Wait for a run that is under way, and let none begin until this transaction has ended."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_SPACE, portfolio_id])


def _run_once(portfolio_id: int) -> int:
    """One run in one snapshot of the database; tried again if a decision came in between."""
    for _ in range(MOST_TRIES):
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                seen, _ = RecomputeRequest.objects.filter(portfolio_id=portfolio_id).delete()
                if seen:
                    recompute(portfolio_id)
            return 1
        except OperationalError as error:
            if not isinstance(error.__cause__, SerializationFailure):
                raise
    raise RuntimeError(f"Portfolio {portfolio_id}: {MOST_TRIES} runs in a row met a decision.")


@transaction.atomic
def recompute(portfolio_id: int, as_of: datetime | None = None) -> Proposal | None:
    """Solve the portfolio as it stands and bring its proposal up to date.

    Returns:
        The engine's open proposal afterwards, or None.
    """
    now = as_of or timezone.now()
    portfolio = Portfolio.objects.get(pk=portfolio_id)
    started = time.perf_counter()
    snapshot = snapshot_of(portfolio)
    keep_up(portfolio)
    try:
        parsed = parse_snapshot(snapshot)
        overcommitted.project(portfolio_id, overcommitted.overloads(parsed))
        solution = solve(parsed).as_dict()
    except SnapshotError as error:
        # Nothing is solved on guesses; what is wrong is shown until somebody puts it right.
        logger.warning("portfolio %s cannot be solved: %s", portfolio_id, error)
        withdraw(portfolio, now)
        _note(portfolio_id, now, started, problem=str(error))
        return None
    if solution["status"] == "infeasible":
        withdraw(portfolio, now)
        _note(portfolio_id, now, started, solution=solution, problem=solution["reason"])
        return None
    proposal, outcome = settle(portfolio, snapshot, solution, now, expected_value(parsed))
    _note(portfolio_id, now, started, solution=solution, outcome=outcome)
    return proposal


def _note(
    portfolio_id: int,
    now: datetime,
    started: float,
    *,
    solution: dict[str, Any] | None = None,
    outcome: str = "",
    problem: str = "",
) -> None:
    objective = solution["objective"] if solution else {"current": 0.0, "proposed": 0.0}
    LatestRun.objects.update_or_create(
        portfolio_id=portfolio_id,
        defaults={
            "finished_at": now,
            "seconds": time.perf_counter() - started,
            "objective_current": objective["current"],
            "objective_best": objective["proposed"],
            "outcome": outcome,
            "problem": problem,
            "limits": _limits(solution) if solution else {},
        },
    )
    live.say(portfolio_id, "allocation", "proposals", "limits")


def _limits(solution: dict[str, Any]) -> dict[str, Any]:
    """The guardrails and the envelope as they were found, before and after."""
    return {name: solution[name] for name in ("guardrails", "envelope")}
