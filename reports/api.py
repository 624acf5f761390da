"""The API's paths for reports."""

from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from bets.models import Portfolio
from reports import serializers as forms
from reports.broken.report import AfterBreakReport, BrokenBet
from reports.paging import page_of
from spm.api.views import ApiView

BETS_A_PAGE = 50
CURSOR = OpenApiParameter(
    "cursor",
    {"type": "string", "pattern": "^[0-9]{1,19}$"},
    description="Where the page begins; taken from `next` of the page before.",
)


class AfterBreak(ApiView):
    """Capital after break."""

    @extend_schema(
        parameters=[forms.AfterBreakFilter, CURSOR],
        responses=forms.AfterBreakShown,
        summary="Show capital after break",
    )
    def get(self, request: Request) -> Response:
        """The most spent first, each bet with what happened to it, in order of time."""
        wanted = forms.AfterBreakFilter.of(request.query_params)
        portfolio = Portfolio.objects.meant_by(self.principal, wanted.get("portfolio"))
        report = AfterBreakReport(
            portfolio, timezone.now(), bet_id=wanted.get("bet"), only_now="broken" in wanted
        )
        below = request.query_params.get("cursor", "")
        page = page_of(report.rows, lambda row: str(row.bet_id), below, BETS_A_PAGE)
        here = request.build_absolute_uri()
        shown = {
            "until": report.today,
            "rate": report.rate,
            "spent": report.spent,
            "actual_spent": report.actual_spent,
            "next": replace_query_param(here, "cursor", page.older) if page.older else None,
            "results": [_shown(broken) for broken in report.histories(page.rows)],
        }
        return Response(forms.AfterBreakShown(shown).data)


def _shown(broken: BrokenBet) -> dict[str, Any]:
    return {
        "id": broken.bet.pk,
        "title": broken.bet.title,
        "broken_on": broken.row.broken_on,
        "rate": broken.row.rate,
        "spent": broken.row.spent,
        "actual_spent": broken.actual.spent if broken.actual else None,
        "actual_months": broken.actual.months_known if broken.actual else 0,
        "broken_months": broken.actual.months if broken.actual else None,
        "spells": [{"start": start, "end": end} for start, end in broken.spells],
        "events": [
            {"kind": event.kind, "at": event.at, "text": event.text, "who": event.who,
             "why": event.why, "spent_since": spent}
            for event, spent in zip(broken.events, broken.since, strict=True)
        ],
    }  # fmt: skip


urlpatterns = [
    path("reports/after-break", AfterBreak.as_view(), name="api-after-break"),
]
