"""What the worker does for webhooks."""

from celery import shared_task
from django.utils import timezone

from spm import celery
from spm.webhooks.events import TASK
from spm.webhooks.sending import forget_old, send_due, webhooks_owed


@shared_task(name=TASK)
def send(webhook_id: int) -> None:
    """Send what a webhook is owed."""
    send_due(webhook_id)


@shared_task(name="webhooks.sweep")
def sweep() -> None:
    """Ring for what is due, whatever became of the message about it."""
    for webhook_id in webhooks_owed(timezone.now()):
        celery.app.send_task(TASK, args=[webhook_id], expires=15)


@shared_task(name="webhooks.forget_old")
def forget_old_deliveries() -> int:
    """Remove what was settled long ago."""
    return forget_old(timezone.now())
