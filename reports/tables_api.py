"""The API's paths for the figures behind the pages: the same tables as their CSV files, as JSON."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from django.http import Http404
from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from allocation.models import Proposal
from bets.models import Bet, Portfolio
from bets.serializers import PortfolioFilter
from reports import bet_history, frontier_picture, proposal_picture
from reports.calibration import Calibration
from reports.figures.table import Table
from reports.five_numbers import five_numbers
from reports.flow import Flow, FlowFilters
from reports.journal.asked import Asked
from reports.journal.journal import Journal
from reports.journal.tables import TABLES, table
from reports.learn_next import as_table, learn_next
from spm.api.views import ApiView
from spm.errors import Invalid

Rows = Iterable[Any]
Reader = Callable[[Portfolio, Mapping[str, str]], Rows]

FLOW_PARTS = ("cumulative", "time-in-stage", "ageing", "decisions", "bets", "stages", "blocked")


class FiveNumbersShown(serializers.Serializer[Any]):
    """Rates in currency per month, sums in currency, times in days; null until there is a case."""

    broken_rate = serializers.CharField(help_text="Held on broken theses, a month.")
    broken_bets = serializers.IntegerField()
    spent_since_breaks = serializers.CharField()
    evidence_to_money_days = serializers.FloatField(allow_null=True)
    evidence_to_money_cases = serializers.IntegerField()
    allocation_gap = serializers.FloatField(allow_null=True)
    stuck_rate = serializers.CharField()
    stuck_share = serializers.FloatField(help_text="Of the envelope.")
    silent_rate = serializers.CharField()
    silent_bets = serializers.IntegerField()


class TableShown(serializers.Serializer[Any]):
    """A table: the names of its columns, and its rows in that order."""

    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.ListField(child=serializers.JSONField()))


class FiveNumbers(ApiView):
    """The five numbers of the office."""

    @extend_schema(
        parameters=[PortfolioFilter], responses=FiveNumbersShown, summary="Show the five numbers"
    )
    def get(self, request: Request) -> Response:
        """As on the first page."""
        wanted = PortfolioFilter.of(request.query_params)
        portfolio = Portfolio.objects.meant_by(self.principal, wanted.get("portfolio"))
        return Response(FiveNumbersShown(asdict(five_numbers(portfolio))).data)


def _parameter(name: str, text: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.QUERY, description=text)


FILTERS = [
    _parameter("period", "Days back: 30, 90 or 365; or all. Journal and flow."),
    _parameter("stream", "The id of a value stream. Flow and calibration."),
    _parameter("theme", "The id of a theme. Flow."),
    _parameter("horizon", "H0 to H3. Flow."),
    _parameter("team", "The id of a team. Calibration."),
    _parameter("source", "The name of a source. Calibration."),
    _parameter("lead", "How many days before the end a forecast counts. Calibration."),
    _parameter("kind", "Which decisions. Journal."),
    _parameter("authority", "Decided by what right. Journal."),
    _parameter("bet", "The id of a bet. Journal."),
]
KNOWN = frozenset(each.name for each in FILTERS)


class Report(ApiView):
    """One table of a report."""

    @extend_schema(
        parameters=[PortfolioFilter, *FILTERS], responses=TableShown, summary="Show a report"
    )
    def get(self, request: Request, report: str, part: str) -> Response:
        """``journal``: decisions, waits, authority, refused, reversed, freed, learned. ``flow``:
        cumulative, time-in-stage, ageing, decisions, bets, stages, blocked. ``calibration``:
        forecasts, diagram. ``evidence``: next. The filters are those of the page's address.
        """
        asked = request.query_params.dict()
        wanted = PortfolioFilter.of(_portfolio_in(request))
        odd = [name for name in asked if name not in {*KNOWN, "portfolio", "fields"}]
        if odd:
            raise Invalid({odd[0]: f"There are these filters: {', '.join(sorted(KNOWN))}."})
        reader = REPORTS.get((report, part))
        if reader is None:
            raise Http404
        portfolio = Portfolio.objects.meant_by(self.principal, wanted.get("portfolio"))
        return _as_table(reader(portfolio, asked))


class BeliefOverMoney(ApiView):
    """A bet's belief over its money."""

    @extend_schema(responses=TableShown, summary="Show belief over money of a bet")
    def get(self, request: Request, bet_id: int) -> Response:
        """What is behind the picture of the bet, in order of time."""
        bet = Bet.objects.visible_to(self.principal).select_related("portfolio").get(pk=bet_id)
        return _as_table(bet_history.pictures_of(bet)[0].table.as_rows())


