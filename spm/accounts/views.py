"""Choosing a portfolio, and who else looks at a page of it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from spm import presence
from spm.accounts.middleware import SESSION_KEY
from spm.accounts.models import User
from spm.accounts.permissions import may, visible_portfolio_ids


@require_POST
def choose_portfolio(request: HttpRequest, portfolio_id: int) -> HttpResponse:
    """Remember the portfolio that the pages are about from now on."""
    if portfolio_id not in visible_portfolio_ids(request.user):
        raise Http404
    request.session[SESSION_KEY] = portfolio_id
    return redirect("reports:allocation")


@require_GET
def present(request: HttpRequest) -> HttpResponse:
    """The others who have a page of a portfolio open; those who are still members of it."""
    named, place = request.GET.get("portfolio", ""), request.GET.get("at", "")
    if not (named.isascii() and named.isdigit() and len(named) < 19):
        raise Http404
    if not presence.PLACE.fullmatch(place) or not may(request.user, "see", int(named)):
        raise Http404
    there = presence.people_at(int(named), place)
    members = User.objects.filter(
        is_active=True, memberships__portfolio_id=int(named), pk__in=there
    )
    others = [each for each in members if each.pk != request.user.pk]
    others.sort(key=lambda each: there.index(each.pk))
    context = {"others": others, "place": place, "of_portfolio": int(named)}
    return render(request, "components/_others.html", context)
