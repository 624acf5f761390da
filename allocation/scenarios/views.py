"""Pages and panels of scenarios: the list, one scenario with its sheets, the comparison."""

import csv
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from allocation.models import Scenario
from allocation.scenarios import comparison, edit, made_from, proposing, reading
from allocation.scenarios.answer import answer
from allocation.scenarios.forms import FORMS, DescriptionForm, SheetForm
from allocation.scenarios.opened import Opened
from allocation.scenarios.sheets import SHEETS, TITLES, Row, Sheet, Sheets
from allocation.scenarios.wording import Words
from allocation.snapshot import snapshot_of
from bets.forms import decimal_sign_of
from spm.accounts.middleware import turn_to
from spm.accounts.page_request import PageRequest
from spm.accounts.permissions import NotAllowed, may
from spm.cells import as_cells
from spm.errors import Conflict, Invalid

ROWS = 50
LATEST_MOVES = 8
FIRST_SHEET = "bets"
TURNED = ("stop", "bet", "guardrail")

View = Callable[..., HttpResponse]


# --- the list --------------------------------------------


@require_GET
def scenarios_page(request: PageRequest) -> HttpResponse:
    """All scenarios of the portfolio, to open, to compare, or to begin one."""
    return render(request, "allocation/scenarios.html", _list(request))


@require_GET
def scenarios_panel(request: PageRequest) -> HttpResponse:
    """The part of the list that follows the portfolio."""
    return render(request, "allocation/scenarios/_list.html", _list(request))


def _list(request: PageRequest) -> dict[str, Any]:
    portfolio = request.portfolio
    if portfolio is None:
        return {"rows": [], "may_propose": False}
    wanted = request.GET
    rows = reading.listed(portfolio, archived=wanted.get("archived") == "1")
    if wanted.get("whose") == "mine":
        rows = rows.filter(author=request.user)
    sort = wanted.get("sort", "")
    if sort.removeprefix("-") in reading.SORTS:
        rows = rows.order_by(sort, "-id")
    first = _whole_number(wanted.get("from", "")) or 0
    page = list(rows[first : first + ROWS + 1])
    parameters = wanted.copy()
    parameters["from"] = str(first + ROWS)
    return {
        "rows": page[:ROWS],
        "older_url": f"?{parameters.urlencode()}" if len(page) > ROWS else "",
        "may_propose": may(request.user, "propose", portfolio.pk),
        "query": wanted.urlencode(),
        "archived": wanted.get("archived") == "1",
        "mine": wanted.get("whose") == "mine",
    }


def _whole_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


@require_POST
def new(request: PageRequest) -> HttpResponse:
    """Begin a scenario, from today or from another one."""
    portfolio = request.portfolio
    if portfolio is None:
        raise Http404
    parent_id = _whole_number(request.POST.get("parent", ""))
    try:
        scenario = edit.create(
            request.user, portfolio, request.POST.get("name", "").strip(), parent_id=parent_id
        )
    except (Invalid, NotAllowed) as error:
        messages.error(request, str(error))
        return redirect("allocation:scenarios")
    return redirect("allocation:scenario", scenario.pk)


# --- one scenario --------------------------------------------


def _visible(request: PageRequest, scenario_id: int) -> Scenario:
    try:
        scenario = reading.opened_one(request.user, scenario_id)
    except Scenario.DoesNotExist:
        raise Http404 from None
    turn_to(request, scenario.portfolio_id)
    return scenario


@require_GET
def scenario_page(request: PageRequest, scenario_id: int) -> HttpResponse:
    """One scenario: the answer at the top, the sheets below it."""
    return _page(request, _visible(request, scenario_id))


def _page(
    request: PageRequest, scenario: Scenario, form: SheetForm | None = None, status: int = 200
) -> HttpResponse:
    sign = decimal_sign_of(request)
    opened = Opened(scenario)
    name = request.GET.get("sheet", FIRST_SHEET)
    chosen = name if name in SHEETS else FIRST_SHEET
    sheet = SHEETS[chosen](Sheets(opened, sign))
    query, only = request.GET.get("q", "").strip(), request.GET.get("only") == "changed"
    context = {
        **_answer(request, opened),
        "sheet": sheet,
        "turn_url": reverse("allocation:scenario_turn", args=[scenario.pk]),
        "rows": _wanted(sheet, query, only),
        "sheets": [_tab(request, each, each == chosen) for each in TITLES],
        "q": query,
        "only_changed": only,
        "may_propose": may(request.user, "propose", scenario.portfolio_id),
        "description": DescriptionForm(initial={"name": scenario.name, "note": scenario.note}),
        "form": form or (FORMS[chosen](opened, sign=sign) if chosen in FORMS else None),
        "link": request.build_absolute_uri(reverse("allocation:scenario", args=[scenario.pk])),
    }
    return render(request, "allocation/scenario.html", context, status=status)


