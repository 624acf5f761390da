"""Actual spend: what bets really cost beside what they were funded with, and files of it."""

import csv
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from allocation import actuals_file, variance
from allocation.ledger_forms import ActualsFilter
from allocation.models import ActualsFile
from allocation.pages.ledger import Echo
from bets.models import Bet
from bets.views.asked import bet_turned_to
from evidence.file_import.refused import refused_rows
from spm.accounts.middleware import turn_to
from spm.accounts.page_request import PageRequest
from spm.accounts.permissions import NotAllowed, may
from spm.cells import as_cells
from spm.errors import Conflict, Invalid
from spm.sheets.grid import MOST_BYTES

ROWS = 50
FILES_SHOWN = 20
PROBLEMS_SHOWN = 50
SAMPLES = 3


@require_GET
def actuals_page(request: PageRequest) -> HttpResponse:
    """Months of bets, newest first, each with its signal in words."""
    return render(request, "allocation/actuals.html", _page(request))


@require_GET
def actuals_rows(request: PageRequest) -> HttpResponse:
    """The part of the page that follows what is recorded."""
    return render(request, "allocation/_actuals.html", _page(request))


def _page(request: PageRequest) -> dict[str, Any]:
    portfolio = request.portfolio
    if portfolio is None:
        return {"rows": []}
    wanted = ActualsFilter(request.GET).wanted()
    bet_id = wanted.get("bet")
    rows, more = variance.page(
        portfolio,
        timezone.localdate(),
        ROWS,
        after=wanted.get("after", ""),
        bet_id=bet_id,
    )
    parameters = request.GET.copy()
    parameters["after"] = more
    parameters_now = request.GET.urlencode()
    return {
        "rows": rows,
        "bet": Bet.objects.filter(portfolio=portfolio, pk=bet_id).first() if bet_id else None,
        "older_url": f"?{parameters.urlencode()}" if more else "",
        "live_url": f"{reverse('allocation:actuals_rows')}?{parameters_now}",
        "query": parameters_now,
        "may_record": may(request.user, "record_actuals", portfolio.pk),
    }


@require_GET
def actuals_csv(request: PageRequest) -> StreamingHttpResponse:
    """All of it as CSV: no cell is ever a formula."""
    portfolio = request.portfolio
    if portfolio is None:
        raise Http404
    bet_id = ActualsFilter(request.GET).wanted().get("bet")
    writer = csv.writer(Echo())
    rows = variance.table(portfolio, timezone.localdate(), bet_id)
    lines = (writer.writerow(as_cells(row)) for row in rows)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="actuals-{portfolio.slug}.csv"'
    return response


@require_GET
def bet_panel(request: PageRequest, bet_id: int) -> HttpResponse:
    """What a bet really cost in its last months."""
    bet = bet_turned_to(request, bet_id)
    rows = variance.of_bet(bet, timezone.localdate())
    return render(request, "allocation/_bet_actuals.html", {"bet": bet, "rows": rows})


# --- files ----------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def hand_in_page(request: PageRequest) -> HttpResponse:
    """The form for a file, and the files that were handed in before."""
    portfolio, wrong = request.portfolio, ""
    if portfolio is None:
        return render(request, "allocation/actuals_files.html", {})
    if request.method == "POST":
        chosen = request.FILES.get("file")
        try:
            if chosen is None:
                raise Invalid({"file": "Choose a file: CSV or XLSX."})
            name, source = chosen.name or "", request.POST.get("source", "")
            file = actuals_file.hand_in(request.user, portfolio, name, chosen.read(), source)
            return redirect("allocation:actuals_file", file_id=file.pk)
        except Invalid as refusal:
            wrong = " ".join(refusal.fields.values())
        except NotAllowed as refusal:
            raise PermissionDenied(str(refusal)) from refusal
    files = ActualsFile.objects.filter(portfolio=portfolio).select_related("handed_in_by")
    context = {
        "files": list(files.defer("grid")[:FILES_SHOWN]),
        "may_record": may(request.user, "record_actuals", portfolio.pk),
        "wrong": wrong,
        "source": request.POST.get("source", ""),
        "most_bytes": MOST_BYTES,
    }
    return render(request, "allocation/actuals_files.html", context, status=422 if wrong else 200)


@require_GET
def file_page(request: PageRequest, file_id: int) -> HttpResponse:
    """One file: to be looked over, or what became of it."""
    return _file_page(request, _visible(request, file_id))


@require_POST
def choose_columns(request: PageRequest, file_id: int) -> HttpResponse:
    """Keep which column says what, and show what would come of it."""
    file = _visible(request, file_id)
    return _step(
        request, file, lambda: actuals_file.choose(request.user, file, request.POST.dict())
    )


@require_POST
def take_file(request: PageRequest, file_id: int) -> HttpResponse:
    """Record what the file says of its good rows."""
    file = _visible(request, file_id)
    done = "What bets really cost is recorded."
    return _step(request, file, lambda: actuals_file.take(request.user, file), done)


def _step(request: PageRequest, file: ActualsFile, rule: Any, done: str = "") -> HttpResponse:
    try:
        rule()
    except NotAllowed as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except Invalid as refusal:
        return _file_page(request, file, " ".join(refusal.fields.values()), 422)
    except Conflict as conflict:
        file.refresh_from_db()
        return _file_page(request, file, conflict.message, 409)
    if done:
        messages.success(request, done)
    return redirect("allocation:actuals_file", file_id=file.pk)


def _visible(request: PageRequest, file_id: int) -> ActualsFile:
    rows = ActualsFile.objects.visible_to(request.user).select_related("portfolio", "handed_in_by")
    file: ActualsFile = get_object_or_404(rows, pk=file_id)
    turn_to(request, file.portfolio_id)
    return file


def _file_page(
    request: PageRequest, file: ActualsFile, problem: str = "", status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "file": file,
        "problem": problem,
        "may_record": may(request.user, "record_actuals", file.portfolio_id),
        "refused": file.refused[:PROBLEMS_SHOWN],
        "refused_beyond": max(0, len(file.refused) - PROBLEMS_SHOWN),
    }
    if file.taken_at is None:
        context |= _to_look_over(file)
    return render(request, "allocation/actuals_file.html", context, status=status)


def _to_look_over(file: ActualsFile) -> dict[str, Any]:
    grid, plan = actuals_file.grid_of(file), actuals_file.plan_for(file)
    return {
        "plan": plan,
        "refused": plan.problems[:PROBLEMS_SHOWN],
        "refused_beyond": max(0, len(plan.problems) - PROBLEMS_SHOWN),
        "meanings": [
            {"name": name, "column": file.columns.get(name, ""), "wrong": plan.wrong.get(name, "")}
            for name in actuals_file.NAMES
        ],
        "columns": [
            {"name": column, "samples": ", ".join(filter(None, grid.column(column)[:SAMPLES]))}
            for column in grid.columns
        ],
        "months_in_columns": "month" not in file.columns and len(actuals_file.months_in(grid)),
    }


@require_GET
def refused_csv(request: PageRequest, file_id: int) -> HttpResponse:
    """The rows that were not taken, with the reason in a column, to correct and send again."""
    file = _visible(request, file_id)
    grid = actuals_file.grid_of(file)
    refused = file.refused
    if file.taken_at is None:
        problems = actuals_file.plan_for(file).problems
        refused = [
            {"line": each.line, "column": each.column, "reason": each.reason} for each in problems
        ]
    content = refused_rows(grid, refused, grid.separator or ",")
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="refused-{file.pk}.csv"'
    return response
