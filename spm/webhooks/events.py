"""What is told: a delivery for each webhook, written in the transaction of its cause."""

import json
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from spm import celery, valkey
from spm.webhooks.models import Webhook, WebhookDelivery

TASK = "webhooks.send"


@dataclass(frozen=True)
class Happening:
    """One thing to be told: one of ``models.Event`` with ids, figures and links, no evidence."""

    event: str
    data: Mapping[str, Any]


def owe(portfolio_id: int, event: str, data: Mapping[str, Any], at: datetime | None = None) -> None:
    """Owe an event to the webhooks of a portfolio that want it.

    Args:
        portfolio_id: where it happened.
        event: one of ``models.Event``.
        data: ids, figures and links, as JSON can say them; never words of evidence.
        at: when it happened; now by default.
    """
    owe_all(portfolio_id, [Happening(event, data)], at)


def owe_all(portfolio_id: int, what: Sequence[Happening], at: datetime | None = None) -> None:
    """Owe several at once; two queries, however many there are."""
    moment = at or timezone.now()
    hooks = list(Webhook.objects.filter(portfolio_id=portfolio_id, active=True))
    owed = [each for one in what for each in _owed(portfolio_id, hooks, one, moment)]
    WebhookDelivery.objects.bulk_create(owed, batch_size=1000)
    for webhook_id in sorted({each.webhook_id for each in owed}):
        ring_after_commit(webhook_id)


def _owed(
    portfolio_id: int, hooks: Sequence[Webhook], what: Happening, at: datetime
) -> list[WebhookDelivery]:
    """The deliveries of one event: the same message to each webhook that wants it."""
    message_id = f"msg_{uuid.uuid4().hex}"
    body = body_of(what.event, {"portfolio": portfolio_id, **what.data}, at)
    return [
        owed_to(hook, message_id, what.event, body) for hook in hooks if what.event in hook.events
    ]


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
