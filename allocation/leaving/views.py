"""The pages on which a bet is proposed to be stopped or pivoted, and the panel before them."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from allocation.leaving.consequences import consequences_of, for_the_page
from allocation.leaving.draw_up import why_not
from allocation.leaving.forms import PivotForm, StopForm
from allocation.leaving.left import left_of
from allocation.leaving.plan import visible_bet
from allocation.leaving.weighing import open_ends_of, weigh_plan
from allocation.stopping import if_stopped_today
from allocation.unwinding import stuck_of
from allocation.wording import title_of
from bets.forms import decimal_sign_of
from bets.models import Bet
from bets.models.bet import EXITS
from evidence.models import Evidence
from evidence.weighed import decibans_of
from spm.accounts.middleware import turn_to
from spm.accounts.page_request import PageRequest
from spm.accounts.permissions import NotAllowed, may
from spm.errors import Conflict, Invalid

NEWEST = 5


@require_GET
def if_stopped_panel(request: PageRequest, bet_id: int) -> HttpResponse:
    """What stopping a bet today would free, and what not; of a stopped one, what is left."""
    bet = _visible(request, bet_id)
    ends = open_ends_of([bet])
    context = {
        "bet": bet,
        "outcome": if_stopped_today(bet),
        "stuck": stuck_of(bet, timezone.localdate()),
        "may_unwind": may(request.user, "unwind", bet.portfolio_id),
        "left": left_of(bet) if bet.stage in EXITS else None,
        "end": ends[0] if ends else None,
        "end_title": title_of(ends[0]) if ends else "",
        "may_propose": may(request.user, "propose", bet.portfolio_id),
    }
    return render(request, "allocation/_if_stopped.html", context)


@require_http_methods(["GET", "POST"])
def stop_page(request: PageRequest, bet_id: int) -> HttpResponse:
    """What stopping a bet would mean, and the form that proposes it."""
    return _page(request, _visible(request, bet_id), StopForm, "Stop")


@require_http_methods(["GET", "POST"])
def pivot_page(request: PageRequest, bet_id: int) -> HttpResponse:
    """What pivoting a bet into a successor would mean, and the form that proposes it."""
    return _page(request, _visible(request, bet_id), PivotForm, "Pivot")


def _visible(request: PageRequest, bet_id: int) -> Bet:
    try:
        bet = visible_bet(request.user, bet_id)
    except Bet.DoesNotExist:
        raise Http404 from None
    turn_to(request, bet.portfolio_id)
    return bet


def _page(request: PageRequest, bet: Bet, kind: type[StopForm], heading: str) -> HttpResponse:
    """The page, or the way to the proposal once it is drawn up; what was typed is kept."""
    form = kind(bet, request.POST if request.method == "POST" else None, decimal_sign_of(request))
    problem, status = "", 200
    if request.method == "POST" and request.POST.get("do") != "propose":
        form.only_looked_at()
    elif request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                proposal = form.propose(request.user)
            except Invalid as refusal:
                form.refuse(refusal.fields)
            except Conflict as refusal:
                problem, status = refusal.message, 409
            except NotAllowed as refusal:
                problem, status = str(refusal), 403
            else:
                text = f"Proposal {proposal.number}, {title_of(proposal)}, is open."
                messages.success(request, f"{text} Another decides it.")
                return redirect("allocation:proposal", proposal.pk)
    context = {**_context(request, bet, form), "heading": heading, "problem": problem}
    return render(request, "allocation/leaving/page.html", context, status=status)


def _context(request: PageRequest, bet: Bet, form: StopForm) -> dict[str, Any]:
    weighed = weigh_plan(form.plan())
    newest = Evidence.objects.filter(bet=bet).select_related("source", "hypothesis", "retracts")
    weights = decibans_of([bet])
    table = for_the_page(consequences_of(weighed), timezone.localdate())
    return {
        "bet": bet,
        "currency": bet.portfolio.currency,
        "form": form,
        "wants_successor": isinstance(form, PivotForm) and form.latest is None,
        "weighed": weighed,
        "table": table,
        "can_be_ticked": any(
            row["left_without"] and not row["why_it_stays"] for row in table["dependents"]
        ),
        "why_not": why_not(request.user, bet),
        "evidence": [
            (event, weights.get(event.pk)) for event in newest.order_by("-recorded_at")[:NEWEST]
        ],
    }
