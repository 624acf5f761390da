"""The evidence stream: its page, the rows that follow the portfolio, and the export."""

import csv
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bets.models import Portfolio
from bets.open_to import bets_open_to
from evidence.forms import StreamFilter
from evidence.stream import page_of, stream, table
from spm.cells import as_cells

KEPT_IN_ADDRESS = ("q", "bet", "stream", "kind", "source", "breaks")


@require_GET
def stream_page(request: HttpRequest) -> HttpResponse:
    """What was learnt, across bets, newest first."""
    portfolio: Portfolio | None = getattr(request, "portfolio", None)
    if portfolio is None:
        return render(request, "evidence/stream.html", {"rows": None})
    form = StreamFilter(portfolio, request.GET)
    context = {**_rows(request, portfolio, form), "form": form}
    return render(request, "evidence/stream.html", context)


@require_GET
def stream_rows(request: HttpRequest) -> HttpResponse:
    """The part of the page that follows the portfolio."""
    portfolio = _portfolio(request)
    form = StreamFilter(portfolio, request.GET)
    return render(request, "evidence/_rows.html", _rows(request, portfolio, form))


@require_GET
def stream_csv(request: HttpRequest) -> StreamingHttpResponse:
    """All that the filters leave, as CSV: no cell is ever a formula."""
    portfolio = _portfolio(request)
    rows = stream(portfolio, StreamFilter(portfolio, request.GET).wanted())
    writer = csv.writer(_Echo())
    lines = (writer.writerow(as_cells(row)) for row in table(rows))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="evidence-{portfolio.slug}.csv"'
    return response


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, line: str) -> str:
        """The line itself."""
        return line


def _portfolio(request: HttpRequest) -> Portfolio:
    """The portfolio that the fragment's page was about, whatever was opened elsewhere since."""
    named = request.GET.get("portfolio", "")
    current: Portfolio | None = getattr(request, "portfolio", None)
    if named.isascii() and named.isdigit() and len(named) < 19:
        visible = Portfolio.objects.visible_to(request.user)
        current = visible.filter(pk=int(named)).first()
    if current is None:
        raise Http404
    return current


def _rows(request: HttpRequest, portfolio: Portfolio, form: StreamFilter) -> dict[str, Any]:
    wanted = form.wanted()
    query = _query(request)
    before = request.GET.get("before", "")
    page = page_of(stream(portfolio, wanted), before)
    here = reverse("evidence:stream")
    live = query.copy()
    live["portfolio"] = str(portfolio.pk)
    if before:
        live["before"] = before
    own = bets_open_to(request.user, "log_evidence", portfolio.pk)
    shown = {row.evidence.bet_id for row in page.rows}
    return {
        "rows": page.rows,
        "may_log_on": set(own.filter(pk__in=shown).values_list("id", flat=True)),
        "is_filtered": bool(query),
        "older_url": _address(here, query, before=page.older) if page.older else "",
        "newest_url": _address(here, query) if before else "",
        "live_url": _address(reverse("evidence:stream_rows"), live),
        "csv_url": _address(reverse("evidence:stream_csv"), query, portfolio=str(portfolio.pk)),
    }


def _query(request: HttpRequest) -> QueryDict:
    """The filters that are set, and nothing else."""
    query = QueryDict(mutable=True)
    for name in KEPT_IN_ADDRESS:
        if value := request.GET.get(name, "").replace("\0", ""):
            query[name] = value
    return query


def _address(path: str, query: QueryDict, **more: str) -> str:
    whole = query.copy()
    for name, value in more.items():
        whole[name] = value
    return f"{path}?{whole.urlencode()}" if whole else path
