"""What the worker does for Jira. What is owed stands in the tables; these are bells."""

from celery import shared_task
from django.db.models import Q
from django.utils import timezone

from evidence.jira import hooks, links
from evidence.jira.changes import PULL_TASK, ring_pull
from evidence.jira.pull import EVERY, pull
from evidence.models import JiraConnection, JiraRun, JiraState
from spm import celery


@shared_task(name=PULL_TASK)
def pull_site(connection_id: int) -> None:
    """Read what is due of a site, and write the links that are owed to it."""
    more = pull(connection_id)
    links.write_owed(connection_id)
    if more:
        ring_pull(connection_id)


@shared_task(name=hooks.TASK)
def take_bodies(connection_id: int) -> None:
    """Take the webhooks that wait."""
    if hooks.take_waiting(connection_id) >= hooks.AT_ONE_GO:
        hooks.ring(connection_id)


@shared_task(name="jira.sweep")
def sweep() -> None:
    """Ring for what is due, whatever became of the message about it."""
    now = timezone.now()
    recent = JiraRun.objects.filter(started_at__gt=now - EVERY).exclude(state="running")
    due = (
        JiraConnection.objects.filter(state=JiraState.ACTIVE)
        .filter(Q(not_before__isnull=True) | Q(not_before__lte=now))
        .exclude(id__in=recent.values("connection_id"))
    )
    for connection_id in due.values_list("id", flat=True):
        celery.app.send_task(PULL_TASK, args=[connection_id], expires=15)
    for connection_id in hooks.waiting_connections():
        celery.app.send_task(hooks.TASK, args=[connection_id], expires=15)


@shared_task(name="jira.forget_old")
def forget_old() -> int:
    """Remove bodies of webhooks that were settled long ago."""
    return hooks.forget_old(timezone.now())