def _wanted(sheet: Sheet, query: str, only_changed: bool) -> list[Row]:
    return [
        row
        for row in sheet.rows
        if query.lower() in row.title.lower() and (row.is_changed or not only_changed)
    ]


def _tab(request: PageRequest, name: str, is_current: bool) -> dict[str, Any]:
    return {"title": TITLES[name], "url": f"?sheet={name}", "is_current": is_current}


def _answer(request: PageRequest, opened: Opened) -> dict[str, Any]:
    scenario = opened.scenario
    return {
        "scenario": scenario,
        "answer": answer(opened),
        "changes": opened.in_words(),
        "why_not": edit.why_not(request.user, scenario),
        "currency": scenario.portfolio.currency,
    }


@require_GET
def head_panel(request: PageRequest, scenario_id: int) -> HttpResponse:
    """How far the answer is, and the answer in a sentence and four numbers."""
    context = _answer(request, Opened(_visible(request, scenario_id)))
    return render(request, "allocation/scenarios/_head.html", context)


@require_GET
def details_panel(request: PageRequest, scenario_id: int) -> HttpResponse:
    """What is changed in the scenario, and what the answer changes for bets and limits."""
    context = _answer(request, Opened(_visible(request, scenario_id)))
    return render(request, "allocation/scenarios/_details.html", context)


@require_GET
def since_panel(request: PageRequest, scenario_id: int) -> HttpResponse:
    """What has changed in the world since the scenario was made."""
    scenario = _visible(request, scenario_id)
    moved = proposing.since(scenario, snapshot_of(scenario.portfolio))
    names = made_from.names_of(scenario.portfolio)
    known = {kind: {**scenario.names.get(kind, {}), **names[kind]} for kind in names}
    words = Words(known, scenario.portfolio.currency)
    context = {
        "scenario": scenario,
        "moved": [words.of(change) for change in moved[:LATEST_MOVES]],
        "more": max(len(moved) - LATEST_MOVES, 0),
        "why_not": edit.why_not(request.user, scenario),
    }
    return render(request, "allocation/scenarios/_since.html", context)


# --- editing: cells and buttons answer with their row --------------------------------------------


def _told(view: View) -> View:
    """A view whose refusals become a page that the browser shows in place: 403 with the reason."""

    @wraps(view)
    def told(request: PageRequest, scenario_id: int) -> HttpResponse:
        scenario = _visible(request, scenario_id)
        try:
            return view(request, scenario)
        except NotAllowed as error:
            if request.headers.get("HX-Request"):
                toast = json.dumps({"toast": str(error)})
                return HttpResponse(status=403, headers={"HX-Trigger": toast})
            messages.error(request, str(error))
            return redirect("allocation:scenario", scenario_id)

    return told


@require_POST
@_told
def cell(request: PageRequest, scenario: Scenario) -> HttpResponse:
    """Save one cell; answers with its row, in which the cell says what could not be taken."""
    said = request.POST
    kind, target, part = said.get("kind", ""), said.get("target", ""), said.get("part", "")
    text, sign = said.get("value", ""), decimal_sign_of(request)
    _row_of(Sheets(Opened(scenario), sign), said.get("sheet", ""), kind, target)
    problem = ""
    try:
        value = Sheets(Opened(scenario), sign).read(kind, target, part, text)
        scenario = edit.change(request.user, scenario.pk, kind, target, value)
    except Invalid as error:
        problem = " ".join(error.fields.values())
    row = _row_of(Sheets(Opened(scenario), sign), said.get("sheet", ""), kind, target)
    if problem:
        row = _refused(row, kind, part, text, problem)
    return _row(request, scenario, row, 422 if problem else 200)


def _row_of(sheets: Sheets, sheet: str, kind: str, target: str) -> Row:
    """The row of a sheet in which a slot stands."""
    if sheet not in SHEETS:
        raise Http404
    rows = SHEETS[sheet](sheets).rows
    for row in rows:
        if any((each.kind, each.target) == (kind, target) for each in row.cells if each):
            return row
    raise Http404


