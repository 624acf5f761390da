"""What time does to beliefs, by the clock of the worker."""

from celery import shared_task
from django.utils import timezone

from bets.models import Bet
from evidence.beliefs import note_passing_time

BETS_AT_ONCE = 100


@shared_task(name="evidence.refresh_beliefs")
def refresh_beliefs() -> int:
    """Let staleness, deadlines and silence count over all bets; how many were written anew."""
    now = timezone.now()
    ids = list(Bet.objects.filter(hypotheses__isnull=False).distinct().values_list("id", flat=True))
    written = 0
    for start in range(0, len(ids), BETS_AT_ONCE):
        written += len(note_passing_time(ids[start : start + BETS_AT_ONCE], now))
    return written
