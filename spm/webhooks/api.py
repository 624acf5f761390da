"""The API's paths for webhooks."""

from typing import Any

from django.apps import apps
from django.db import transaction
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from spm.accounts.signing import FIELD
from spm.api.idempotency import Answer, once
from spm.api.schema import ETAG, IDEMPOTENCY_KEY, IF_MATCH
from spm.api.serializers import Signed
from spm.api.views import ApiView, ListView, require_as_read, respond, signed, tag_of
from spm.webhooks import changes
from spm.webhooks import serializers as forms
from spm.webhooks.models import Webhook
from spm.webhooks.reading import deliveries_of, webhooks_of


class Webhooks(ListView):
    """Webhooks."""

    @extend_schema(
        parameters=[forms.WebhookFilter],
        responses=forms.WebhookShown(many=True),
        summary="List webhooks",
    )
    def get(self, request: Request) -> Response:
        """Newest first; never their secrets."""
        wanted = forms.WebhookFilter.of(request.query_params)
        return self.page(webhooks_of(self.principal, wanted.get("portfolio")), forms.WebhookShown)

    @extend_schema(
        request=forms.NewWebhook,
        responses={201: forms.SecretShown},
        parameters=[IDEMPOTENCY_KEY],
        summary="Add a webhook",
    )
    def post(self, request: Request) -> Response:
        """The answer holds the secret, this once."""
        said = self.read_body(forms.NewWebhook)
        portfolios: Any = apps.get_model("bets", "Portfolio").objects
        portfolio = portfolios.meant_by(self.principal, said.get("portfolio"))

        def act() -> Answer:
            signed(self, said)
            made = changes.add(self.principal, portfolio.pk, said["address"], said["events"])
            return Answer(201, _with_secret(*made))

        return respond(once(request, act, said_once=("secret",)))


class OneWebhook(ApiView):
    """One webhook."""

    problems = (412, 428)

    @extend_schema(responses=forms.WebhookShown, parameters=[ETAG], summary="Show a webhook")
    def get(self, request: Request, webhook_id: int) -> Response:
        """As it is; never its secret."""
        return self._as_it_is(webhook_id)

    @extend_schema(
        request=forms.WebhookTerms,
        responses=forms.WebhookShown,
        parameters=[IF_MATCH, ETAG],
        summary="Change a webhook",
    )
    @transaction.atomic
    def patch(self, request: Request, webhook_id: int) -> Response:
        """Change the fields that are given; ``active`` pauses it or lets it go on."""
        said = self.read_body(forms.WebhookTerms)
        require_as_read(request, self._held(webhook_id))
        if "address" in said:
            signed(self, said)
        said.pop(FIELD, None)
        changes.change(self.principal, webhook_id, **said)
        return self._as_it_is(webhook_id)

    @extend_schema(responses={204: None}, parameters=[IF_MATCH], summary="Remove a webhook")
    @transaction.atomic
    def delete(self, request: Request, webhook_id: int) -> Response:
        """Nothing is sent to it any more; what was sent is forgotten."""
        require_as_read(request, self._held(webhook_id), needed=False)
        changes.remove(self.principal, webhook_id)
        return Response(status=204)

    def _held(self, webhook_id: int) -> dict[str, Any]:
        """What of it somebody may have read and may change, held until the end."""
        return _terms(changes.held(self.principal, webhook_id))

    def _as_it_is(self, webhook_id: int) -> Response:
        seen = Webhook.objects.visible_to(self.principal).get(pk=webhook_id)
        row = webhooks_of(self.principal, seen.portfolio_id).get(pk=webhook_id)
        return Response(forms.WebhookShown(row).data, headers={"ETag": tag_of(_terms(row))})


class Rotate(ApiView):
    """A new secret."""

    @extend_schema(
        request=Signed,
        responses=forms.SecretShown,
        parameters=[IDEMPOTENCY_KEY],
        summary="Give it a new secret",
    )
    def post(self, request: Request, webhook_id: int) -> Response:
        """The answer holds the secret, this once; for a day the one before signs as well."""
        said = self.read_body(Signed)

        def act() -> Answer:
            signed(self, said)
            return Answer(200, _with_secret(*changes.rotate(self.principal, webhook_id)))

        return respond(once(request, act, said_once=("secret",)))


class SendTest(ApiView):
    """A test event."""

    problems = (409,)

    @extend_schema(
        request=None,
        responses={202: forms.DeliveryShown},
        parameters=[IDEMPOTENCY_KEY],
        summary="Send a test event",
    )
    def post(self, request: Request, webhook_id: int) -> Response:
        """The answer is the delivery, before it is sent."""

        def act() -> Answer:
            delivery = changes.send_test(self.principal, webhook_id)
            return Answer(202, dict(forms.DeliveryShown(delivery).data))

        return respond(once(request, act))


class Deliveries(ListView):
    """Deliveries."""

    @extend_schema(
        parameters=[forms.DeliveryFilter],
        responses=forms.DeliveryShown(many=True),
        summary="List deliveries",
    )
    def get(self, request: Request) -> Response:
        """Newest first, with the status and the time of the last answer."""
        wanted = forms.DeliveryFilter.of(request.query_params)
        rows = deliveries_of(self.principal, wanted.pop("portfolio", None))
        return self.page(rows.filter(**wanted), forms.DeliveryShown)


class Redeliver(ApiView):
    """Once more."""

    problems = (409,)

    @extend_schema(
        request=None,
        responses={202: forms.DeliveryShown},
        parameters=[IDEMPOTENCY_KEY],
        summary="Deliver once more",
    )
    def post(self, request: Request, delivery_id: int) -> Response:
        """The same body under the same ``webhook-id``, from the first try on."""

        def act() -> Answer:
            delivery = changes.redeliver(self.principal, delivery_id)
            return Answer(202, dict(forms.DeliveryShown(delivery).data))

        return respond(once(request, act))


def _terms(hook: Webhook) -> dict[str, Any]:
    """What the entity tag is of: how many deliveries wait is nobody's change."""
    return dict(forms.WebhookTermsShown(hook).data)


def _with_secret(hook: Webhook, secret: str) -> dict[str, Any]:
    return dict(forms.SecretShown({"id": hook.pk, "address": hook.address, "secret": secret}).data)


urlpatterns = [
    path("webhooks", Webhooks.as_view(), name="api-webhooks"),
    path("webhooks/<int:webhook_id>", OneWebhook.as_view(), name="api-webhook"),
    path("webhooks/<int:webhook_id>/secret", Rotate.as_view(), name="api-webhook-secret"),
    path("webhooks/<int:webhook_id>/test", SendTest.as_view(), name="api-webhook-test"),
    path("webhook-deliveries", Deliveries.as_view(), name="api-webhook-deliveries"),
    path(
        "webhook-deliveries/<int:delivery_id>/redeliver",
        Redeliver.as_view(),
        name="api-redeliver",
    ),
]