def _refused(row: Row, kind: str, part: str, text: str, problem: str) -> Row:
    cells = [
        each.refused(text, problem) if each and (each.kind, each.part) == (kind, part) else each
        for each in row.cells
    ]
    return row.with_cells(cells)


def _row(request: PageRequest, scenario: Scenario, row: Row, status: int = 200) -> HttpResponse:
    context = {
        "scenario": scenario,
        "row": row,
        "sheet": {"name": request.POST.get("sheet", ""), "has_buttons": bool(row.button)},
        "turn_url": reverse("allocation:scenario_turn", args=[scenario.pk]),
    }
    return render(request, "allocation/scenarios/_row.html", context, status=status)


@require_POST
@_told
def turn(request: PageRequest, scenario: Scenario) -> HttpResponse:
    """The button of a row: stop a bet or let it go on, drop a guardrail or bring it back."""
    kind, target = request.POST.get("kind", ""), request.POST.get("target", "")
    if request.POST.get("sheet") not in SHEETS or kind not in TURNED:
        raise Http404
    opened, sign = Opened(scenario), decimal_sign_of(request)
    try:
        if (kind, target) in opened.by_slot and opened.current(kind, target) in (None, True):
            scenario = edit.undo(request.user, scenario.pk, kind, target)
        elif target in opened.added:
            edit.undo(request.user, scenario.pk, kind, target)
            return HttpResponse("")
        else:
            to = True if kind == "stop" else None
            scenario = edit.change(request.user, scenario.pk, kind, target, to)
    except Invalid as error:
        return HttpResponse(status=422, headers={"HX-Trigger": json.dumps({"toast": str(error)})})
    sheets = Sheets(Opened(scenario), sign)
    sheet = SHEETS[request.POST.get("sheet", "")](sheets)
    row = next((each for each in sheet.rows if each.stands_for(kind, target)), None)
    if row is None:
        raise Http404
    return _row(request, scenario, row)


# --- editing: forms, which come back to the page --------------------------------------------


def _back(request: PageRequest, scenario: Scenario) -> HttpResponse:
    sheet = request.POST.get("sheet", "")
    address = reverse("allocation:scenario", args=[scenario.pk])
    return redirect(f"{address}?sheet={sheet}" if sheet in SHEETS else address)


@require_POST
@_told
def add(request: PageRequest, scenario: Scenario) -> HttpResponse:
    """Add a bet, a guardrail or a pair of teams; what was typed is kept if it cannot be taken."""
    sheet = request.GET.get("sheet", "")
    if sheet not in FORMS:
        raise Http404
    form = FORMS[sheet](Opened(scenario), request.POST, sign=decimal_sign_of(request))
    if form.is_valid():
        try:
            edit.change(request.user, scenario.pk, form.kind, form.target(), form.becomes())
        except Invalid as refusal:
            form.say(refusal)
        else:
            return redirect(f"{reverse('allocation:scenario', args=[scenario.pk])}?sheet={sheet}")
    return _page(request, scenario, form, 422)


@require_POST
@_told
def undo(request: PageRequest, scenario: Scenario) -> HttpResponse:
    """Take one change back, or all of them."""
    said = request.POST
    try:
        if said.get("all"):
            edit.undo_all(request.user, scenario.pk)
        else:
            edit.undo(request.user, scenario.pk, said.get("kind", ""), said.get("target", ""))
    except Invalid as error:
        messages.error(request, str(error))
    return _back(request, scenario)


@require_POST
@_told
def describe(request: PageRequest, scenario: Scenario) -> HttpResponse:
    """Rename it, write its note, put it away, or bring it back."""
    said = request.POST
    try:
        if "archived" in said:
            edit.describe(request.user, scenario.pk, archived=said["archived"] == "yes")
        else:
            name, note = said.get("name", ""), said.get("note", "")
            edit.describe(request.user, scenario.pk, name=name, note=note)
    except Invalid as error:
        messages.error(request, str(error))
    return _back(request, scenario)


@require_POST
@_told
def rebase(request: PageRequest, scenario: Scenario) -> HttpResponse:
    """Make it from today instead; the changes stay."""
    words = Opened(scenario).words
    _, left_out = edit.rebase(request.user, scenario.pk)
    messages.success(request, "It now starts from today, with your changes.")
    for change in left_out[:LATEST_MOVES]:
        messages.warning(
            request, f"Left out, since today is so already or it is gone: {words.of(change)}."
        )
    return _back(request, scenario)


