"""Pages and panels: the proposals, deciding one of them, and what is said on a bet's page."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from allocation import decide, reading
from allocation.consents import SecondPersonNeeded
from allocation.forms import DecisionForm
from allocation.models import LatestRun, Proposal
from allocation.pages.part import typed_in
from allocation.pages.proposal import page_of, visible
from allocation.part_typed import TypedPart
from allocation.requests import ask
from allocation.wording import sentences, title_of
from bets.views.asked import bet_turned_to
from spm.accounts.page_request import PageRequest
from spm.accounts.permissions import NotAllowed, may, require
from spm.accounts.signing import sign
from spm.errors import Conflict, Invalid

ROWS = 50
NOT_READ = "An amount cannot be taken as it stands."


@require_GET
def proposals_page(request: PageRequest) -> HttpResponse:
    """The open proposal, and what became of the ones before it."""
    return render(request, "allocation/proposals.html", _proposals(request))


@require_GET
def proposals_panel(request: PageRequest) -> HttpResponse:
    """The part of the page that follows the portfolio."""
    return render(request, "allocation/_proposals.html", _proposals(request))


def _proposals(request: PageRequest) -> dict[str, Any]:
    portfolio = request.portfolio
    if portfolio is None:
        return {"rows": [], "open": [], "run": None}
    before = request.GET.get("before", "")
    rows = reading.proposals(portfolio)
    if before.isdigit() and len(before) < 10:
        rows = rows.filter(number__lt=int(before))
    page = list(rows[: ROWS + 1])
    said = sentences(page)
    for proposal in page:
        proposal.sentence = said[proposal.pk]  # type: ignore[attr-defined]
        proposal.title = title_of(proposal)  # type: ignore[attr-defined]
    shown = page[:ROWS]
    older = f"?before={shown[-1].number}" if len(page) > ROWS else ""
    return {
        "open": [proposal for proposal in shown if proposal.is_open],
        "rows": [proposal for proposal in shown if not proposal.is_open],
        "older_url": older,
        "run": LatestRun.objects.filter(portfolio=portfolio).first(),
        "may_propose": may(request.user, "propose", portfolio.pk),
    }


@require_POST
def ask_for_recomputation(request: PageRequest) -> HttpResponse:
    """Have the portfolio computed again, because somebody wants to see it."""
    portfolio = request.portfolio
    if portfolio is None:
        raise Http404
    try:
        require(request.user, "propose", portfolio.pk)
    except NotAllowed as error:
        messages.error(request, str(error))
    else:
        ask(portfolio.pk, f"{request.user} asked for it.")
        messages.success(request, "Being recomputed; this page follows.")
    return redirect("allocation:proposals")


@require_POST
def decide_proposal(request: PageRequest, proposal_id: int) -> HttpResponse:
    """Approve or refuse; what was typed is kept if it cannot be done."""
    form = DecisionForm(request.POST)
    proposal = visible(request, proposal_id)
    typed = typed_in(request, proposal)
    if not form.is_valid():
        problem = "This form was not complete." if form.is_incomplete else ""
        return _undecided(request, proposal_id, form, problem, [], 422)
    if typed.part is None and request.POST.get("decision") != "refuse":
        return _undecided(request, proposal_id, form, NOT_READ, typed.problems, 422)
    try:
        messages.success(request, _decided(request, proposal, form, typed))
    except Invalid as refusal:
        form.refuse(refusal.fields)
        return _undecided(request, proposal_id, form, "", [], 422)
    except SecondPersonNeeded as waiting:
        messages.success(request, waiting.message)
    except Conflict as error:
        return _undecided(request, proposal_id, form, error.message, error.changed, 409)
    except NotAllowed as error:
        return _undecided(request, proposal_id, form, str(error), [], 403)
    return redirect("allocation:proposal", proposal_id=proposal.pk)


def _decided(request: PageRequest, proposal: Proposal, form: DecisionForm, typed: TypedPart) -> str:
    """Sign and decide; what became of it."""
    said, who = form.cleaned_data, request.user
    signature = sign(who, said["signature"], request)
    shown, reason = replace(form.shown(), part_sha256=typed.sha256), said["reason"]
    if request.POST.get("decision") == "refuse":
        decide.refuse(who, proposal.pk, shown, reason, signature=signature)
        return f"Proposal {proposal.number} is refused."
    decision = decide.approve(
        who, proposal.pk, shown, typed.part, reason=reason, signature=signature
    )
    return f"Proposal {proposal.number} is {decision.get_kind_display().lower()} and booked."


def _undecided(
    request: PageRequest,
    proposal_id: int,
    form: DecisionForm,
    problem: str,
    changed: list[str],
    status: int,
) -> HttpResponse:
    """The page as it is now, with what stood in the way and the reason as it was typed."""
    proposal = visible(request, proposal_id)
    form_or_new = form if form.errors else None
    context = page_of(request, proposal, form_or_new, typed_in(request, proposal))
    typed = request.POST.get("reason", "")
    if not form.errors:
        context["form"].initial["reason"] = typed
    context |= {"problem": problem, "changed": changed, "typed_reason": typed}
    return render(request, "allocation/proposal.html", context, status=status)


@require_GET
def bet_decisions_panel(request: PageRequest, bet_id: int) -> HttpResponse:
    """What is proposed for a bet, and what has been decided about it."""
    bet = bet_turned_to(request, bet_id)
    context = {
        "bet": bet,
        "open": list(reading.proposals_about(bet)),
        "changes": reading.decisions_about(bet),
    }
    return render(request, "allocation/_bet_decisions.html", context)
