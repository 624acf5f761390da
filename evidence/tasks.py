"""What the worker does for evidence: time counts, files are taken apart and imported, and people
are told.
"""

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from bets.models import Bet
from evidence.beliefs import note_passing_time
from evidence.file_import import steps
from evidence.jira import tasks as of_jira
from evidence.models import EvidenceImport
from evidence.notices.deadlines import tell_of_deadlines
from evidence.notices.keys import tell_of_keys
from evidence.notices.mail import mail_what_is_due
from evidence.notices.requests import remind

__all__ = ["of_jira"]  # found by the worker through this module

logger = logging.getLogger(__name__)

BETS_AT_ONCE = 100
WAITED = timedelta(seconds=10)


@shared_task(name=steps.TASK)
def run_import(import_id: int) -> None:
    """Do what is owed of a file of evidence."""
    steps.run_owed(import_id)


@shared_task(name="evidence.sweep_imports")
def sweep_imports() -> None:
    """Do what has waited, whatever became of the message about it."""
    waiting = EvidenceImport.objects.filter(
        status__in=EvidenceImport.OWED, owed_since__lte=timezone.now() - WAITED
    )
    for import_id in waiting.order_by("id").values_list("id", flat=True):
        try:
            steps.run_owed(import_id)
        except Exception:
            logger.exception("evidence file %s was left as it is", import_id)


@shared_task(name="evidence.refresh_beliefs")
def refresh_beliefs() -> int:
    """Let staleness, deadlines and silence count over all bets; how many were written anew."""
    now = timezone.now()
    ids = list(Bet.objects.filter(hypotheses__isnull=False).distinct().values_list("id", flat=True))
    written = 0
    for start in range(0, len(ids), BETS_AT_ONCE):
        written += len(note_passing_time(ids[start : start + BETS_AT_ONCE], now))
    return written


@shared_task(name="evidence.tell_of_time")
def tell_of_time() -> None:
    """Tell of deadlines and of keys that end, and remind of evidence that is asked for."""
    now = timezone.now()
    tell_of_deadlines(now)
    tell_of_keys(now)
    remind(now)


@shared_task(name="evidence.mail_notices")
def mail_notices() -> None:
    """Mail the notices that are due, one e-mail to a person."""
    mail_what_is_due(timezone.now())
