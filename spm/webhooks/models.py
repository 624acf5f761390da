"""Webhooks, and each delivery that is owed, was made or has failed."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from spm.accounts.models import User
from spm.accounts.permissions import visible_portfolio_ids
from spm.sealed import SealedField


class Event(models.TextChoices):
    """What can be told."""

    PROPOSAL_PUBLISHED = "proposal.published", "A proposal was published"
    PROPOSAL_DECIDED = "proposal.decided", "A proposal was decided"
    THESIS_BROKEN = "thesis.broken", "A thesis broke"
    THESIS_REVIVED = "thesis.revived", "A thesis was revived"


#: Sent by a button alone, to any webhook.
TEST_EVENT = "webhook.test"


class WebhookQuerySet(models.QuerySet["Webhook"]):
    """Webhooks."""

    def visible_to(self, principal: Any) -> "WebhookQuerySet":
        """Those of portfolios that the principal may see; what it may do with them is asked too."""
        return self.filter(portfolio_id__in=visible_portfolio_ids(principal))


class Webhook(models.Model):
    """An address that is told of some events in a portfolio.

    ``sealed_secret`` is what deliveries are signed with, ``sealed_earlier`` the one before, which
    signs as well until ``earlier_until``. ``disabled_because`` is not empty where the product
    itself has stopped sending; ``dead_in_a_row`` counts what could not be delivered since
    something was.
    """

    portfolio = models.ForeignKey(
        "bets.Portfolio", on_delete=models.CASCADE, related_name="webhooks"
    )
    address = models.CharField(max_length=2000)
    events = ArrayField(models.CharField(max_length=24, choices=Event.choices))
    sealed_secret = SealedField()
    sealed_earlier = SealedField(blank=True, default="")
    earlier_until = models.DateTimeField(null=True)
    active = models.BooleanField(default=True)
    disabled_because = models.CharField(max_length=300, blank=True)
    dead_in_a_row = models.PositiveSmallIntegerField(default=0)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = WebhookQuerySet.as_manager()

    class Meta:
        """It is told of something, and of known events; a stopped one says why."""

        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(events__contained_by=Event.values) & ~Q(events=[]),
                name="webhook_events_are_known",
            ),
            models.CheckConstraint(
                condition=Q(active=False) | Q(disabled_because=""),
                name="active_webhook_is_not_disabled",
            ),
        ]

    def __str__(self) -> str:
        return self.address


class DeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    """Deliveries."""

    def visible_to(self, principal: Any) -> "DeliveryQuerySet":
        """Those of webhooks of portfolios that the principal may see."""
        return self.filter(webhook__portfolio_id__in=visible_portfolio_ids(principal))

    def waiting(self) -> "DeliveryQuerySet":
        """Those that are owed, whether or not it is time yet, where sending goes on."""
        return self.filter(outcome=WebhookDelivery.Outcome.WAITING, webhook__active=True)


class WebhookDelivery(models.Model):
    """One event that one webhook is owed: written with its cause, changed by sending alone.

    ``body`` is the very text that is signed and sent, at each try under the same ``message_id``.
    Of what came back only the status and the time are kept.
    """

    class Outcome(models.TextChoices):
        """How it stands."""

        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        DEAD = "dead", "Given up"

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    message_id = models.CharField(max_length=40)
    event = models.CharField(max_length=24)
    body = models.TextField()
    created_at = models.DateTimeField()
    outcome = models.CharField(max_length=9, choices=Outcome.choices, default=Outcome.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    last_tried_at = models.DateTimeField(null=True)
    last_status = models.PositiveSmallIntegerField(null=True)
    last_problem = models.CharField(max_length=200, blank=True)
    last_seconds = models.FloatField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        """An event is told to a webhook once; what is due is found without a search."""

        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["webhook", "message_id"], name="event_told_once"),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=Q(outcome="waiting"), name="deliveries_waiting"
            ),
            models.Index(fields=["webhook", "-id"], name="deliveries_of_webhook"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.message_id}"
