"""The form on which somebody records that entangled money is free again."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from allocation.ledger_forms import UnwindForm
from allocation.unwinding import stuck_of, unwind
from bets.forms import decimal_sign_of
from bets.models import Bet
from bets.views.asked import bet_turned_to
from spm import formats
from spm.accounts.page_request import PageRequest
from spm.accounts.permissions import NotAllowed, may
from spm.errors import Conflict, Invalid


@require_http_methods(["GET", "POST"])
def unwind_page(request: PageRequest, bet_id: int) -> HttpResponse:
    """What is entangled with a bet, and the form that sets it free."""
    bet = bet_turned_to(request, bet_id)
    if not may(request.user, "unwind", bet.portfolio_id):
        said = "Finance records what sets entangled money free."
        return _page(request, bet, None, said, status=403)
    if request.method != "POST":
        return _page(request, bet, _form(request, bet))
    form = _form(request, bet, request.POST)
    status, problem = 422, ""
    if form.is_valid():
        try:
            booked = unwind(request.user, bet_id, form.given(), seen=form.shown())
            amount = formats.rate(booked.amount, bet.portfolio.currency)
            messages.success(request, f"{amount} of ‘{bet}’ goes back to the reserve.")
            return redirect("allocation:transfer", transfer_id=booked.pk)
        except Invalid as refusal:
            form.refuse(refusal.fields)
        except Conflict as conflict:
            status, problem = 409, " ".join([conflict.message, *conflict.changed])
        except NotAllowed as refusal:
            status, problem = 403, str(refusal)
    return _page(request, bet, form, problem, status=status)


def _form(request: PageRequest, bet: Bet, data: Any = None) -> UnwindForm:
    today = timezone.localdate()
    form = UnwindForm(stuck_of(bet, today), today, data)
    form.use_decimal_sign(decimal_sign_of(request), bet.portfolio.currency)
    return form


def _page(
    request: PageRequest,
    bet: Bet,
    form: UnwindForm | None,
    problem: str = "",
    *,
    status: int = 200,
) -> HttpResponse:
    stuck = stuck_of(bet, timezone.localdate())
    if form is not None and form.is_bound and status == 409:
        now = f"{stuck.amount:.2f}" if stuck else "0.00"
        form.data = {**request.POST.dict(), "seen_amount": now}
    context = {"bet": bet, "form": form, "stuck": stuck, "problem": problem}
    return render(request, "allocation/unwind.html", context, status=status)
