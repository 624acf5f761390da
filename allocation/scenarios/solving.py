"""Solving scenarios: what is owed stands on the scenario's own row, the message is a bell.

A worker takes the scenario's lock, says that it is at work, solves outside of any transaction, and
writes the answer down if the scenario is still the one that it has solved; otherwise it solves
what has become of it. Then it looks at the answer under other futures and other turnovers, which
takes longer, and gives that up as soon as the scenario is changed. If it dies, the debt stands and
beat's sweep rings again.
"""

import logging
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from allocation import advisory_lock
from allocation.assumptions import apply, changes_from, for_engine
from allocation.engine import NoSolutionError, SnapshotError, parse_snapshot, solve, study
from allocation.models import Scenario
from spm import celery, live, valkey

logger = logging.getLogger(__name__)

TASK = "allocation.solve_scenario"
LOCK_SPACE = 0x5351
BELL_SECONDS = 5
STUDIED = ("robustness", "frontier")
MOST_STUDY_SECONDS = 60.0
OUR_FAULT = "The engine failed at this one. The fault is ours and has been noted."


def owe(scenario: Scenario) -> None:
    """Save the scenario with a solve owed, and ring once that has committed."""
    scenario.owed_since = timezone.now()
    scenario.problem = ""
    scenario.save()
    live.say(scenario.portfolio_id, f"scenario:{scenario.pk}", "scenarios")
    transaction.on_commit(lambda: ring(scenario.pk))


def ring(scenario_id: int) -> None:
    """Tell a worker, unless one has been told and has not begun."""
    if cache.add(_pending(scenario_id), 1, timeout=BELL_SECONDS):
        with suppress(valkey.Away), valkey.asked():
            celery.ring(TASK, scenario_id)


def _pending(scenario_id: int) -> str:
    return f"scenario-pending:{scenario_id}"


def run_owed(scenario_id: int) -> int:
    """Solve until nothing is owed, unless another worker is at it; returns how many times."""
    runs = 0
    cache.delete(_pending(scenario_id))
    while Scenario.objects.filter(pk=scenario_id, owed_since__isnull=False).exists():
        with advisory_lock.tried(LOCK_SPACE, scenario_id) as mine:
            if not mine:
                return runs
            _run_once(scenario_id)
            runs += 1
    return runs


def _run_once(scenario_id: int) -> None:
    scenario = _begun(scenario_id)
    if scenario is None:
        return
    if not scenario.is_settled:
        solution, problem = answer_to(scenario)
        if not _settle(scenario, solution, problem) or solution is None:
            return
        scenario.solution = solution
    _study(scenario)


def _begun(scenario_id: int) -> Scenario | None:
    """The scenario as it is to be solved, with everybody told that it is being solved."""
    owed = Scenario.objects.filter(pk=scenario_id, owed_since__isnull=False)
    with transaction.atomic():
        if not owed.update(solving_since=timezone.now()):
            return None
        scenario: Scenario = Scenario.objects.select_related("portfolio").get(pk=scenario_id)
        live.say(scenario.portfolio_id, f"scenario:{scenario.pk}", "scenarios")
    return scenario


def question_of(scenario: Scenario) -> dict[str, Any]:
    """What the engine is asked."""
    changed = apply(scenario.snapshot, changes_from(scenario.changes))
    return for_engine(changed, scenario.snapshot["horizon_months"])


def answer_to(scenario: Scenario) -> tuple[dict[str, Any] | None, str]:
    """The engine's solution, or None and what is wrong with the question."""
    try:
        solution = solve(parse_snapshot(question_of(scenario))).as_dict()
    except SnapshotError as error:
        return None, f"These assumptions do not go together: {_named(str(error), scenario)}"
    except Exception:
        logger.exception("scenario %s could not be solved", scenario.pk)
        return None, OUR_FAULT
    if solution["status"] == "infeasible":
        return None, f"No allocation keeps all these limits: {solution['reason']}"
    return solution, ""


_THING = re.compile(r'\b(bet|team|guardrail) "([^"]+)"')


def _named(fault: str, scenario: Scenario) -> str:
    """The engine's fault with the names of things instead of their ids."""
    names = scenario.names

    def name_of(match: re.Match[str]) -> str:
        return str(names[match[1]].get(match[2], match[0]))

    return _THING.sub(name_of, fault)


@transaction.atomic
def _settle(solved: Scenario, solution: dict[str, Any] | None, problem: str) -> bool:
    """Write the answer down, unless the scenario has been changed while it was worked out.

    The debt stands while there is an answer to look at more closely.

    Returns:
        Whether the answer was written down.
    """
    scenario = Scenario.objects.select_for_update(of=["self"]).get(pk=solved.pk)
    is_current = scenario.version == solved.version
    if is_current:
        scenario.owed_since = scenario.owed_since if solution else None
        scenario.solved_at = timezone.now()
        scenario.solved_version = solved.version
        scenario.solution, scenario.problem = solution, problem
        scenario.worth = solution["objective"]["proposed"] if solution else None
        scenario.gain = solution["do_nothing"]["gain"] if solution else None
        scenario.turnover = turnover_of(solution) if solution else None
    scenario.solving_since = None
    scenario.save()
    live.say(scenario.portfolio_id, f"scenario:{scenario.pk}", "scenarios")
    return is_current


class _Enough(Exception):
    """There is no time for the rest of the study, or nobody to whom it would matter."""


def _study(scenario: Scenario) -> None:
    """Look at the answer under other futures and other turnovers; what is found is added to it."""
    found: dict[str, Any] = {}
    until = time.monotonic() + MOST_STUDY_SECONDS

    def pause() -> None:
        changed = not Scenario.objects.filter(pk=scenario.pk, version=scenario.version).exists()
        if changed or time.monotonic() > until:
            raise _Enough

    snapshot = parse_snapshot(question_of(scenario))
    positions = (scenario.solution or {})["positions"]
    working = {bet_id: held["working"] for bet_id, held in positions.items()}
    for part in STUDIED:
        try:
            found |= study(snapshot, working, [part], pause)
        except (_Enough, NoSolutionError):
            break
        except Exception:
            logger.exception("scenario %s: no %s", scenario.pk, part)
    _add(scenario, found)


@transaction.atomic
def _add(studied: Scenario, found: dict[str, Any]) -> None:
    """Add to the answer what the study has found; nothing is owed then."""
    scenario = Scenario.objects.select_for_update(of=["self"]).get(pk=studied.pk)
    if scenario.version != studied.version or scenario.solution is None:
        return
    scenario.solution = {**scenario.solution, **found}
    scenario.owed_since = scenario.solving_since = None
    scenario.save()
    live.say(scenario.portfolio_id, f"scenario:{scenario.pk}", "scenarios")


def turnover_of(solution: Mapping[str, Any]) -> float:
    """What is withdrawn from bets in all, currency per month."""
    withdrawn = (change["from"] - change["to"] for change in solution["changes"])
    return round(sum(amount for amount in withdrawn if amount > 0), 2)
