"""Resolving a hypothesis, and how far sources are relied on."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from bets.models import Hypothesis
from evidence import resolve as rules
from evidence.calibration import records_of_sources
from evidence.days import moment_of
from evidence.forms import ReopenForm, ResolutionForm, SourceForm
from evidence.sources import set_reliability, visible_sources
from spm.accounts.middleware import turn_to
from spm.accounts.permissions import NotAllowed, may
from spm.errors import Conflict, Invalid
from spm.posted import posted
from spm.ruled_form import RuledForm


@require_http_methods(["GET", "POST"])
def resolve(request: HttpRequest, hypothesis_id: int) -> HttpResponse:
    """Say that a hypothesis held or did not; of a resolved one, open it again."""
    rows = Hypothesis.objects.visible_to(request.user).select_related("bet__portfolio")
    hypothesis: Hypothesis = get_object_or_404(rows, pk=hypothesis_id)
    bet = hypothesis.bet
    if not may(request.user, "edit_bet", bet.portfolio_id, bet.team_ids):
        raise PermissionDenied
    turn_to(request, bet.portfolio_id)
    known = rules.resolution_of(hypothesis)
    form = (ReopenForm if known else ResolutionForm)(posted(request))
    if request.method == "POST" and form.is_valid():
        said = _said(form.cleaned_data)
        if known:
            done = _try(
                form,
                lambda: rules.reopen(request.user, hypothesis_id, said["shown_by"]),  # type: ignore[arg-type]
            )
        else:
            done = _try(form, lambda: rules.resolve(request.user, hypothesis_id, said))  # type: ignore[arg-type]
        if done:
            messages.success(
                request, f"‘{hypothesis.statement[:60]}’: {done.get_outcome_display()}."
            )
            return redirect(reverse("bets:bet", args=[bet.pk]) + "#evidence")
    context = {"hypothesis": hypothesis, "bet": bet, "form": form, "known": known}
    status = 422 if form.errors else 200
    return render(request, "evidence/resolve.html", context, status=status)


@require_GET
def sources(request: HttpRequest) -> HttpResponse:
    """Each source: how far it is relied on, on what grounds, and how often it was right."""
    portfolio = getattr(request, "portfolio", None)
    context: dict[str, Any] = {}
    if portfolio is not None:
        context = {
            "records": records_of_sources(portfolio),
            "may_set": may(request.user, "edit_bet", portfolio.pk),
        }
    return render(request, "evidence/sources.html", context)


@require_http_methods(["GET", "POST"])
def source(request: HttpRequest, source_id: int) -> HttpResponse:
    """Set how far a source is relied on, and see what that was before."""
    row = get_object_or_404(visible_sources(request.user), pk=source_id)
    if not may(request.user, "edit_bet", row.portfolio_id):
        raise PermissionDenied
    turn_to(request, row.portfolio_id)
    initial = {"reliability": f"{100 * row.reliability:g}"}
    form = SourceForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        done = _try(
            form,
            lambda: set_reliability(
                request.user,  # type: ignore[arg-type]
                source_id,
                form.cleaned_data["reliability"],
                form.cleaned_data["based_on"],
            ),
        )
        if done:
            messages.success(
                request, f"{done} is relied on to {100 * done.reliability:g} per cent."
            )
            return redirect("evidence:sources")
    context = {
        "source": row,
        "form": form,
        "changes": row.changes.select_related("changed_by", "api_key").order_by("-id"),
    }
    status = 422 if form.errors else 200
    return render(request, "evidence/source.html", context, status=status)


def _said(typed: dict[str, Any]) -> dict[str, Any]:
    """What was typed as the rule takes it: a day is its noon, today is now."""
    day = typed.pop("became_clear_on", None)
    moment = moment_of(day) if day else None
    return {**typed, "became_clear_at": moment.isoformat() if moment else None}


def _try(form: RuledForm, rule: Any) -> Any:
    try:
        return rule()
    except Invalid as refusal:
        form.refuse(refusal.fields)
    except Conflict as conflict:
        form.refuse({"": conflict.message})
    except NotAllowed as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    return None
