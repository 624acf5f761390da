"""Files of evidence: handing in, looking over, the report, and taking back as a whole."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evidence.file_import import steps
from evidence.file_import.fields import FIELDS
from evidence.file_import.mapping import (
    CONSTANTS,
    DIRECTIONS,
    MEANINGS,
    MOST_WORDS,
    NOTHING,
    STRENGTHS,
    words_of,
)
from evidence.file_import.plan import Plan
from evidence.file_import.refused import refused_rows
from evidence.models import EvidenceImport
from spm.accounts.middleware import turn_to
from spm.accounts.permissions import NotAllowed, may
from spm.errors import Conflict, Invalid
from spm.sheets.grid import MOST_BYTES, Grid

EARLIER_SHOWN = 30
ROWS_SHOWN = 8
PROBLEMS_SHOWN = 50
SAMPLES_OF_A_COLUMN = 3
SAMPLE = """bet,for or against,strength,observed on,source,what was seen
Name of a bet,for,strong,2026-03-14,Interviews,"Nine of ten would pay for it, and four did"
Name of a bet,against,weak,14/04/2026,Support desk,Two customers asked how to turn it off
"""


@require_http_methods(["GET", "POST"])
def hand_in_page(request: HttpRequest) -> HttpResponse:
    """The form for a file, and the files that were handed in before."""
    portfolio = getattr(request, "portfolio", None)
    if portfolio is None:
        return render(request, "evidence/imports.html", {"portfolio": None})
    wrong = ""
    if request.method == "POST":
        chosen = request.FILES.get("file")
        try:
            if chosen is None:
                raise Invalid({"file": "Choose a file: CSV or XLSX."})
            content, name = chosen.read(), chosen.name or ""
            file = steps.hand_in(request.user, portfolio, name, content)  # type: ignore[arg-type]
            return redirect("evidence:import", file.pk)
        except Invalid as refusal:
            wrong = " ".join(refusal.fields.values())
        except NotAllowed as refusal:
            raise PermissionDenied(str(refusal)) from refusal
    files = EvidenceImport.objects.filter(portfolio=portfolio).select_related("uploaded_by")
    context = {
        "files": list(files.defer("content", "grid", "mapping")[:EARLIER_SHOWN]),
        "may_log": may(request.user, "log_evidence", portfolio.pk),
        "wrong": wrong,
        "most_bytes": MOST_BYTES,
    }
    return render(request, "evidence/imports.html", context, status=422 if wrong else 200)


@require_GET
def sample_csv(request: HttpRequest) -> HttpResponse:
    """A small file in a shape that is recognised without any mapping."""
    return _csv(SAMPLE, "evidence-sample.csv")


@require_GET
def file_page(request: HttpRequest, import_id: int) -> HttpResponse:
    """One file: to be looked over, under way, or its report."""
    file = _visible(request, import_id)
    turn_to(request, file.portfolio_id)
    return render(request, "evidence/import.html", _context(request, file))


@require_GET
def state(request: HttpRequest, import_id: int) -> HttpResponse:
    """The part of the page that follows the file."""
    return render(request, "evidence/_import.html", _context(request, _visible(request, import_id)))


@require_POST
def choose(request: HttpRequest, import_id: int) -> HttpResponse:
    """Keep what somebody says about the columns, and show what would come of it."""
    file = _visible(request, import_id)
    try:
        steps.choose(request.user, file, request.POST.dict())  # type: ignore[arg-type]
    except NotAllowed as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except Conflict as conflict:
        return _state_with(request, file, conflict.message, 409)
    if not request.headers.get("HX-Request"):
        return redirect("evidence:import", file.pk)
    return render(request, "evidence/_import.html", _context(request, file))


@require_POST
def begin(request: HttpRequest, import_id: int) -> HttpResponse:
    """Import the file as it is mapped."""
    file = _visible(request, import_id)
    return _step(request, file, lambda: steps.begin(request.user, file))  # type: ignore[arg-type]


@require_POST
def undo(request: HttpRequest, import_id: int) -> HttpResponse:
    """Take back everything that came of the file."""
    file = _visible(request, import_id)
    return _step(request, file, lambda: steps.undo(request.user, file))  # type: ignore[arg-type]


@require_GET
def refused_csv(request: HttpRequest, import_id: int) -> HttpResponse:
    """The rows that could not be taken, with the reason in a column, to correct and send again."""
    file = _visible(request, import_id)
    if not file.grid:
        raise Http404
    rows = refused_rows(steps.grid_of(file), file.problems, file.recognised.get("separator", ","))
    return _csv(rows, f"refused-{file.pk}.csv")


# --- inside ---------------------------------------------------------------------------------------


def _visible(request: HttpRequest, import_id: int) -> EvidenceImport:
    rows = EvidenceImport.objects.visible_to(request.user).defer("content")
    file: EvidenceImport = get_object_or_404(
        rows.select_related("portfolio", "uploaded_by"), pk=import_id
    )
    return file


def _step(request: HttpRequest, file: EvidenceImport, rule: Any) -> HttpResponse:
    try:
        rule()
    except NotAllowed as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except (Conflict, Invalid) as refusal:
        file.refresh_from_db()
        return _state_with(request, file, str(refusal), 409)
    if not request.headers.get("HX-Request"):
        return redirect("evidence:import", file.pk)
    return render(request, "evidence/_import.html", _context(request, file))


def _state_with(request: HttpRequest, file: EvidenceImport, said: str, status: int) -> HttpResponse:
    template = (
        "evidence/_import.html" if request.headers.get("HX-Request") else "evidence/import.html"
    )
    return render(request, template, {**_context(request, file), "said": said}, status=status)


def _context(request: HttpRequest, file: EvidenceImport) -> dict[str, Any]:
    context: dict[str, Any] = {
        "file": file,
        "may_log": may(request.user, "log_evidence", file.portfolio_id),
        "live_url": reverse("evidence:import_state", args=[file.pk]),
        "problems": file.problems[:PROBLEMS_SHOWN],
        "problems_beyond": max(0, len(file.problems) - PROBLEMS_SHOWN),
        "share_done": round(100 * file.rows_done / file.rows) if file.rows else 0,
    }
    if file.status == EvidenceImport.Status.MAPPING:
        context |= _to_look_over(file)
    return context


def _to_look_over(file: EvidenceImport) -> dict[str, Any]:
    """The columns with samples, the words with meanings, and what would come of every row."""
    grid, mapping = steps.grid_of(file), steps.mapping_of(file)
    wrong = steps.wrong_with(file)
    chosen = steps.form_of(mapping, grid)
    words = words_of(grid, mapping)
    plan = Plan() if wrong else steps.plan_for(file)
    return {
        "wrong": wrong,
        "columns": [
            {
                "place": place,
                "name": name,
                "field": chosen.get(f"column.{place}", ""),
                "samples": _samples(grid, place),
                "wrong": wrong.get(f"column.{place}", ""),
            }
            for place, name in enumerate(grid.columns)
        ],
        "fields": FIELDS,
        "words": [
            {"word": word, "count": count, "meaning": mapping.words.get(word, "")}
            for word, count in list(words.items())[:MOST_WORDS]
        ]
        if "says" in mapping.columns and len(words) <= MOST_WORDS
        else [],
        "meanings": [meaning for meaning in MEANINGS if meaning != NOTHING],
        "constants": {name: mapping.constants.get(name, "") for name in CONSTANTS},
        "directions": DIRECTIONS,
        "strengths": STRENGTHS,
        "mapping": mapping,
        "plan": plan,
        "planned": plan.planned[:ROWS_SHOWN],
        "problems": plan.problems[:PROBLEMS_SHOWN],
        "problems_beyond": max(0, len(plan.problems) - PROBLEMS_SHOWN),
        "refused": len(plan.refused_lines),
        "is_usable": not wrong and bool(plan.planned),
    }


def _samples(grid: Grid, place: int) -> list[str]:
    """A few different cells of a column."""
    found: list[str] = []
    for _, cells in grid.rows:
        cell = cells[place]
        if cell and cell not in found:
            found.append(cell)
        if len(found) == SAMPLES_OF_A_COLUMN:
            break
    return found


def _csv(text: str, filename: str) -> HttpResponse:
    """A CSV file that spreadsheets open as UTF-8."""
    response = HttpResponse("\ufeff" + text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response
