"""The API's paths for what is recorded in the books beside decisions."""

from collections.abc import Iterable
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
from spm.api import strict_json
from spm.api.idempotency import Answer, once
from spm.api.parsers import LinesParser
from spm.api.problems import problem_of_line
from spm.api.schema import IDEMPOTENCY_KEY
from spm.api.views import ApiView, ListView, id_in, respond
from spm.errors import Invalid


class Unwind(ApiView):
    """Entangled money of a bet."""

    problems = (422,)

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
    problems = (409, 422)
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
        rows, refused = _read_lines(cast(list[bytes], request.data))

        def act() -> Answer:
            outcomes = actuals.record_many(
                self.principal, portfolio, [(bet_id, said) for _, bet_id, said in rows]
            )
            return Answer(200, forms.ActualsTakenShown(_summed_up(rows, outcomes, refused)).data)

        return respond(once(request, act))


Lines = list[tuple[int, int, actuals.Said]]


def _without_month(given: dict[str, Any]) -> dict[str, Any]:
    if "month" in given:
        raise Invalid({"month": "The address names the month."})
    return given


def _read_lines(lines: Iterable[bytes]) -> tuple[Lines, dict[int, Any]]:
    """The good lines as (number, bet, what is said), and the problems of the others by number."""
    rows: Lines = []
    refused = {}
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        try:
            given = strict_json.decode(raw)
            if not isinstance(given, dict):
                raise Invalid({"": "A line must be a JSON object: {...}."})
            bet_id = id_in(given, "bet")
            rows.append((number, bet_id, actuals.read(given)))
        except Invalid as refusal:
            refused[number] = problem_of_line(refusal)
    return rows, refused


def _summed_up(
    rows: Lines, outcomes: list[actuals.Outcome], refused: dict[int, Any]
) -> dict[str, Any]:
    refused = dict(refused)
    for (number, _, _), outcome in zip(rows, outcomes, strict=True):
        if outcome.refusal is not None:
            refused[number] = problem_of_line(outcome.refusal)
    taken = sum(outcome.created for outcome in outcomes)
    known = sum(outcome.row is not None for outcome in outcomes)
    return {
        "taken": taken,
        "repeated": known - taken,
        "refused": [{"line": number, **refused[number]} for number in sorted(refused)],
    }


urlpatterns = [
    path("bets/<int:bet_id>/unwind", Unwind.as_view(), name="api-unwind"),
    path("actuals", Actuals.as_view(), name="api-actuals"),
    path("actuals/bulk", ActualsInBulk.as_view(), name="api-actuals-bulk"),
    path("actuals/<int:bet_id>/<str:month>", OneActual.as_view(), name="api-actual"),
]
