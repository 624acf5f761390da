"""Choosing a portfolio."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from spm.accounts.middleware import SESSION_KEY
from spm.accounts.permissions import visible_portfolio_ids


@require_POST
def choose_portfolio(request: HttpRequest, portfolio_id: int) -> HttpResponse:
    """Remember the portfolio that the pages are about from now on."""
    if portfolio_id not in visible_portfolio_ids(request.user):
        raise Http404
    request.session[SESSION_KEY] = portfolio_id
    return redirect("reports:allocation")
