"""Asking for evidence: the form, the list of requests with what came of each, withdrawing."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bets.models import Hypothesis
from evidence import asking
from evidence.forms import AskForm, RequestFilter
from evidence.models import EvidenceRequest
from spm import formats
from spm.accounts.middleware import turn_to
from spm.accounts.permissions import NotAllowed, may
from spm.errors import Conflict, Invalid

MOST_SHOWN = 200


@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, hypothesis_id: int) -> HttpResponse:
    """Ask a member for evidence on a hypothesis."""
    rows = Hypothesis.objects.visible_to(request.user).select_related("bet__portfolio")
    hypothesis: Hypothesis = get_object_or_404(rows, pk=hypothesis_id)
    bet = hypothesis.bet
    if not may(request.user, "ask_for_evidence", bet.portfolio_id, bet.team_ids):
        raise PermissionDenied
    turn_to(request, bet.portfolio_id)
    form = AskForm(bet, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        done = _try(request, form, hypothesis_id)
        if done:
            by = formats.full_moment(done.due_on)
            messages.success(request, f"{done.asked_of} is asked for evidence by {by}.")
            return redirect("evidence:requests")
    context = {"hypothesis": hypothesis, "bet": bet, "form": form}
    return render(request, "evidence/ask.html", context, status=422 if form.errors else 200)


@require_GET
def requests(request: HttpRequest) -> HttpResponse:
    """Which evidence was asked for, and what came of it."""
    return render(request, "evidence/requests.html", _context(request))


@require_GET
def request_rows(request: HttpRequest) -> HttpResponse:
    """The part of the page that follows the portfolio."""
    return render(request, "evidence/_requests.html", _context(request))


@require_POST
def withdraw(request: HttpRequest, request_id: int) -> HttpResponse:
    """Say that the evidence is no longer needed."""
    try:
        asking.withdraw(request.user, request_id)  # type: ignore[arg-type]
    except EvidenceRequest.DoesNotExist:
        get_object_or_404(EvidenceRequest.objects.none(), pk=request_id)
    except NotAllowed as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except Conflict as conflict:
        messages.error(request, conflict.message)
    else:
        messages.success(request, "Withdrawn.")
    return redirect("evidence:requests")


# --- inside ---------------------------------------------------------------------------------------


def _context(request: HttpRequest) -> dict[str, Any]:
    portfolio = getattr(request, "portfolio", None)
    if portfolio is None:
        return {}
    form = RequestFilter(request.GET)
    form.is_valid()
    found = list(
        asking.requests_of(portfolio, form.cleaned_data.get("state", ""))[: MOST_SHOWN + 1]
    )
    membership = next(
        (each for each in getattr(request, "memberships", []) if each.portfolio_id == portfolio.pk),
        None,
    )
    rows = [
        {"request": row, "may_withdraw": asking.member_may_withdraw(membership, row)}
        for row in found[:MOST_SHOWN]
    ]
    return {
        "form": form,
        "requests": rows,
        "most": MOST_SHOWN if len(found) > MOST_SHOWN else 0,
        "is_filtered": bool(form.cleaned_data.get("state")),
        "query": request.GET.urlencode(),
        "today": timezone.now().date(),
    }


def _try(request: HttpRequest, form: AskForm, hypothesis_id: int) -> EvidenceRequest | None:
    try:
        return asking.ask(request.user, hypothesis_id, form.cleaned_data)  # type: ignore[arg-type]
    except Invalid as refusal:
        form.refuse(refusal.fields)
    except Conflict as conflict:
        form.refuse({"": conflict.message})
    except NotAllowed as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    return None
