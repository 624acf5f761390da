"""Making, changing and trying out webhooks. Page and API call the same."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from spm import live, outgoing
from spm.accounts.permissions import Principal, person_behind, require
from spm.errors import Conflict, Invalid
from spm.sealed import seal
from spm.webhooks.events import body_of, link, owed_to, ring_after_commit
from spm.webhooks.models import TEST_EVENT, Event, Webhook, WebhookDelivery
from spm.webhooks.sending import LIVE_NAME
from spm.webhooks.signing import new_secret

MOST = 20
#: How long the secret of before signs as well: receivers change theirs meanwhile.
BOTH_SIGN = timedelta(hours=24)


@transaction.atomic
def add(
    principal: Principal, portfolio_id: int, address: str, events: Sequence[str]
) -> tuple[Webhook, str]:
    """Tell an address of events from now on.

    Returns:
        The webhook, and its secret in clear, which is shown this once.

    Raises:
        NotAllowed: the principal may not.
        Invalid: the address may not be asked, an event is unknown, or there are too many.
    """
    require(principal, "manage_webhooks", portfolio_id)
    _check(address=address, events=events)
    if Webhook.objects.filter(portfolio_id=portfolio_id).count() >= MOST:
        raise Invalid({"": f"There are {MOST} webhooks here already; remove one first."})
    secret = new_secret()
    hook = Webhook.objects.create(
        portfolio_id=portfolio_id,
        address=address,
        events=_in_order(events),
        sealed_secret=seal(secret),
        created_by=person_behind(principal),
        created_at=timezone.now(),
    )
    return hook, secret


@transaction.atomic
def change(principal: Principal, webhook_id: int, **given: Any) -> Webhook:
    """Change the address, the events, or whether it is ``active``; what is not given stays.

    One that was disabled starts anew when it is made active.

    Raises:
        Webhook.DoesNotExist, NotAllowed, Invalid: as for ``add``.
    """
    hook = held(principal, webhook_id)
    _check(**given)
    if "address" in given:
        hook.address = given["address"]
    if "events" in given:
        hook.events = _in_order(given["events"])
    if given.get("active") and not hook.active:
        hook.disabled_because, hook.dead_in_a_row = "", 0
    hook.active = given.get("active", hook.active)
    hook.save()
    if hook.active:
        ring_after_commit(hook.pk)
    return hook


@transaction.atomic
def rotate(principal: Principal, webhook_id: int) -> tuple[Webhook, str]:
    """Give it a new secret; for a day both sign.

    Returns:
        The webhook, and the new secret in clear, which is shown this once.

    Raises:
        Webhook.DoesNotExist, NotAllowed: as for ``add``.
    """
    hook = held(principal, webhook_id)
    secret = new_secret()
    hook.sealed_earlier, hook.earlier_until = hook.sealed_secret, timezone.now() + BOTH_SIGN
    hook.sealed_secret = seal(secret)
    hook.save()
    return hook, secret


@transaction.atomic
def remove(principal: Principal, webhook_id: int) -> None:
    """Send it nothing any more, and forget what was sent; raises as ``rotate`` does."""
    held(principal, webhook_id).delete()


@transaction.atomic
def send_test(principal: Principal, webhook_id: int) -> WebhookDelivery:
    """Owe it an event that says nothing has happened.

    Raises:
        Webhook.DoesNotExist, NotAllowed: as for ``rotate``.
        Conflict: nothing is sent to it.
    """
    hook = _sending(held(principal, webhook_id))
    data = {"portfolio": hook.portfolio_id, "webhook": hook.pk, "url": link("/settings/webhooks")}
    body = body_of(TEST_EVENT, data, timezone.now())
    delivery = owed_to(hook, f"msg_{uuid.uuid4().hex}", TEST_EVENT, body)
    delivery.save()
    ring_after_commit(hook.pk)
    return delivery


@transaction.atomic
def redeliver(principal: Principal, delivery_id: int) -> WebhookDelivery:
    """Send the same once more, under the same id, from the first try on.

    Raises:
        WebhookDelivery.DoesNotExist, NotAllowed: as for ``rotate``.
        Conflict: nothing is sent to its webhook.
    """
    rows = WebhookDelivery.objects.visible_to(principal).select_related("webhook")
    delivery: WebhookDelivery = rows.select_for_update().get(pk=delivery_id)
    require(principal, "manage_webhooks", delivery.webhook.portfolio_id)
    _sending(delivery.webhook)
    delivery.outcome, delivery.tries = WebhookDelivery.Outcome.WAITING, 0
    delivery.next_try_at = timezone.now()
    delivery.save()
    ring_after_commit(delivery.webhook_id)
    live.say(delivery.webhook.portfolio_id, LIVE_NAME)
    return delivery


# --- inside ---------------------------------------------------------------------------------------


def held(principal: Principal, webhook_id: int) -> Webhook:
    """The webhook, locked, if the principal may change it."""
    hook = Webhook.objects.visible_to(principal).select_for_update().get(pk=webhook_id)
    require(principal, "manage_webhooks", hook.portfolio_id)
    return hook


def _sending(hook: Webhook) -> Webhook:
    if not hook.active:
        raise Conflict("Nothing is sent to this webhook: let it go on first.")
    return hook


def _check(**given: Any) -> None:
    wrong = {}
    if "address" in given:
        try:
            outgoing.target_of(given["address"])
        except outgoing.Refused as refusal:
            wrong["address"] = str(refusal)
    unknown = [each for each in given.get("events", ()) if each not in Event.values]
    if unknown or not given.get("events", True):
        wrong["events"] = f"Choose at least one of {', '.join(Event.values)}."
    if wrong:
        raise Invalid(wrong)


def _in_order(events: Sequence[str]) -> list[str]:
    return [each for each in Event.values if each in events]
