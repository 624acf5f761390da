"""The API's paths for what is recorded in the books beside decisions."""

from typing import Any, cast

from django.urls import path
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from allocation import actuals, unwinding
from allocation import ledger_serializers as forms
from allocation.models import ActualSpend
from allocation.serializers import TransferShown
from bets.models import Portfolio
from bets.serializers import PortfolioFilter
from spm.api.idempotency import Answer, once
from spm.api.lines import Lines
from spm.api.parsers import LinesParser
from spm.api.schema import IDEMPOTENCY_KEY
from spm.api.views import ApiView, ListView, id_in, respond
from spm.errors import Invalid


class Unwind(ApiView):
    """Entangled money of a bet."""

    @extend_schema(
        request=forms.UnwindTerms,
        responses={201: TransferShown},
        parameters=[IDEMPOTENCY_KEY],
        summary="Record that entangled money is free again",
    )
    def post(self, request: Request, bet_id: int) -> Response:
        """Book it back to the reserve; the portfolio is computed again."""
        given = self.body

        def act() -> Answer:
            booked = unwinding.unwind(self.principal, bet_id, given)
            return Answer(201, TransferShown(booked).data)

        return respond(once(request, act))


class Actuals(ListView):
    """Actual spend."""

    @extend_schema(
        parameters=[forms.ActualsFilter],
        responses=forms.ActualShown(many=True),
        summary="List actual spend",
    )
    def get(self, request: Request) -> Response:
        """What was said last comes first; of a bet, month and source the latest row counts."""
        wanted = forms.ActualsFilter.of(request.query_params)
        rows = ActualSpend.objects.visible_to(self.principal)
        return self.page(rows.filter(**wanted), forms.ActualShown)


class OneActual(ApiView):
    """What a bet really cost in a month."""

    @extend_schema(
        request=forms.ActualTerms,
        responses={
            201: OpenApiResponse(forms.ActualShown, "It was recorded, or corrects what was."),
            200: OpenApiResponse(forms.ActualShown, "It was on record as you say."),
        },
        summary="Record what a bet really cost in a month",
    )
    def put(self, request: Request, bet_id: int, month: str) -> Response:
        """The same twice changes nothing; another amount of the same source corrects it."""
        said = actuals.read({"month": month, **_without_month(self.body)})
        done = actuals.record(self.principal, bet_id, said)
        return Response(forms.ActualShown(done.row).data, status=201 if done.created else 200)


class ActualsInBulk(ApiView):
    """What many bets really cost."""

    parser_classes = (LinesParser,)
    problems = (409,)
    throttle_cost = 100

    @extend_schema(
        request={LinesParser.media_type: {"type": "string", "format": "binary"}},
        responses=forms.ActualsTakenShown,
        parameters=[PortfolioFilter, IDEMPOTENCY_KEY],
        summary="Record actual spend in bulk",
    )
    def post(self, request: Request) -> Response:
        """Take all good lines; answer each bad one with its number and its problem."""
        wanted = PortfolioFilter.of(request.query_params)
        portfolio = Portfolio.objects.meant_by(self.principal, wanted.get("portfolio"))
        lines = Lines.of(cast(list[bytes], request.data), _actual_of)

        def act() -> Answer:
            outcomes = actuals.record_many(self.principal, portfolio, lines.read)
            return Answer(200, forms.ActualsTakenShown(lines.sum_up(outcomes)).data)

        return respond(once(request, act))


def _without_month(given: dict[str, Any]) -> dict[str, Any]:
    if "month" in given:
        raise Invalid({"month": "The address names the month."})
    return given


def _actual_of(given: dict[str, Any]) -> tuple[int, actuals.Said]:
    return id_in(given, "bet"), actuals.read(given)


urlpatterns = [
    path("bets/<int:bet_id>/unwind", Unwind.as_view(), name="api-unwind"),
    path("actuals", Actuals.as_view(), name="api-actuals"),
    path("actuals/bulk", ActualsInBulk.as_view(), name="api-actuals-bulk"),
    path("actuals/<int:bet_id>/<str:month>", OneActual.as_view(), name="api-actual"),
]
