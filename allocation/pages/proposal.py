"""The page of one proposal: what stands on its first screen, and what follows once it is seen.

The page comes with the sentence, the figures and the first changes. What is further down is a
fragment of its own, fetched as somebody comes to it; ``?all`` has everything in place, for whoever
has no script.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from allocation import reading, still_so
from allocation.compared import compared, the_one_before
from allocation.deciding import Deciding, deciding
from allocation.forms import DecisionForm
from allocation.leaving.consequences import kept_with
from allocation.leaving.draw_up import fits_the_books
from allocation.left_out import left_out_of
from allocation.models import Proposal
from allocation.outline import Outline, outlines
from allocation.pages.comments import said_about
from allocation.pages.part import effect_in, page_rows
from allocation.part_typed import TypedPart, as_proposed, ids_in, ticked
from allocation.propose import refuses_rest
from allocation.studied import studied
from allocation.within_mandate import part_for
from allocation.wording import sentence, title_of
from spm.accounts.middleware import turn_to
from spm.accounts.page_request import PageRequest

AT_FIRST = 8
"""How many changes a proposal's page comes with."""
A_STEP = 40
"""How many more are fetched at once."""
MOST_MOVES = MOST_LEFT_OUT = 12
MOST_BARS, BAR, ABOVE_BARS = 9, 24, 48


def visible(request: PageRequest, proposal_id: int) -> Proposal:
    """The proposal that an address names, if the person may see it.

    Its portfolio becomes the current one, and has been read with the person's roles. What only a
    closed proposal has, or one that ends a bet, is read where it is asked for.
    """
    rows = Proposal.objects.visible_to(request.user).select_related("drawn_up_by")
    # The documents behind it grow with the portfolio, and the page shows a few lines of them.
    proposal: Proposal = get_object_or_404(rows.defer("snapshot", "solution"), pk=proposal_id)
    turn_to(request, proposal.portfolio_id)
    proposal.portfolio = request.portfolio
    return proposal


@require_GET
def proposal_page(request: PageRequest, proposal_id: int) -> HttpResponse:
    """One proposal, as the CFO reads it."""
    proposal = visible(request, proposal_id)
    typed = _inside_mandate(request, proposal)
    context = page_of(request, proposal, typed=typed)
    return render(request, "allocation/proposal.html", context)


def _inside_mandate(request: PageRequest, proposal: Proposal) -> TypedPart | None:
    """The rows ticked as far as a mandate of the person's reaches, where they ask for that."""
    if request.GET.get("inside") != "mandate" or not proposal.is_open:
        return None
    found = part_for(request.user, proposal)
    if found is None:
        messages.info(request, "No part of this proposal lies in your mandate as it stands.")
        return None
    return ticked(found)


@require_GET
def proposal_body(request: PageRequest, proposal_id: int) -> HttpResponse:
    """The part of the page that follows the proposal."""
    context = page_of(request, visible(request, proposal_id))
    return render(request, "allocation/_proposal.html", context)


def page_of(
    request: PageRequest,
    proposal: Proposal,
    form: DecisionForm | None = None,
    typed: TypedPart | None = None,
) -> dict[str, Any]:
    """What the page shows of a proposal, and of the part that the rows ask for."""
    everything, outline = "all" in request.GET, outlines([proposal])[proposal.pk]
    newer = still_so.newer_than(proposal) if proposal.is_open else []
    later = None if proposal.is_open else reading.open_proposal(proposal.portfolio)
    typed = typed or as_proposed()
    effect = effect_in(proposal, typed, outline)
    standing = _standing(request, proposal, effect.found if effect else None)
    form = form or DecisionForm.showing(proposal, [event.pk for event in newer])
    form.ask_for(standing.means)
    others = reading.other_open_ends(proposal) if proposal.is_open else []
    context = {
        "proposal": proposal,
        "title": title_of(proposal),
        "sentence": sentence(proposal, outline),
        "table": kept_with(proposal),
        "fits": not (proposal.ends_a_bet and proposal.is_open) or fits_the_books(proposal),
        "open_ends": [(end, title_of(end)) for end in others],
        "previous": the_one_before(proposal),
        "effect": effect,
        "newer": newer,
        "later": later,
        "later_sentence": sentence(later) if later else "",
        "closed_how": "" if proposal.is_open else still_so.closed_how(proposal),
        "deciding": standing,
        "takes_parts": takes_parts(proposal, standing),
        "form": form,
        "everything": everything,
        "bars": _room_for_bars(proposal, outline),
    }
    if not proposal.is_open:
        context |= _not_booked(proposal)
    context |= _first_rows(proposal, typed, effect, outline, everything)
    if everything:
        context |= moves_and_limits(proposal, reading.ALL) | {
            "studied": studied(proposal),
            "compared": compared(proposal),
            **said_about(request, proposal),
        }
    return context


