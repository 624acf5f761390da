"""Deliveries: sent outside of any transaction, tried again later and later, given up in the end.

At least once: a crash between the answer and its being written down sends the delivery again,
under the same ``webhook-id``, by which receivers know the two as one. One worker at a time sends
to a webhook, and a receiver that does not answer is left alone for a minute: it keeps no worker
from the others.
"""

import logging
import random
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from spm import live, outgoing
from spm.locks import only_one
from spm.sealed import Unreadable, unseal
from spm.webhooks.models import Webhook, WebhookDelivery
from spm.webhooks.signals import disabled
from spm.webhooks.signing import headers_of

logger = logging.getLogger(__name__)

LOCK_SPACE = 0x5748
#: What open pages of webhooks are told by.
LIVE_NAME = "webhooks"
#: How long is waited after each try that failed; together a little less than a day.
WAITS = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=7),
    timedelta(hours=12),
)
MOST_TRIES = len(WAITS) + 1
#: A wait is shortened by up to this share, so that what failed together does not come together.
JITTER = 0.2
REST = timedelta(minutes=1)
AT_ONE_GO = 20
#: So many events in a row that could not be delivered, and nothing is sent any more.
DEAD_IN_A_ROW = 3
GONE = 410
KEPT_FOR = timedelta(days=30)
Outcome = WebhookDelivery.Outcome


def send_due(webhook_id: int, now: datetime | None = None) -> int:
    """Send what a webhook is owed and is due, oldest first, up to the first that fails.

    Returns:
        How many were delivered.
    """
    moment, delivered = now or timezone.now(), 0
    with only_one(LOCK_SPACE, webhook_id) as mine:
        due = WebhookDelivery.objects.waiting().filter(
            webhook_id=webhook_id, next_try_at__lte=moment
        )
        ids = list(due.order_by("id").values_list("id", flat=True)[:AT_ONE_GO]) if mine else []
        for delivery_id in ids:
            if not try_once(delivery_id, moment):
                break
            delivered += 1
    return delivered


def webhooks_owed(now: datetime) -> list[int]:
    """The webhooks that something is due to."""
    due = WebhookDelivery.objects.waiting().filter(next_try_at__lte=now)
    return list(due.order_by().values_list("webhook_id", flat=True).distinct())


def try_once(delivery_id: int, now: datetime) -> bool:
    """Send one delivery and write down what came of it; whether it was taken."""
    waiting = WebhookDelivery.objects.waiting().select_related("webhook")
    delivery = waiting.filter(pk=delivery_id).first()
    if delivery is None:  # paused or removed meanwhile
        return False
    hook, body = delivery.webhook, delivery.body.encode()
    status, seconds, problem = None, None, ""
    try:
        headers = headers_of(delivery.message_id, delivery.body, _secrets_in_force(hook, now), now)
        said = {"Content-Type": "application/json", **headers}
        answer = outgoing.send(hook.address, said, body)
        status, seconds = answer.status, answer.seconds
    except (outgoing.Refused, outgoing.NoAnswer, Unreadable) as error:
        problem = str(error)
    delivery.last_tried_at, delivery.last_status = now, status
    delivery.last_seconds, delivery.last_problem = seconds, problem[:200]
    taken = status is not None and 200 <= status < 300
    _note(delivery, taken, now)
    return taken


def forget_old(now: datetime) -> int:
    """Remove deliveries that were settled long ago; how many."""
    settled = WebhookDelivery.objects.exclude(outcome=Outcome.WAITING)
    removed, _ = settled.filter(created_at__lt=now - KEPT_FOR).delete()
    return removed


# --- inside ---------------------------------------------------------------------------------------


def _secrets_in_force(hook: Webhook, now: datetime) -> list[str]:
    """What signs now: the secret, and the one before for a while."""
    sealed = [hook.sealed_secret]
    if hook.sealed_earlier and hook.earlier_until and now < hook.earlier_until:
        sealed.append(hook.sealed_earlier)
    return [unseal(each) for each in sealed]


@transaction.atomic
def _note(delivery: WebhookDelivery, taken: bool, now: datetime) -> None:
    """Write a try down. The webhook is locked, so that dead deliveries are counted rightly."""
    hook = Webhook.objects.select_for_update().filter(pk=delivery.webhook_id).first()
    if hook is None:
        return
    delivery.tries += 1
    if taken:
        delivery.outcome = Outcome.DELIVERED
        hook.dead_in_a_row = 0
    elif delivery.tries >= MOST_TRIES:
        delivery.outcome = Outcome.DEAD
        hook.dead_in_a_row += 1
    else:
        delivery.next_try_at = now + _wait_after(delivery.tries)
    delivery.save()
    if not taken:
        _let_rest(delivery, now)
        _stop_if_hopeless(hook, delivery)
    hook.save(update_fields=["dead_in_a_row", "active", "disabled_because"])
    live.say(hook.portfolio_id, LIVE_NAME)


def _wait_after(tries: int) -> timedelta:
    return WAITS[tries - 1] * random.uniform(1 - JITTER, 1)


def _let_rest(failed: WebhookDelivery, now: datetime) -> None:
    """What else the webhook is owed waits a minute; that counts as no try."""
    others = WebhookDelivery.objects.filter(
        webhook_id=failed.webhook_id, outcome=Outcome.WAITING, next_try_at__lt=now + REST
    )
    others.exclude(pk=failed.pk).update(next_try_at=now + REST)


def _stop_if_hopeless(hook: Webhook, delivery: WebhookDelivery) -> None:
    """Send nothing any more to who says so, or has not answered for days."""
    if delivery.last_status == GONE:
        because = "The receiver answered 410: it wants nothing more."
    elif hook.dead_in_a_row >= DEAD_IN_A_ROW:
        last = delivery.last_status or delivery.last_problem
        because = (
            f"{hook.dead_in_a_row} events in a row could not be delivered within a day each; the "
            f"last time: {last}."
        )
    else:
        return
    hook.active, hook.disabled_because = False, because
    disabled.send(Webhook, webhook=hook)
    logger.warning("webhook %s was disabled: %s", hook.pk, because)
