"""The page that leads a new portfolio to its first three bets and their first evidence."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from bets.edit import create_bet_with_thesis
from bets.first_bets import WANTED, FirstBetForm, progress_of
from bets.forms import decimal_sign_of
from spm.accounts.context import LED_TO_FIRST_BETS
from spm.accounts.page_request import PageRequest
from spm.accounts.permissions import NotAllowed, may
from spm.errors import Invalid
from spm.posted import posted


@require_http_methods(["GET", "POST"])
def first_bets(request: PageRequest) -> HttpResponse:
    """How far the first three are, and the form for the next; ``go=done`` leads no further."""
    portfolio = request.portfolio
    if portfolio is None:
        raise Http404
    if not may(request.user, "edit_bet", portfolio.pk):
        raise PermissionDenied
    if request.POST.get("go") == "done":
        request.session.pop(LED_TO_FIRST_BETS, None)
        return redirect("reports:allocation")
    data = posted(request)
    form = FirstBetForm(portfolio, data, sign=decimal_sign_of(request))
    if form.is_bound and form.is_valid() and _created(request, form):
        return redirect("bets:first_bets")
    progress = progress_of(portfolio)
    if progress.is_complete:
        request.session.pop(LED_TO_FIRST_BETS, None)
    else:
        request.session[LED_TO_FIRST_BETS] = portfolio.pk
    context = {"form": form, "progress": progress, "wanted": WANTED}
    return render(request, "bets/first_bets.html", context, status=422 if form.is_bound else 200)


def _created(request: PageRequest, form: FirstBetForm) -> bool:
    """Whether the bet could be made; what the rules object to stands beside the fields."""
    fields = {**form.bet(), "owner": request.user}
    try:
        bet = create_bet_with_thesis(request.user, request.portfolio, fields, form.thesis())
    except Invalid as refusal:
        form.refuse(refusal.fields)
        return False
    except NotAllowed as refusal:
        form.refuse({"": str(refusal)})
        return False
    messages.success(request, f"‘{bet.title}’ stands in the Funnel. Now log what you know of it.")
    return True