def _not_booked(proposal: Proposal) -> dict[str, Any]:
    """What was left out of a proposal of which a part was approved."""
    decision = getattr(proposal, "decision", None)
    rows = left_out_of([decision])[decision.pk] if decision and decision.part else []
    more = max(len(rows) - MOST_LEFT_OUT, 0)
    return {
        "left_out_rows": rows[:MOST_LEFT_OUT],
        "left_out_more": more,
        "rest_is_refused": decision is not None and refuses_rest(decision),
    }


def _room_for_bars(proposal: Proposal, outline: Outline) -> int:
    """About how high the waterfall will be, in pixels, so that nothing jumps when it is there."""
    sides = [outline.reduced, outline.raised, outline.reduced if proposal.entangled else 0, 1]
    return ABOVE_BARS + BAR * sum(min(rows, MOST_BARS) for rows in sides)


def _standing(request: PageRequest, proposal: Proposal, found: Any) -> Deciding:
    return deciding(request.user, proposal, found) if proposal.is_open else Deciding()


def takes_parts(proposal: Proposal, standing: Deciding) -> bool:
    """Whether the rows of the page can be ticked and typed into."""
    return standing.may_decide_a_part and not proposal.ends_a_bet


def _first_rows(
    proposal: Proposal, typed: TypedPart, effect: Any, outline: Outline, everything: bool
) -> dict[str, Any]:
    """The rows that the page comes with, and how the others are fetched."""
    wanted = reading.ALL if everything else slice(AT_FIRST)
    found = reading.change_rows(proposal, wanted, also=typed.changed)
    shown = [row.change.bet_id for row in found]
    return {
        "rows": page_rows(proposal, found, typed, effect),
        "left_out": typed.left_out_beside(shown),
        **more_rows(AT_FIRST, outline.changed - len(found), sorted({*shown[AT_FIRST:]})),
    }


def more_rows(after: int, others: int, but: list[int]) -> dict[str, Any]:
    """How the rows that are not shown yet are fetched.

    Args:
        after: how many are shown of those that are not among ``but``.
        others: how many are not shown.
        but: bets whose rows are shown out of turn, since something is typed into them.
    """
    return {"after": after, "unseen": others, "next": min(others, A_STEP), "but": but}


def moves_and_limits(proposal: Proposal, wanted: slice) -> dict[str, Any]:
    """What the whole would book, and the guardrails and full teams before and after."""
    limits, teams = reading.limits_and_teams(proposal)
    return {
        "moves": proposal.moves.select_related("from_bet", "to_bet").only(
            "proposal", "from_bet__title", "to_bet__title", "amount", "available_in_months"
        )[wanted],
        "move_count": proposal.moves.count(),
        "limits": limits,
        "teams": teams,
    }


# --- what is fetched as somebody comes to it ---


@require_GET
def other_changes(request: PageRequest, proposal_id: int) -> HttpResponse:
    """Some more rows of a page with many changes, without their ticks where it says so."""
    proposal, asked = visible(request, proposal_id), request.GET
    but, left_out = ids_in(asked.get("but", "")), ids_in(asked.get("left_out", ""))
    after = next(iter(ids_in(asked.get("after", ""))), AT_FIRST)
    typed = as_proposed(frozenset(left_out))
    found = reading.change_rows(proposal, slice(after, after + A_STEP), but=but)
    outline = outlines([proposal])[proposal.pk]
    others = max(outline.changed - len(but) - after - len(found), 0)
    context = {
        "proposal": proposal,
        "rows": page_rows(proposal, found, typed, None),
        "takes_parts": takes_parts(proposal, _standing(request, proposal, None)),
        "left_out": left_out,
        "are_fetched": True,
        **more_rows(after + len(found), others, but),
    }
    answer = render(request, "allocation/_change_rows.html", context)
    # What becomes of these bets in the part as it stands is worked out once they are there.
    answer.headers["HX-Trigger"] = "rows"
    return answer


@require_GET
def moves_panel(request: PageRequest, proposal_id: int) -> HttpResponse:
    """The moves that the whole would book, and the limits before and after."""
    proposal = visible(request, proposal_id)
    context = {"proposal": proposal, **moves_and_limits(proposal, slice(MOST_MOVES))}
    return render(request, "allocation/_moves.html", context)


@require_GET
def compared_panel(request: PageRequest, proposal_id: int) -> HttpResponse:
    """What it says otherwise than the proposal before it."""
    proposal = visible(request, proposal_id)
    context = {"proposal": proposal, "compared": compared(proposal)}
    return render(request, "allocation/_compared_rows.html", context)


@require_GET
def study_panel(request: PageRequest, proposal_id: int) -> HttpResponse:
    """The part of the page that is worked out after the proposal is published."""
    proposal = visible(request, proposal_id)
    context = {"proposal": proposal, "studied": studied(proposal)}
    return render(request, "allocation/_study.html", context)