class Waterfall(ApiView):
    """A proposal as a waterfall."""

    @extend_schema(responses=TableShown, summary="Show the waterfall of a proposal")
    def get(self, request: Request, proposal_id: int) -> Response:
        """Where the money comes from, what is freed of it, and where it goes."""
        return _as_table(
            proposal_picture.pictures_of(_proposal(self, proposal_id))[0].table.as_rows()
        )


class Frontier(ApiView):
    """Value against turnover."""

    @extend_schema(responses=TableShown, summary="Show value against turnover of a proposal")
    def get(self, request: Request, proposal_id: int) -> Response:
        """404 until it is worked out."""
        pictures = frontier_picture.pictures_of(_proposal(self, proposal_id))
        if pictures is None:
            raise Http404
        return _as_table(pictures[0].table.as_rows())


# --- inside ---------------------------------------------------------------------------------------


def _journal(part: str) -> Reader:
    def read(portfolio: Portfolio, asked: Mapping[str, str]) -> Rows:
        return table(Journal(portfolio, Asked.of({**asked, "part": part}), timezone.now()), part)

    return read


def _flow(part: str) -> Reader:
    def read(portfolio: Portfolio, asked: Mapping[str, str]) -> Rows:
        return Flow(portfolio, FlowFilters.of(asked), timezone.now()).table(part).as_rows()

    return read


def _calibration(part: str) -> Reader:
    def read(portfolio: Portfolio, asked: Mapping[str, str]) -> Rows:
        shown = Calibration(portfolio, asked)
        found: Table = shown.table() if part == "forecasts" else shown.picture().table
        return found.as_rows()

    return read


REPORTS: dict[tuple[str, str], Reader] = {
    **{("journal", part): _journal(part) for part in TABLES},
    **{("flow", part): _flow(part) for part in FLOW_PARTS},
    **{("calibration", part): _calibration(part) for part in ("forecasts", "diagram")},
    ("evidence", "next"): lambda portfolio, asked: as_table(learn_next(portfolio)),
}


def _portfolio_in(request: Request) -> Any:
    """The parameters without the report's own filters."""
    rest = request._request.GET.copy()
    for name in KNOWN:
        rest.pop(name, None)
    return rest


def _proposal(view: ApiView, proposal_id: int) -> Proposal:
    rows = Proposal.objects.visible_to(view.principal).select_related("portfolio")
    proposal: Proposal = rows.defer("snapshot", "solution").get(pk=proposal_id)
    return proposal


def _as_table(rows: Rows) -> Response:
    head, *rest = rows
    return Response({"columns": [str(each) for each in head], "rows": [list(row) for row in rest]})


urlpatterns = [
    path("reports/five-numbers", FiveNumbers.as_view(), name="api-five-numbers"),
    path("reports/<slug:report>/<slug:part>", Report.as_view(), name="api-report"),
    path(
        "bets/<int:bet_id>/belief-over-money",
        BeliefOverMoney.as_view(),
        name="api-belief-over-money",
    ),
    path("proposals/<int:proposal_id>/waterfall", Waterfall.as_view(), name="api-waterfall"),
    path("proposals/<int:proposal_id>/frontier", Frontier.as_view(), name="api-frontier"),
]
