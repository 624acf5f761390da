"""The forms of webhooks and deliveries in the API."""

from typing import Any

from rest_framework import serializers

from spm.api import fields
from spm.api.serializers import FilterSerializer, ShownSerializer, Signed
from spm.webhooks.models import Event, Webhook, WebhookDelivery


class WebhookTermsShown(ShownSerializer):
    """A webhook. ``disabled_because`` says why nothing is sent, where the product has stopped."""

    class Meta:
        model = Webhook
        fields = [
            "id",
            "portfolio",
            "address",
            "events",
            "active",
            "disabled_because",
            "created_by",
            "created_at",
        ]


class WebhookShown(WebhookTermsShown):
    """A webhook. ``disabled_because`` says why nothing is sent, where the product has stopped."""

    waiting = serializers.IntegerField(read_only=True, help_text="Deliveries that are owed.")

    class Meta:
        model = Webhook
        fields = [*WebhookTermsShown.Meta.fields, "waiting"]


class SecretShown(serializers.Serializer[Any]):
    """A webhook with its secret, which is shown this once."""

    id = serializers.IntegerField()
    address = serializers.CharField()
    secret = serializers.CharField(
        allow_null=True, help_text="What deliveries are signed with; null in a repetition."
    )


class DeliveryShown(ShownSerializer):
    """One event that one webhook is owed, was told, or could not be told."""

    portfolio: Any = serializers.IntegerField(source="webhook.portfolio_id", read_only=True)

    class Meta:
        model = WebhookDelivery
        fields = [
            "id",
            "portfolio",
            "webhook",
            "message_id",
            "event",
            "created_at",
            "outcome",
            "tries",
            "next_try_at",
            "last_tried_at",
            "last_status",
            "last_problem",
            "last_seconds",
        ]


class WebhookTerms(Signed):
    """What can be changed of a webhook; another address has to be signed."""

    address = fields.TextField(max_length=2000, required=False)
    events = serializers.ListField(
        child=fields.ChoiceField(choices=Event.choices), allow_empty=False, required=False
    )
    active = serializers.BooleanField(required=False)


class NewWebhook(Signed):
    """A new webhook; ``portfolio`` may be left out where there is only one."""

    portfolio = fields.WholeField(required=False)
    address = fields.TextField(max_length=2000)
    events = serializers.ListField(
        child=fields.ChoiceField(choices=Event.choices), allow_empty=False
    )


class WebhookFilter(FilterSerializer):
    """Which webhooks are listed."""

    portfolio = fields.QueryWholeField(required=False)


class DeliveryFilter(WebhookFilter):
    """Which deliveries are listed."""

    webhook = fields.QueryWholeField(required=False)
    outcome = fields.ChoiceField(choices=WebhookDelivery.Outcome.choices, required=False)
