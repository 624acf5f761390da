"""The three steps of founding a portfolio."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from allocation.founding import (
    ROWS_ADDED,
    STEPS,
    Draft,
    FrameForm,
    LimitsForm,
    PartsForm,
    plan_of,
)
from allocation.opening import found
from bets.forms import SeenForm, decimal_sign_of
from spm.accounts.middleware import SESSION_KEY
from spm.accounts.page_request import PageRequest
from spm.errors import Invalid

LAST = len(STEPS)


@require_http_methods(["GET", "POST"])
def found_portfolio(request: PageRequest) -> HttpResponse:
    """One of the three steps; any signed-in person may take them.

    A form is sent with ``go``: 'next', 'back', 'rows-theme' or 'rows-team' for more room, 'cancel'.
    """
    draft, step = Draft(request.session), _step(request)
    if request.method == "GET":
        return _show(request, step, _form(request, step, draft))
    form = _form(request, step, draft, request.POST)
    draft.keep(step, request.POST, [*form.fields, "theme_rows", "team_rows"])
    return _go(request, draft, step, form)


def _go(request: PageRequest, draft: Draft, step: int, form: SeenForm) -> HttpResponse:
    go = request.POST.get("go", "next")
    if go == "cancel":
        draft.forget()
        return redirect("reports:allocation")
    if go == "back":
        return _to(max(1, step - 1))
    if go.startswith("rows-") and isinstance(form, PartsForm):
        kind = "theme" if go == "rows-theme" else "team"
        rows = form.themes if kind == "theme" else form.teams
        draft.more_rows(step, kind, rows + ROWS_ADDED)
        return _to(step, f"{kind}_{rows}" if kind == "theme" else f"stream_{rows}")
    if not form.is_valid():
        return _show(request, step, form, status=422)
    return _to(step + 1) if step < LAST else _open(request, draft)


def _open(request: PageRequest, draft: Draft) -> HttpResponse:
    """Open the portfolio, or show the first step that something is wrong in."""
    forms = [_form(request, step, draft, draft.typed(step)) for step in range(1, LAST + 1)]
    for step, form in enumerate(forms, start=1):
        if not form.is_valid():
            return _show(request, step, form, status=422)
    frame, parts, limits = forms
    try:
        portfolio = found(request.user, plan_of(frame, parts, limits))  # type: ignore[arg-type]
    except Invalid as refusal:
        step = next(
            (
                at
                for at, form in enumerate(forms, start=1)
                if set(refusal.fields) & set(form.fields)
            ),
            LAST,
        )
        forms[step - 1].refuse(refusal.fields)
        return _show(request, step, forms[step - 1], status=422)
    draft.forget()
    request.session[SESSION_KEY] = portfolio.pk
    messages.success(request, f"‘{portfolio}’ is open, and you lead it.")
    return redirect("bets:first_bets")


def _form(request: PageRequest, step: int, draft: Draft, data: Any = None) -> SeenForm:
    """The form of a step: with what is sent, or else with what was typed before."""
    sign, initial = decimal_sign_of(request), draft.typed(step)
    if step == 1:
        return FrameForm(data, initial=initial, sign=sign)
    frame = FrameForm(draft.typed(1), sign=sign)
    frame.is_valid()
    kind = PartsForm if step == 2 else LimitsForm
    currency = frame.cleaned_data.get("currency", "")
    return kind(data, initial=initial, frame=frame.cleaned_data, sign=sign, currency=currency)


def _show(request: PageRequest, step: int, form: SeenForm, status: int = 200) -> HttpResponse:
    address = reverse("allocation:found")
    context = {
        "form": form,
        "step": step,
        "is_last": step == LAST,
        "steps": [
            {"label": label, "url": f"{address}?step={number}"}
            for number, label in enumerate(STEPS, start=1)
        ],
        "template": f"allocation/_found_{step}.html",
    }
    return render(request, "allocation/found.html", context, status=status)


def _step(request: PageRequest) -> int:
    """The step that is sent or asked for; none before the first has been taken."""
    asked = (request.POST or request.GET).get("step", "1")
    step = int(asked) if asked in {"1", "2", "3"} else 1
    return step if Draft(request.session).typed(1) or request.method == "POST" else 1


def _to(step: int, field: str = "") -> HttpResponse:
    return redirect(f"{reverse('allocation:found')}?step={step}{f'#id_{field}' if field else ''}")
