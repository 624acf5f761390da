"""Pages and panels: proposals, one proposal and its decision, what is said on a bet's page."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from allocation import decide, reading, still_so
from allocation.compared import compared
from allocation.consents import SecondPersonNeeded
from allocation.deciding import Deciding, deciding
from allocation.forms import DecisionForm
from allocation.leaving.consequences import kept_with
from allocation.leaving.draw_up import fits_the_books
from allocation.models import LatestRun, Proposal
from allocation.pages.comments import said_about
from allocation.pages.part import effect_in, page_rows, typed_in
from allocation.part_typed import TypedPart, as_proposed, ticked
from allocation.requests import ask
from allocation.studied import studied
from allocation.within_mandate import part_for
from allocation.wording import sentence, title_of
from bets.views.asked import bet_turned_to
from spm.accounts.middleware import turn_to
from spm.accounts.page_request import PageRequest
from spm.accounts.permissions import NotAllowed, may, require
from spm.accounts.signing import sign
from spm.errors import Conflict, Invalid

ROWS = 50
AT_FIRST = 12
"""How many changes a proposal's page comes with; the others follow once it is there."""
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
    for proposal in page:
        proposal.sentence = sentence(proposal)  # type: ignore[attr-defined]
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


def _visible(request: PageRequest, proposal_id: int) -> Proposal:
    visible = Proposal.objects.visible_to(request.user).select_related(
        "portfolio",
        "drawn_up_by",
        "decision__decided_by",
        "decision__consent__person",
        "newest_evidence",
        "about",
        "successor",
    )
    # The documents behind it grow with the portfolio, and the page shows a few lines of them.
    rows = visible.defer("snapshot", "solution").prefetch_related("changes")
    proposal = get_object_or_404(rows, pk=proposal_id)
    turn_to(request, proposal.portfolio_id)
    return proposal


@require_GET
def proposal_page(request: PageRequest, proposal_id: int) -> HttpResponse:
    """One proposal, as the CFO reads it."""
    proposal = _visible(request, proposal_id)
    typed = _inside_mandate(request, proposal)
    context = _proposal(request, proposal, typed=typed) | said_about(request, proposal)
    return render(request, "allocation/proposal.html", context)


def _inside_mandate(request: PageRequest, proposal: Proposal) -> TypedPart | None:
    """The rows ticked as far as a mandate of the person's reaches, where they ask for that."""
    if request.GET.get("inside") != "mandate" or not proposal.is_open:
        return None
    found = part_for(request.user, proposal)
    if found is None:
        messages.info(request, "No part of this proposal lies in your mandate as it stands.")
        return None
    return ticked(proposal, found)


@require_GET
def proposal_body(request: PageRequest, proposal_id: int) -> HttpResponse:
    """The part of the page that follows the proposal."""
    context = _proposal(request, _visible(request, proposal_id))
    return render(request, "allocation/_proposal.html", context)


@require_GET
def other_changes(request: PageRequest, proposal_id: int) -> HttpResponse:
    """The rows that a page with many changes leaves out at first."""
    proposal = _visible(request, proposal_id)
    standing = deciding(request.user, proposal) if proposal.is_open else Deciding()
    rows, typed = reading.change_rows(proposal, slice(AT_FIRST, None)), as_proposed(proposal)
    context = {
        "proposal": proposal,
        "rows": page_rows(proposal, rows, typed, effect_in(proposal, typed)),
        "takes_parts": standing.may_decide_a_part and not proposal.ends_a_bet,
    }
    return render(request, "allocation/_change_rows.html", context)


@require_GET
def study_panel(request: PageRequest, proposal_id: int) -> HttpResponse:
    """The part of the page that is worked out after the proposal is published."""
    proposal = _visible(request, proposal_id)
    context = {"proposal": proposal, "studied": studied(proposal)}
    return render(request, "allocation/_study.html", context)


def _proposal(
    request: PageRequest,
    proposal: Proposal,
    form: DecisionForm | None = None,
    typed: TypedPart | None = None,
) -> dict[str, Any]:
    newer = still_so.newer_than(proposal) if proposal.is_open else []
    limits, teams = reading.limits_and_teams(proposal)
    later = None if proposal.is_open else reading.open_proposal(proposal.portfolio)
    wanted = reading.ALL if typed or "all" in request.GET else slice(AT_FIRST)
    typed = typed or as_proposed(proposal)
    effect = effect_in(proposal, typed)
    rows = page_rows(proposal, reading.change_rows(proposal, wanted), typed, effect)
    found = effect.found if effect else None
    standing = deciding(request.user, proposal, found) if proposal.is_open else Deciding()
    form = form or DecisionForm.showing(proposal, [event.pk for event in newer])
    form.ask_for(standing.means)
    return {
        "proposal": proposal,
        "title": title_of(proposal),
        "sentence": sentence(proposal),
        "table": kept_with(proposal),
        "fits": not (proposal.ends_a_bet and proposal.is_open) or fits_the_books(proposal),
        "open_ends": [
            (end, title_of(end))
            for end in (reading.open_ends(proposal.portfolio) if proposal.is_open else ())
            if end.pk != proposal.pk
        ],
        "compared": compared(proposal),
        "rows": rows,
        "not_yet_shown": typed.rows.keys() - {row.bet_id for row in rows},
        "effect": effect,
        "moves": proposal.moves.select_related("from_bet", "to_bet")[wanted],
        "move_count": proposal.moves.count(),
        "limits": limits,
        "teams": teams,
        "studied": studied(proposal),
        "newer": newer,
        "later": later,
        "later_sentence": sentence(later) if later else "",
        "closed_how": "" if proposal.is_open else still_so.closed_how(proposal),
        "deciding": standing,
        "takes_parts": standing.may_decide_a_part and not proposal.ends_a_bet,
        "form": form,
    }


@require_POST
def decide_proposal(request: PageRequest, proposal_id: int) -> HttpResponse:
    """Approve or refuse; what was typed is kept if it cannot be done."""
    form = DecisionForm(request.POST)
    proposal = _visible(request, proposal_id)
    typed = typed_in(request, proposal)
    if not form.is_valid():
        problem = "This form was not complete." if form.is_incomplete else ""
        return _undecided(request, proposal_id, form, problem, [], 422)
    if typed.part is None and request.POST.get("decision") != "refuse":
        return _undecided(request, proposal_id, form, NOT_READ, typed.problems, 422)
    try:
        messages.success(request, _decided(request, proposal, form, typed))
    except Invalid as refusal:
        form.blame(refusal)
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
    proposal = _visible(request, proposal_id)
    form_or_new = form if form.errors else None
    context = _proposal(request, proposal, form_or_new, typed_in(request, proposal))
    typed = request.POST.get("reason", "")
    if not form.errors:
        context["form"].initial["reason"] = typed
    context |= {"problem": problem, "changed": changed, "typed_reason": typed}
    context |= said_about(request, proposal)
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
