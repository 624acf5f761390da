"""What is told: a delivery for each webhook, written in the transaction of its cause."""

import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from spm import celery, valkey
from spm.webhooks.models import Webhook, WebhookDelivery

TASK = "webhooks.send"


def owe(portfolio_id: int, event: str, data: Mapping[str, Any], at: datetime | None = None) -> None:
    """Owe an event to the webhooks of a portfolio that want it.

    Args:
        portfolio_id: where it happened.
        event: one of ``models.Event``.
        data: ids, figures and links, as JSON can say them; never words of evidence.
        at: when it happened; now by default.
    """
    hooks = Webhook.objects.filter(portfolio_id=portfolio_id, active=True, events__contains=[event])
    message_id = f"msg_{uuid.uuid4().hex}"
    body = body_of(event, {"portfolio": portfolio_id, **data}, at or timezone.now())
    owed = [owed_to(hook, message_id, event, body) for hook in hooks]
    WebhookDelivery.objects.bulk_create(owed)
    for each in owed:
        ring_after_commit(each.webhook_id)


def owed_to(hook: Webhook, message_id: str, event: str, body: str) -> WebhookDelivery:
    """A delivery that is due at once, not yet written."""
    now = timezone.now()
    return WebhookDelivery(
        webhook=hook,
        message_id=message_id,
        event=event,
        body=body,
        created_at=now,
        next_try_at=now,
    )


def body_of(event: str, data: Mapping[str, Any], at: datetime) -> str:
    """The body of a delivery, the same at each try."""
    content = {"type": event, "timestamp": at.isoformat(), "data": data}
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)


def link(path: str) -> str:
    """A path of ours as a link that works outside of the site."""
    return f"{settings.PUBLIC_ADDRESS}{path}"


def ring_after_commit(webhook_id: int) -> None:
    """Tell a worker that something is owed; if the message is lost, beat's sweep rings again."""
    transaction.on_commit(lambda: _ring(webhook_id))


def _ring(webhook_id: int) -> None:
    with suppress(valkey.Away), valkey.asked():
        celery.ring(TASK, webhook_id)
