"""The API's paths for who may decide: the thresholds of a portfolio, and mandates."""

from typing import Any

from django.db import transaction
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from allocation import granting, thresholds
from allocation.mandates import Use, uses
from allocation.models import Mandate
from bets.models import Portfolio
from bets.serializers import PortfolioFilter
from spm.api import fields
from spm.api.idempotency import Answer, once
from spm.api.schema import ETAG, IDEMPOTENCY_KEY, IF_MATCH
from spm.api.serializers import ShownSerializer, StrictSerializer, Terms
from spm.api.views import ApiView, ListView, id_in, require_as_read, respond, tagged


class ThresholdsShown(ShownSerializer):
    """Currency per month that a decision moves; above them more is needed."""

    class Meta:
        model = Portfolio
        fields = ["finance_above", "two_people_above"]


class ThresholdsTerms(Terms):
    """What is given is changed."""

    finance_above = fields.MoneyField(
        required=False, help_text="Portfolio leads decide up to it too; 0: finance always."
    )
    two_people_above = fields.MoneyField(
        required=False, allow_null=True, help_text="Two people approve above it; null: never."
    )
    reason = fields.TextField(max_length=2000, help_text="Kept in the journal with the change.")


class Thresholds(ApiView):
    """The sums above which finance, and two people, decide."""

    problems = (412, 428)

    @extend_schema(responses=ThresholdsShown, parameters=[ETAG], summary="Show the thresholds")
    def get(self, request: Request, portfolio_id: int) -> Response:
        """As they are now."""
        portfolio = Portfolio.objects.visible_to(self.principal).get(pk=portfolio_id)
        return tagged(ThresholdsShown(portfolio).data)

    @extend_schema(
        request=ThresholdsTerms,
        responses=ThresholdsShown,
        parameters=[IF_MATCH, ETAG],
        summary="Change the thresholds",
    )
    @transaction.atomic
    def patch(self, request: Request, portfolio_id: int) -> Response:
        """Change those that are given; each change is journalled."""
        portfolio = Portfolio.objects.visible_to(self.principal).get(pk=portfolio_id)
        held = thresholds.held(self.principal, portfolio.pk)
        require_as_read(request, ThresholdsShown(held).data)
        changed = thresholds.change(self.principal, portfolio.pk, self.body)
        return tagged(ThresholdsShown(changed).data)


class MandateShown(ShownSerializer):
    """A mandate. Sums are currency per month; ``used`` is what of them the last 30 days used.

    ``not_in_force`` says why it is not in force, and is empty if it is.
    """

    scope = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    used = fields.MoneyField(source="use.used", read_only=True)
    left = fields.MoneyField(source="use.left", read_only=True)
    not_in_force = serializers.CharField(source="use.state", read_only=True)

    class Meta:
        model = Mandate
        fields = [
            "id",
            "portfolio",
            "user",
            "api_key",
            "granted_by",
            "scope",
            "most_per_move",
            "most_per_30_days",
            "reversible_only",
            "books_at_once",
            "starts_at",
            "expires_at",
            "revoked_at",
            "used",
            "left",
            "not_in_force",
        ]


class MandateTerms(Terms):
    """What is granted: to a person (``user``) or a key (``api_key``), by its id."""

    portfolio = fields.WholeField(required=False)
    user = fields.WholeField(required=False)
    api_key = fields.WholeField(required=False)
    scope = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text='Which bets, such as {"liquidity": ["stock"]}; all, if left out. Attributes: '
        "theme, stream (their ids), liquidity.",
    )
    most_per_move = fields.MoneyField()
    most_per_30_days = fields.MoneyField()
    reversible_only = serializers.BooleanField(
        required=False, help_text="Stock and property only; true unless said."
    )
    books_at_once = serializers.BooleanField(
        required=False, help_text="Book whatever is proposed inside it at once; false unless said."
    )
    expires_at = fields.MomentField(help_text="At most a year from now.")
    reason = fields.TextField(max_length=2000, help_text="Kept in the journal.")


class Revocation(StrictSerializer):
    """Why a mandate is taken back."""

    reason = fields.TextField(max_length=2000)


class Mandates(ListView):
    """Mandates."""

    @extend_schema(
        parameters=[PortfolioFilter],
        responses=MandateShown(many=True),
        summary="List mandates",
    )
    def get(self, request: Request) -> Response:
        """Newest first, those that are over among them."""
        wanted = PortfolioFilter.of(request.query_params)
        paginator, moment = self.pagination_class(), timezone.now()
        rows = Mandate.objects.visible_to(self.principal).filter(**wanted)
        found = paginator.paginate_queryset(rows, request, self)
        shown = [_shown(use) for use in uses(found or [], moment)]
        return paginator.get_paginated_response(shown)

    @extend_schema(
        request=MandateTerms,
        responses={201: MandateShown},
        parameters=[IDEMPOTENCY_KEY],
        summary="Grant a mandate",
    )
    def post(self, request: Request) -> Response:
        """It holds from now on."""
        given = self.body
        portfolio_id = id_in(given, "portfolio") if "portfolio" in given else None
        portfolio = Portfolio.objects.meant_by(self.principal, portfolio_id)

        def act() -> Answer:
            made = granting.grant(self.principal, portfolio, given)
            return Answer(201, _of(made))

        return respond(once(request, act))


class OneMandate(ApiView):
    """One mandate."""

    @extend_schema(responses=MandateShown, summary="Show a mandate")
    def get(self, request: Request, mandate_id: int) -> Response:
        """Its terms, and what is used of it."""
        return Response(_of(Mandate.objects.visible_to(self.principal).get(pk=mandate_id)))


class RevokeMandate(ApiView):
    """Revoke a mandate."""

    problems = (409,)

    @extend_schema(
        request=Revocation,
        responses=MandateShown,
        parameters=[IDEMPOTENCY_KEY],
        summary="Revoke a mandate",
    )
    def post(self, request: Request, mandate_id: int) -> Response:
        """From now on; what was decided under it stands."""
        said = self.read_body(Revocation)

        def act() -> Answer:
            return Answer(200, _of(granting.revoke(self.principal, mandate_id, said["reason"])))

        return respond(once(request, act))


def _of(mandate: Mandate) -> dict[str, Any]:
    [use] = uses([Mandate.objects.get(pk=mandate.pk)], timezone.now())
    return _shown(use)


def _shown(use: Use) -> dict[str, Any]:
    use.mandate.use = use  # type: ignore[attr-defined]
    return dict(MandateShown(use.mandate).data)


urlpatterns = [
    path("portfolios/<int:portfolio_id>/thresholds", Thresholds.as_view(), name="api-thresholds"),
    path("mandates", Mandates.as_view(), name="api-mandates"),
    path("mandates/<int:mandate_id>", OneMandate.as_view(), name="api-mandate"),
    path("mandates/<int:mandate_id>/revoke", RevokeMandate.as_view(), name="api-revoke-mandate"),
]
