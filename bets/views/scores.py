"""The four scores of WSJF, set on the card itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from bets.cards import Movers, card_of
from bets.edit import change_bet
from bets.forms import ScoresForm
from bets.models import Bet
from bets.views.asked import say, visible_bet
from bets.views.bet import put_beside_fields, require_editor


@require_http_methods(["GET", "POST"])
def scores(request: HttpRequest, bet_id: int) -> HttpResponse:
    """The form on the card; once saved, the card, which then finds its place by itself."""
    bet = visible_bet(request, bet_id)
    require_editor(request, bet.portfolio_id, bet.team_ids)
    if request.method == "GET":
        return _form(request, bet, ScoresForm(bet))
    form = ScoresForm(bet, request.POST)
    changed = form.is_valid() and put_beside_fields(
        form,
        lambda: change_bet(
            request.user,  # type: ignore[arg-type]
            bet_id,
            form.terms(),
            seen=form.seen_terms(),
        ),
    )
    if not changed:
        return _form(request, bet, form, status=422)
    if not request.headers.get("HX-Request"):
        return redirect("bets:bet", bet_id)
    return _card(request, changed)


def _card(request: HttpRequest, bet: Bet) -> HttpResponse:
    answer = HttpResponse(card_of(bet, Movers(request.user, bet.portfolio)))  # type: ignore[arg-type]
    answer["HX-Retarget"], answer["HX-Reswap"] = f"#card-{bet.pk}", "outerHTML"
    said = f"‘{bet.title}’ has a WSJF of {bet.wsjf:.1f}." if bet.wsjf is not None else "Saved."
    return say(answer, said, done=[bet.pk])


def _form(request: HttpRequest, bet: Bet, form: ScoresForm, status: int = 200) -> HttpResponse:
    return render(request, "bets/_scores.html", {"bet": bet, "form": form}, status=status)
