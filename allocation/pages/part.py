"""The rows of a proposal on its page: what is ticked and typed in them, and what that means."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from allocation.deciding import deciding
from allocation.models import Proposal
from allocation.outline import Outline, outline_of
from allocation.part import worked_out
from allocation.part_effect import Effect, RowEffect, approved_rows, effect_of, whole
from allocation.part_typed import TypedPart, TypedRow, typed_part
from allocation.reading import ChangeRow
from bets.forms import decimal_sign_of
from spm.accounts.middleware import turn_to
from spm.accounts.page_request import PageRequest


@dataclass(frozen=True)
class PageRow:
    """A row of the table: what was typed, and what becomes of it in the part.

    ``row`` is the change with its reasons, where the whole row is shown.
    """

    bet_id: int
    typed: TypedRow
    effect: RowEffect | None
    row: ChangeRow | None = None


def page_rows(
    proposal: Proposal, rows: list[ChangeRow], typed: TypedPart, effect: Effect | None
) -> list[PageRow]:
    """The rows with what was typed in them, or with what was approved of them."""
    effects = effect.rows if effect and proposal.is_open else approved_rows(proposal)
    by_bet = [(row.change.bet_id, row) for row in rows]
    return [PageRow(bet, typed.row_of(row.change), effects.get(bet), row) for bet, row in by_bet]


def typed_in(request: PageRequest, proposal: Proposal) -> TypedPart:
    """The part that a request's fields ask for."""
    return typed_part(proposal, request.POST.dict(), decimal_sign_of(request))


def effect_in(proposal: Proposal, typed: TypedPart, outline: Outline) -> Effect | None:
    """What that part means; None while an amount cannot be read."""
    if typed.part is None:
        return None
    return whole(outline) if typed.part.is_whole else effect_of(worked_out(proposal, typed.part))


@require_POST
def part_panel(request: PageRequest, proposal_id: int) -> HttpResponse:
    """What the rows as they stand would mean; nothing is changed or kept."""
    visible = Proposal.objects.visible_to(request.user).select_related("portfolio")
    proposal = get_object_or_404(visible.prefetch_related("changes"), pk=proposal_id)
    turn_to(request, proposal.portfolio_id)
    typed = typed_in(request, proposal)
    effect = effect_in(proposal, typed, outline_of(proposal.changes.all()))
    effects = effect.rows if effect else {}
    rows = [PageRow(bet, row, effects.get(bet)) for bet, row in typed.rows.items()]
    context = {
        "proposal": proposal,
        "effect": effect,
        "rows": rows,
        "deciding": deciding(request.user, proposal, effect.found if effect else None),
        "takes_parts": True,
    }
    return render(request, "allocation/_part.html", context)
