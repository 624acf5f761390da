"""Several picked cards at once: the bar with its form, and what became of each card."""

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from bets.kanban import choices_of
from bets.models import Bet, Horizon, Stage
from bets.together import Card, Outcome, RefusedCard, change_together
from bets.views.asked import portfolio_of, say
from spm.accounts.models import User
from spm.accounts.permissions import may
from spm.errors import Invalid
from spm.reading import id_of

FIELDS = ("owner", "theme", "stream", "horizon")


@require_http_methods(["GET", "POST"])
def together(request: HttpRequest) -> HttpResponse:
    """The form for picked cards; sent, the answer names each card that is refused, and why."""
    portfolio = portfolio_of(request)
    if request.method == "GET":
        people = User.objects.filter(memberships__portfolio=portfolio, is_active=True)
        context = {
            "board_portfolio": portfolio,
            "choices": choices_of(portfolio),
            "people": people.order_by("name", "email"),
            "stages": list(Stage),
            "horizons": Horizon.choices,
        }
        return render(request, "bets/_together.html", context)
    given = request.POST
    try:
        outcome = change_together(
            request.user,  # type: ignore[arg-type]
            portfolio,
            _cards(given.get("cards", "")),
            {name: _value(given[name]) for name in FIELDS if given.get(name)},
            given.get("stage", ""),
            override_reason=given.get("override_reason", ""),
            accepted=given.get("accepted") == "yes",
        )
    except Bet.DoesNotExist as error:
        raise Http404 from error
    except Invalid as refusal:
        answer = render(request, "bets/_together_wrong.html", {"wrong": refusal.fields}, status=422)
        answer["HX-Retarget"], answer["HX-Reswap"] = "#together-wrong", "innerHTML"
        return answer
    return _answer(request, outcome)


def _answer(request: HttpRequest, outcome: Outcome) -> HttpResponse:
    count = len(outcome.done)
    done = [bet.pk for bet in outcome.done]
    text = f"{'1 card is' if count == 1 else f'{count} cards are'} changed."
    if not outcome.refused:
        return say(HttpResponse(), text, close=True, done=done)
    portfolio = outcome.refused[0].bet.portfolio
    context = {
        "board_portfolio": portfolio,
        "done_text": text if outcome.done else "Nothing is changed.",
        "stage": request.POST.get("stage", ""),
        "values": {name: request.POST.get(name, "") for name in FIELDS},
        "groups": _groups(
            outcome,
            request.POST.get("stage", ""),
            may(request.user, "override_wip", portfolio.pk),
        ),
        "typed": request.POST,
    }
    answer = render(request, "bets/_together_refused.html", context, status=422)
    return say(answer, text, done=done) if outcome.done else answer


def _groups(outcome: Outcome, to_stage: str, may_override: bool) -> dict[str, list[RefusedCard]]:
    """The refused cards by what can be done about them here."""
    groups: dict[str, list[RefusedCard]] = {"accept": [], "override": [], "stay": []}
    for refused in outcome.refused:
        reasons = [reason.towards(to_stage) if to_stage else reason for reason in refused.reasons]
        card = replace(refused, reasons=reasons)
        if card.asks_acceptance:
            groups["accept"].append(card)
        elif card.can_be_overridden and may_override:
            groups["override"].append(card)
        else:
            groups["stay"].append(card)
    return groups


def _cards(text: str) -> list[Card]:
    """``17:4 21:1`` as cards with the versions that the person saw; each once."""
    cards = {}
    for part in text.split():
        bet_id, _, version = part.partition(":")
        number = id_of(bet_id)
        if number is None:
            raise Invalid({"cards": f"‘{part[:40]}’ is no card."})
        cards[number] = Card(number, id_of(version))
    return list(cards.values())


def _value(text: str) -> Any:
    """An id, nothing for 'none', or a word as it is; the rules say what they do not know."""
    number = id_of(text)
    return None if text == "none" else text if number is None else number
