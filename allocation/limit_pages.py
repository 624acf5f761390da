"""The Guardrails page, and the forms that change a limit: first its effect, then the change."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from allocation import limits
from allocation.forms import AmountForm, GuardrailForm, LimitForm
from allocation.limit_changes import changes_of, range_of
from allocation.limit_effect import ENVELOPE, NEW, Change, Effect, effect_of
from allocation.limit_reading import limits_page
from allocation.models import Guardrail
from bets.forms import decimal_sign_of, plain
from bets.models import Portfolio
from spm.accounts.middleware import turn_to
from spm.accounts.page_request import PageRequest
from spm.accounts.permissions import NotAllowed, may
from spm.errors import Conflict, Invalid
from spm.posted import posted

AMOUNTS: dict[str, tuple[str, str]] = {
    "envelope": (
        "Envelope",
        "What the portfolio may commit a month. The reserve takes the difference.",
    ),
    "reserve-floor": ("Reserve floor", "What no proposal may take out of the reserve, a month."),
}


@require_GET
def guardrails_page(request: PageRequest) -> HttpResponse:
    """Every limit, what it measures today, and what it costs."""
    return render(request, "allocation/guardrails.html", _page(request))


@require_GET
def guardrails_panel(request: PageRequest) -> HttpResponse:
    """The part of the page that follows the portfolio."""
    if request.portfolio is None:
        raise Http404
    return render(request, "allocation/_guardrails.html", _page(request))


def _page(request: PageRequest) -> dict[str, Any]:
    portfolio = request.portfolio
    if portfolio is None:
        return {"page": None}
    return {
        "page": limits_page(portfolio, timezone.localdate()),
        "may_set": may(request.user, "set_limits", portfolio.pk),
    }


@require_http_methods(["GET", "POST"])
def new_guardrail(request: PageRequest) -> HttpResponse:
    """Make a guardrail."""
    portfolio = request.portfolio
    if portfolio is None:
        raise Http404
    form = GuardrailForm(
        portfolio,
        None,
        posted(request),
        sign=decimal_sign_of(request),
        initial={"kind": "share"},
    )
    context = {"form": form, "title": "New guardrail", "guardrail": None}

    def save() -> str:
        made = limits.create_guardrail(request.user, portfolio, form.given())
        return f"‘{made.name}’ holds from now on; the portfolio is being computed again."

    def change() -> Change:
        return Change.to(limits.draft_of(None, portfolio, form.given()))

    return _form_page(request, portfolio, context, change, save)


@require_http_methods(["GET", "POST"])
def one_guardrail(request: PageRequest, guardrail_id: int) -> HttpResponse:
    """One guardrail: its journal, and for those who may the form that changes it."""
    visible = Guardrail.objects.visible_to(request.user).select_related("portfolio")
    guardrail: Guardrail = get_object_or_404(visible, pk=guardrail_id)
    portfolio = guardrail.portfolio
    turn_to(request, portfolio.pk)
    form = GuardrailForm(portfolio, guardrail, posted(request), sign=decimal_sign_of(request))
    context = {
        "form": form,
        "title": guardrail.name,
        "guardrail": guardrail,
        "range": range_of(guardrail, portfolio.currency),
        "changes": changes_of(guardrail),
    }

    def save() -> str:
        version = form.cleaned_data["version"]
        changed = limits.change_guardrail(request.user, guardrail_id, form.given(), version)
        return f"‘{changed.name}’ is changed; the portfolio is being computed again."

    def change() -> Change:
        fresh = Guardrail.objects.select_related("portfolio").get(pk=guardrail_id)
        return Change.to(limits.draft_of(fresh, portfolio, form.given()))

    return _form_page(request, portfolio, context, change, save)


@require_http_methods(["GET", "POST"])
def limit_amount(request: PageRequest, which: str) -> HttpResponse:
    """Change the envelope or the reserve floor."""
    portfolio = request.portfolio
    if portfolio is None or which not in AMOUNTS:
        raise Http404
    label, about = AMOUNTS[which]
    now = portfolio.envelope if which == ENVELOPE else portfolio.reserve_floor
    form = AmountForm(
        label,
        portfolio.currency,
        posted(request),
        sign=decimal_sign_of(request),
        initial={"amount": plain(now)},
    )

    def typed() -> Decimal:
        amount = form.amount_typed()
        if amount is None:
            raise Invalid({})
        return amount

    def save() -> str:
        change_it = limits.change_envelope if which == ENVELOPE else limits.change_reserve_floor
        try:
            change_it(request.user, portfolio.pk, typed(), form.cleaned_data["reason"])
        except Invalid as refusal:
            said = {
                "reason" if name == "reason" else "amount": text
                for name, text in refusal.fields.items()
            }
            raise Invalid(said) from refusal
        return f"{label} is changed; the portfolio is being computed again."

    def change() -> Change:
        amount = float(typed())
        return Change(envelope=amount) if which == ENVELOPE else Change(reserve_floor=amount)

    context = {"form": form, "title": label, "about": about, "guardrail": None}
    return _form_page(request, portfolio, context, change, save)


def _form_page(
    request: PageRequest,
    portfolio: Portfolio,
    context: dict[str, Any],
    change: Callable[[], Change],
    save: Callable[[], str],
) -> HttpResponse:
    """Show a form; on a post its effect, and on the next, if nothing else was typed, save.

    Whoever may not set limits is shown what there is to see, or refused.
    """
    form: LimitForm = context["form"]
    context |= {"may_set": may(request.user, "set_limits", portfolio.pk), "shown": portfolio}
    if not context["may_set"] and (request.method == "POST" or context["guardrail"] is None):
        context |= {"form": None, "problem": "Limits are set by finance."}
        return render(request, "allocation/limit.html", context, status=403)
    if request.method != "POST":
        return render(request, "allocation/limit.html", context)
    status = 422
    if form.is_valid():
        try:
            if request.POST.get("do") == "save" and form.cleaned_data["seen"] == form.digest:
                messages.success(request, save())
                return redirect("allocation:guardrails")
            context |= _effect(portfolio, change(), form)
            status = 200
        except Invalid as refusal:
            form.refuse(refusal.fields)
        except NotAllowed as refusal:
            context["problem"], status = str(refusal), 403
        except Conflict as conflict:
            context["problem"], status = conflict.message, 409
    if form.errors:
        status = 422
        context.pop("asked", None)
    part = "_effect" if request.headers.get("HX-Request") and "asked" in context else "limit"
    return render(request, f"allocation/{part}.html", context, status=status)


def _effect(portfolio: Portfolio, change: Change, form: LimitForm) -> dict[str, Any]:
    """What the change would do, with the names that go with it."""
    effect: Effect | None = effect_of(portfolio, change)
    names = {str(row.pk): row.name for row in Guardrail.objects.filter(portfolio=portfolio)}
    names |= {ENVELOPE: "the envelope", NEW: str(form.cleaned_data.get("name", ""))}
    return {
        "asked": True,
        "effect": effect,
        "seen": form.digest,
        "binds_newly": [names.get(each, each) for each in effect.binds_newly] if effect else [],
        "binds_no_more": [names.get(each, each) for each in effect.binds_no_more] if effect else [],
        "page_url": reverse("allocation:guardrails"),
    }
