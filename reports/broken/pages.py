"""The pages of capital after break."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from reports.broken.report import AfterBreakReport, BrokenBet
from reports.broken.tables import bets_table, events_table
from reports.broken.wording import sentence
from reports.csv_files import as_csv, rows_as_csv
from reports.figures.after_break import NARROW, WIDE
from reports.paging import page_of
from spm.accounts.page_request import PageRequest
from spm.reading import id_of

BETS_A_PAGE = 10


@require_GET
def after_break_page(request: PageRequest) -> HttpResponse:
    """What broken theses hold and have spent since, with what happened to each."""
    return render(request, "reports/after_break.html", _report(request))


@require_GET
def after_break_rows(request: PageRequest) -> HttpResponse:
    """The part of the page that follows the portfolio."""
    if request.portfolio is None:
        raise Http404
    return render(request, "reports/_after_break.html", _report(request))


@require_GET
def after_break_csv(request: PageRequest) -> HttpResponse:
    """Every bet that the filters leave."""
    if request.portfolio is None:
        raise Http404
    return rows_as_csv(bets_table(_read(request)), f"after-break-{request.portfolio.slug}.csv")


@require_GET
def after_break_bet_csv(request: PageRequest, bet_id: int) -> HttpResponse:
    """What happened to one bet."""
    if request.portfolio is None:
        raise Http404
    report = AfterBreakReport(request.portfolio, timezone.now(), bet_id=bet_id)
    if not report.rows:
        raise Http404
    (broken,) = report.histories(report.rows)
    return as_csv(events_table(broken, request.portfolio.currency), f"after-break-{bet_id}.csv")


def _read(request: PageRequest) -> AfterBreakReport:
    bet_id = id_of(request.GET.get("bet", ""))
    only_now = request.GET.get("broken") == "now"
    return AfterBreakReport(request.portfolio, timezone.now(), bet_id=bet_id, only_now=only_now)


def _report(request: PageRequest) -> dict[str, Any]:
    if request.portfolio is None:
        return {}
    report, before = _read(request), request.GET.get("before", "")
    page = page_of(report.rows, lambda row: str(row.bet_id), before, BETS_A_PAGE)
    filters = _filters(report)
    here = reverse("reports:after_break")
    return {
        "report": report,
        "rows": [_drawn(report, broken) for broken in report.histories(page.rows)],
        "older_url": f"{here}{_query(filters, before=page.older)}" if page.older else "",
        "live_url": f"{reverse('reports:after_break_rows')}{_query(filters, before=before)}",
        "csv_url": f"{reverse('reports:after_break_csv')}{_query(filters)}",
        "whole_url": here if report.bet_id else "",
        "choices": [
            {"label": label, "url": f"{here}{_query({}, broken=key)}",
             "is_current": report.only_now == bool(key)}
            for key, label in (("now", "Broken today"), ("", "Ever broken"))
        ],
    }  # fmt: skip


def _drawn(report: AfterBreakReport, broken: BrokenBet) -> dict[str, Any]:
    return {
        "broken": broken,
        "sentence": sentence(broken, report.portfolio.currency),
        "figure": report.picture(broken, WIDE),
        "narrow": report.picture(broken, NARROW),
        "table": events_table(broken, report.portfolio.currency),
    }


def _filters(report: AfterBreakReport) -> dict[str, str]:
    return {
        "bet": str(report.bet_id) if report.bet_id else "",
        "broken": "now" if report.only_now else "",
    }


def _query(filters: dict[str, str], **more: str) -> str:
    chosen = {name: value for name, value in {**filters, **more}.items() if value}
    return f"?{urlencode(chosen)}" if chosen else ""
