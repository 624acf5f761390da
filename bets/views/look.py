"""Quick look: one bet in a panel beside the board."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bets.models import Bet
from bets.views.asked import filters_of_the_page, visible_bet
from spm.accounts.permissions import may
from spm.reading import id_of


@require_GET
def look(request: HttpRequest, bet_id: int) -> HttpResponse:
    """The panel's content, which fetches the pictures of the floors above by itself."""
    bet = visible_bet(request, bet_id)
    return render(request, "bets/_look.html", context_of(request, bet, close_url(request)))


@require_GET
def look_facts(request: HttpRequest, bet_id: int) -> HttpResponse:
    """The part of it that follows the bet."""
    bet = visible_bet(request, bet_id)
    return render(request, "bets/_look_facts.html", context_of(request, bet, close_url(request)))


def looked_at(request: HttpRequest, parameters: dict[str, str], portfolio_id: int) -> Bet | None:
    """The bet that the address of a board asks to look at, if it is one of that board."""
    bet_id = id_of(parameters.get("look", ""))
    if bet_id is None:
        return None
    bets = Bet.objects.visible_to(request.user).select_related("portfolio", "predecessor")
    found: Bet | None = bets.filter(pk=bet_id, portfolio_id=portfolio_id).first()
    return found


def address_of(query: str, bet: Bet | None = None) -> str:
    """The address of a board with these filters, and with a look at a bet."""
    parts = filter(None, [query, urlencode({"look": bet.pk}) if bet else ""])
    return "?".join(filter(None, [reverse("bets:kanban"), "&".join(parts)]))


def close_url(request: HttpRequest) -> str:
    """The board on which the panel is shown, without it."""
    return address_of(filters_of_the_page(request).query)


def context_of(request: HttpRequest, bet: Bet, close: str) -> dict[str, Any]:
    """What the panel knows; a fixed number of queries."""
    waits = bet.needs_links.filter(needs__working__lte=0).select_related("needs")
    return {
        "look": bet,
        "look_portfolio": bet.portfolio,
        "look_hypotheses": list(bet.hypotheses.all()),
        "look_successors": list(bet.successors.only("title")),
        "look_waits": [link.needs for link in waits],
        "look_teams": [link.team for link in bet.bet_teams.select_related("team")],
        "look_may_log": may(request.user, "log_evidence", bet.portfolio_id, bet.team_ids),
        "look_may_edit": may(request.user, "edit_bet", bet.portfolio_id, bet.team_ids),
        "look_close_url": close,
    }
