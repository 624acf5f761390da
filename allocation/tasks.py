"""What the worker does: each task calls one rule."""

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from allocation import decide, ledger, limit_effect, proving, requests, studies, within_mandate
from allocation.models import RecomputeRequest, Scenario
from allocation.recompute import run_owed
from allocation.scenarios import solving
from bets.models import Portfolio

logger = logging.getLogger(__name__)

WAITED = timedelta(seconds=5)


@shared_task(name=requests.TASK)
def recompute(portfolio_id: int) -> None:
    """Compute what is owed to a portfolio."""
    if run_owed(portfolio_id):
        within_mandate.book_at_once(portfolio_id)
        requests.ring_for_studies(portfolio_id)


@shared_task(name=requests.STUDY_TASK)
def study(portfolio_id: int) -> None:
    """Work out what a portfolio's proposal is said beyond its moves."""
    studies.run_owed_studies(portfolio_id)


@shared_task(name="allocation.sweep_studies")
def sweep_studies() -> None:
    """Study what has waited, whatever became of the message about it."""
    _each(studies.owing().values_list("id", flat=True), studies.run_owed_studies)


@shared_task(name=limit_effect.TASK)
def work_out_limit_effect(portfolio_id: int, asked: dict[str, Any], key: str) -> None:
    """Find out what a change of a limit would do, for the page that waits."""
    limit_effect.keep(portfolio_id, asked, key)


@shared_task(name="allocation.sweep_recompute_requests")
def sweep_recompute_requests() -> None:
    """Compute what has waited, whatever became of the message about it."""
    waiting = RecomputeRequest.objects.filter(requested_at__lte=timezone.now() - WAITED)
    _each(waiting.order_by().values_list("portfolio_id", flat=True).distinct(), run_owed)
    _each(within_mandate.fresh(), within_mandate.book_at_once)


@shared_task(name=solving.TASK)
def solve_scenario(scenario_id: int) -> None:
    """Solve a scenario that owes it."""
    solving.run_owed(scenario_id)


@shared_task(name="allocation.sweep_scenarios")
def sweep_scenarios() -> None:
    """Solve the scenarios that have waited, whatever became of the message about them."""
    waiting = Scenario.objects.filter(owed_since__lte=timezone.now() - WAITED)
    _each(waiting.order_by("owed_since").values_list("id", flat=True), solving.run_owed)


@shared_task(name="allocation.mature_transfers")
def mature_transfers() -> None:
    """Let the day count: scheduled transfers take effect, proposals nobody decided expire."""
    _each(Portfolio.objects.order_by("id").values_list("id", flat=True), ledger.mature)
    decide.expire()


@shared_task(name=proving.TASK)
def prove(portfolio_id: int) -> None:
    """Prove the books that somebody asked about."""
    if portfolio_id in proving.owed():
        proving.prove(portfolio_id)


@shared_task(name="allocation.sweep_proofs")
def sweep_proofs() -> None:
    """Prove what has waited, whatever became of the message about it."""
    _each(proving.owed(), proving.prove)


@shared_task(name="allocation.prove_books")
def prove_books() -> None:
    """Prove the books of every portfolio once a night."""
    _each(proving.due(timezone.now()), proving.prove)


def _each(ids: Iterable[int], act: Callable[[int], object]) -> None:
    """Do it for each portfolio or scenario: one that cannot be done keeps no other waiting."""
    for each in ids:
        try:
            act(each)
        except Exception:
            logger.exception("%s of %s was left out", act.__name__, each)