@require_POST
@_told
def solve_again(request: PageRequest, scenario: Scenario) -> HttpResponse:
    """Have it worked out once more."""
    edit.solve_again(request.user, scenario.pk)
    return _back(request, scenario)


@require_http_methods(["GET", "POST"])
def propose(request: PageRequest, scenario_id: int) -> HttpResponse:
    """What the moves would mean today, and the button that draws up the proposal."""
    scenario = _visible(request, scenario_id)
    why_not = proposing.why_not(request.user, scenario)
    status, problem, obstacles = 200, "", []
    if request.method == "POST":
        try:
            proposal = proposing.draw_up(
                request.user, scenario_id, _whole_number(request.POST.get("version", ""))
            )
        except NotAllowed as error:
            status, problem = 403, str(error)
        except Conflict as error:
            status, problem, obstacles = 409, error.message, error.changed
        else:
            messages.success(request, f"Proposal {proposal.number} is open; another decides it.")
            return redirect("allocation:proposal", proposal.pk)
    check = proposing.check(scenario)
    words = Words(made_from.names_of(scenario.portfolio), scenario.portfolio.currency)
    context = {
        "scenario": scenario,
        "check": check,
        "obstacles": obstacles or check.obstacles,
        "problem": problem,
        "why_not": why_not,
        "moves": [
            {
                "title": words.bet(change["bet"]),
                "bet_id": change["bet"],
                "before": change["from"],
                "after": change["to"],
                "difference": change["nominal"],
                "entangled": change["entangled"],
            }
            for change in (check.weighed or {}).get("changes", [])
        ],
        "currency": scenario.portfolio.currency,
    }
    return render(request, "allocation/scenarios/propose.html", context, status=status)


# --- side by side --------------------------------------------


@require_GET
def compare_page(request: PageRequest) -> HttpResponse:
    """Up to four scenarios beside today."""
    ids = reading.ids_in(request.GET)
    scenarios = _compared(request, ids)
    others = []
    if request.portfolio is not None:
        others = list(reading.listed(request.portfolio)[:ROWS])
    context: dict[str, Any] = {
        "scenarios": scenarios,
        "others": others,
        "slots": _slots(scenarios),
        "query": "&".join(f"ids={scenario.pk}" for scenario in scenarios),
        "too_many": len(ids) > comparison.MOST_COMPARED,
    }
    if scenarios:
        found = _comparison(scenarios)
        sort = request.GET.get("sort", "")
        shown = [scenario.pk for scenario in scenarios]
        only = request.GET.get("all") != "1"
        lines = [line for line in found.bets if line.differs] if only else found.bets
        context |= {
            "comparison": found,
            "bets": comparison.sorted_by(lines, sort, shown),
            "only_different": only,
            "hidden": len(found.bets) - len(lines),
            "currency": scenarios[0].portfolio.currency,
            "link": request.build_absolute_uri(),
        }
    return render(request, "allocation/scenarios/compare.html", context)


def _slots(scenarios: list[Scenario]) -> list[int | None]:
    """Which scenario is chosen in each field of the form."""
    chosen: list[int | None] = [scenario.pk for scenario in scenarios]
    return [*chosen, *[None] * (comparison.MOST_COMPARED - len(chosen))]


@require_GET
def compare_csv(request: PageRequest) -> HttpResponse:
    """The comparison for a spreadsheet: no cell is ever a formula."""
    scenarios = _compared(request, reading.ids_in(request.GET))
    if not scenarios:
        raise Http404
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="scenarios.csv"'
    rows = comparison.as_rows(_comparison(scenarios))
    csv.writer(response).writerows(as_cells(row) for row in rows)
    return response


def _compared(request: PageRequest, ids: list[int]) -> list[Scenario]:
    """The scenarios that were asked for; 404 if one of them cannot be seen."""
    wanted = ids[: comparison.MOST_COMPARED]
    found = reading.opened_some(request.user, wanted)
    if len(found) < len(wanted):
        raise Http404
    if found:
        turn_to(request, found[0].portfolio_id)
    return found


def _comparison(scenarios: list[Scenario]) -> comparison.Comparison:
    portfolio = scenarios[0].portfolio
    return comparison.compare(scenarios, snapshot_of(portfolio), made_from.names_of(portfolio))
