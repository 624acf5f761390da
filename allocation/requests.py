"""What is owed: a recomputation for each portfolio in which something has changed.

The row in PostgreSQL is the debt, written in the transaction of its cause. The message to the
worker is a bell: if it is lost, beat's sweep rings again.
"""

from contextlib import suppress
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from allocation.models import RecomputeRequest
from evidence.models import Evidence
from spm import celery, valkey

TASK = "allocation.recompute"
STUDY_TASK = "allocation.study"
BELL_SECONDS = 5


def ask(portfolio_id: int, reason: str, evidence: Evidence | None = None) -> None:
    """Owe a recomputation, and ring once the cause has committed."""
    RecomputeRequest.objects.create(
        portfolio_id=portfolio_id,
        reason=reason[:120],
        evidence=evidence,
        requested_at=timezone.now(),
    )
    transaction.on_commit(lambda: ring(portfolio_id))


def ring(portfolio_id: int) -> None:
    """Tell a worker, unless one has been told and has not begun."""
    if cache.add(_pending(portfolio_id), 1, timeout=BELL_SECONDS):
        with suppress(valkey.Away), valkey.asked():
            celery.ring(TASK, portfolio_id)


def ring_for_studies(portfolio_id: int) -> None:
    """Tell a worker that a portfolio was computed and may have something to study."""
    with suppress(valkey.Away), valkey.asked():
        celery.ring(STUDY_TASK, portfolio_id)


def answered(portfolio_id: int) -> None:
    """A worker begins: what is asked for from now on rings again."""
    cache.delete(_pending(portfolio_id))


def owed(portfolio_id: int) -> bool:
    """Whether anything is owed."""
    return RecomputeRequest.objects.filter(portfolio_id=portfolio_id).exists()


def _pending(portfolio_id: int) -> str:
    return f"recompute-pending:{portfolio_id}"


def on_beliefs_changed(
    sender: Any, portfolio_id: int, reason: str, evidence: Evidence | None = None, **kwargs: Any
) -> None:
    """Signal receiver: beliefs have changed."""
    ask(portfolio_id, reason, evidence)


def on_position_terms_changed(sender: Any, portfolio_id: int, reason: str, **kwargs: Any) -> None:
    """Signal receiver: a value, a limit, a team or a stage has changed."""
    ask(portfolio_id, reason)
