"""The ledger: balances at any date, every transfer with what it was booked for, and the files."""

import csv
import tempfile
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from allocation import ledger_reading, proving
from allocation.ledger_forms import LedgerFilter
from allocation.models import LedgerHead, Transfer
from allocation.positions import positions_on
from allocation.unwinding import stuck_in
from bets.models import Bet
from spm.accounts.middleware import turn_to
from spm.accounts.page_request import PageRequest
from spm.accounts.permissions import NotAllowed, may
from spm.cells import as_cells
from spm.sheets.written import Sheet, write_workbook

ROWS = 50
POSITIONS_SHOWN = 100
MOST_IN_A_WORKBOOK = 200_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_GET
def ledger_page(request: PageRequest) -> HttpResponse:
    """Every transfer, the balances at a date, and the proof."""
    return render(request, "allocation/ledger.html", _ledger(request))


@require_GET
def ledger_rows(request: PageRequest) -> HttpResponse:
    """The part of the page that follows the books."""
    return render(request, "allocation/_ledger.html", _ledger(request))


def _ledger(request: PageRequest) -> dict[str, Any]:
    portfolio, today = request.portfolio, timezone.localdate()
    form = LedgerFilter(request.GET)
    wanted = form.wanted()
    day = wanted.get("on") or today
    if portfolio is None:
        return {"form": form, "rows": [], "positions": None, "on": day}
    page = list(ledger_reading.transfers(portfolio, wanted, today)[: ROWS + 1])
    parameters = request.GET.copy()
    if len(page) > ROWS:
        parameters["before"] = str(page[ROWS - 1].sequence)
    bet_id = wanted.get("bet")
    positions = positions_on(portfolio, day)
    proof, is_owed = proving.latest(portfolio)
    return {
        "form": form,
        "on": day,
        "today": today,
        "bet": Bet.objects.filter(portfolio=portfolio, pk=bet_id).first() if bet_id else None,
        "positions": positions,
        "held_by": positions.bets[:POSITIONS_SHOWN],
        "held_beyond": max(0, len(positions.bets) - POSITIONS_SHOWN),
        "to_come": ledger_reading.scheduled_between(portfolio, today, day) if day > today else 0,
        "stuck": stuck_in(portfolio, today),
        "may_unwind": may(request.user, "unwind", portfolio.pk),
        "rows": page[:ROWS],
        "older_url": f"?{parameters.urlencode()}" if len(page) > ROWS else "",
        "live_url": f"{reverse('allocation:ledger_rows')}?{request.GET.urlencode()}",
        "head": getattr(portfolio, "ledger_head", None),
        "proof": proof,
        "is_being_proved": is_owed,
        "may_prove": may(request.user, "prove", portfolio.pk),
        "query": request.GET.urlencode(),
    }


@require_POST
def prove_now(request: PageRequest) -> HttpResponse:
    """Have the books proved by a worker."""
    if request.portfolio is None:
        raise Http404
    try:
        proving.ask_for_proof(request.user, request.portfolio.pk)
    except NotAllowed as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    messages.success(request, "The books are being proved; this page follows.")
    return redirect("allocation:ledger")


@require_GET
def transfer_page(request: PageRequest, transfer_id: int) -> HttpResponse:
    """One transfer: who decided it under which authority, and what was known then."""
    visible = Transfer.objects.visible_to(request.user).select_related("portfolio")
    transfer = get_object_or_404(ledger_reading.with_causes(visible), pk=transfer_id)
    turn_to(request, transfer.portfolio_id)
    known = ledger_reading.known_to(transfer.decision) if transfer.decision else None
    context = {
        "transfer": transfer,
        "known": known,
        "today": timezone.localdate(),
        "reason": ledger_reading.reason_of(transfer),
        "who": ledger_reading.who_booked(transfer),
        "currency": transfer.portfolio.currency,
    }
    return render(request, "allocation/transfer.html", context)


class Echo:
    """A file for ``csv.writer`` that hands each line straight on."""

    def write(self, line: str) -> str:
        return line


@require_GET
def ledger_csv(request: PageRequest) -> StreamingHttpResponse:
    """The transfers as CSV, for a spreadsheet: no cell is ever a formula."""
    portfolio = request.portfolio
    if portfolio is None:
        raise Http404
    rows = ledger_reading.transfers(
        portfolio, LedgerFilter(request.GET).wanted(), timezone.localdate()
    )
    writer = csv.writer(Echo())
    lines = (writer.writerow(as_cells(row)) for row in ledger_reading.table(rows))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="ledger-{portfolio.slug}.csv"'
    return response


@require_GET
def ledger_xlsx(request: PageRequest) -> FileResponse:
    """Transfers, balances at the date and the proof as a workbook of three sheets."""
    portfolio, today = request.portfolio, timezone.localdate()
    if portfolio is None:
        raise Http404
    wanted = LedgerFilter(request.GET).wanted()
    rows = ledger_reading.transfers(portfolio, wanted, today)
    count = rows.count()
    positions = positions_on(portfolio, wanted.get("on") or today)
    head = LedgerHead.objects.filter(portfolio=portfolio).first()
    said = f"{count:,} transfers" if count <= MOST_IN_A_WORKBOOK else _cut_off(count)
    rows = rows[:MOST_IN_A_WORKBOOK]
    # Closed by the response, once it has been sent; then nothing is left of it.
    file = tempfile.TemporaryFile()  # noqa: SIM115
    cells = (ledger_reading.cells_of(row) for row in rows.iterator(chunk_size=1000))
    write_workbook(
        file,
        [
            Sheet("Transfers", _under(ledger_reading.COLUMNS, cells)),
            Sheet("Balances", ledger_reading.balances_table(positions)),
            Sheet("Proof", ledger_reading.proof_table(portfolio, positions, head, said)),
        ],
    )
    file.seek(0)
    name = f"ledger-{portfolio.slug}.xlsx"
    return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)


def _cut_off(count: int) -> str:
    return f"the newest {MOST_IN_A_WORKBOOK:,} of {count:,} transfers; the CSV file holds all"


def _under(head: Any, rows: Any) -> Any:
    yield head
    yield from rows
