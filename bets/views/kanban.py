"""The Kanban and its fragments: columns, heads, single cards, quick add, and the move of a card."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template import loader
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bets import board
from bets.cards import (
    KEEP_SECONDS,
    Movers,
    Overloads,
    cache_key,
    card_of,
    cards_for,
    overloads_of,
    waiting_for,
)
from bets.edit import create_bet
from bets.kanban import CARDS_AT_FIRST, MOST_CARDS, Choices, Column, Filters, choices_of, columns_of
from bets.models import Bet, Horizon, Portfolio, Stage, StageChange
from bets.models.bet import EXITS, ThesisStatus
from spm.accounts.models import Role
from spm.accounts.permissions import NotAllowed, membership_of
from spm.errors import Conflict, Invalid


@dataclass(frozen=True)
class Board:
    """What the page and each of its fragments need of one request."""

    portfolio: Portfolio
    filters: Filters
    movers: Movers
    choices: Choices

    def columns(self, **which: Any) -> list[list[Column]]:
        """The columns, lane by lane, with their cards."""
        return self.with_cards(columns_of(self.portfolio, self.filters, self.choices, **which))

    def with_cards(self, lanes: list[list[Column]]) -> list[list[Column]]:
        """The same columns, with their cards."""
        places = [place for columns in lanes for column in columns for place in column.places]
        cards = cards_for(places, self.portfolio, self.movers)
        for column in (column for columns in lanes for column in columns):
            column.cards = [cards[place.bet_id] for place in column.places]
        return lanes

    @property
    def query(self) -> str:
        """What every fragment's address carries."""
        return "&".join(filter(None, [f"portfolio={self.portfolio.pk}", self.filters.query]))


@require_GET
def kanban(request: HttpRequest) -> HttpResponse:
    """The whole board; asked for by its own filters, only what they change."""
    if getattr(request, "portfolio", None) is None:
        return render(request, "bets/kanban.html", {})
    shown = _board(request, Filters.of(request.GET.dict()))
    context = {
        **_context(shown),
        "board": _board_html(shown),
        "stages": [(stage, stage in EXITS) for stage in Stage],
        "own_teams": _own_teams(request, shown),
        "may_add": shown.movers.may_any,
    }
    answer = render(request, "bets/kanban.html", context)
    if request.headers.get("HX-Request"):
        # The address without the filters that were left empty.
        query = shown.filters.query
        answer["HX-Push-Url"] = reverse("bets:kanban") + (f"?{query}" if query else "")
    return answer


@require_GET
def column(request: HttpRequest, stage: str) -> HttpResponse:
    """One column, of one lane if there are lanes; ``show`` says how many cards."""
    if stage not in Stage.values:
        raise Http404
    shown = _board(request, Filters.of(request.GET.dict()))
    lanes = shown.columns(stage=stage, lane=request.GET.get("lane"), show=_show(request))
    if not lanes:
        return HttpResponse()
    return render(request, "bets/_column.html", {**_context(shown), "column": lanes[0][0]})


@require_GET
def heads(request: HttpRequest) -> HttpResponse:
    """The heads of all columns, each to be put in its place."""
    shown = _board(request, Filters.of(request.GET.dict()))
    lanes = columns_of(shown.portfolio, shown.filters, shown.choices, with_places=False)
    return render(request, "bets/_heads.html", {**_context(shown), "lanes": lanes})


@require_GET
def teams(request: HttpRequest) -> HttpResponse:
    """The teams that hold more than they can absorb."""
    portfolio = _portfolio(request)
    over = _overcommitted(overloads_of(portfolio.pk))
    context = {"board_portfolio": portfolio, "overcommitted": over}
    return render(request, "bets/_teams.html", context)


@require_GET
def card(request: HttpRequest, bet_id: int) -> HttpResponse:
    """One card; nothing if it stands in another column by now or is filtered out."""
    bet = _visible_bet(request, bet_id)
    filters = _filters_of_the_page(request)
    elsewhere = request.GET.get("in", bet.stage) != bet.stage
    if elsewhere or not Bet.objects.filter(filters.condition, pk=bet.pk).exists():
        return HttpResponse()
    return HttpResponse(card_of(bet, Movers(request.user, bet.portfolio)))  # type: ignore[arg-type]


@require_POST
def quick_add(request: HttpRequest) -> HttpResponse:
    """A new bet from its title alone."""
    shown = _board(request, _filters_of_the_page(request))
    fields: dict[str, Any] = {"title": request.POST.get("title", "")}
    if team := request.POST.get("team"):
        fields["teams"] = [{"team": int(team) if team.isdigit() else team, "share": 1}]
    context = {**_context(shown), "own_teams": _own_teams(request, shown), "may_add": True}
    try:
        bet = create_bet(request.user, shown.portfolio, fields)  # type: ignore[arg-type]
    except (Invalid, NotAllowed) as refusal:
        wrong = refusal.fields if isinstance(refusal, Invalid) else {"": str(refusal)}
        typed = {"title": fields["title"], "team": team}
        context |= {"wrong": wrong, "typed": typed}
        return render(request, "bets/_quick_add.html", context, status=422)
    if not request.headers.get("HX-Request"):
        return redirect("bets:bet", bet.pk)
    form = loader.render_to_string("bets/_quick_add.html", context, request)
    html = [form, _columns_apart(request, shown, [Stage.FUNNEL])]
    return _say(HttpResponse(html), f"‘{bet.title}’ stands in the Funnel.")


@require_http_methods(["POST"])
def move_card(request: HttpRequest, bet_id: int) -> HttpResponse:
    """Move a card, from the board, from a dialog of it or from the bet's page."""
    bet = _visible_bet(request, bet_id)
    version = request.POST.get("version", "")
    to_stage = request.POST.get("stage", "")
    try:
        change = board.move(
            request.user,  # type: ignore[arg-type]
            bet_id,
            to_stage,
            version=int(version) if version.isascii() and version.isdigit() else None,
            override_reason=request.POST.get("override_reason", ""),
            note=request.POST.get("note", ""),
            accepted=request.POST.get("accepted") == "yes",
        )
    except board.Refused as refusal:
        return _refused(request, bet, to_stage, refusal)
    except Conflict as conflict:
        return _stays(request, bet, conflict.message, 409, "Somebody else was first")
    except Invalid as refusal:
        return _stays(request, bet, " ".join(refusal.fields.values()), 422)
    except NotAllowed as refusal:
        return _stays(request, bet, str(refusal), 403)
    return _moved(request, change)


def _board_html(shown: Board) -> str:
    """Filters, columns and cards, kept until anything in them changes."""
    lanes = columns_of(shown.portfolio, shown.filters, shown.choices)
    waits, overloads = waiting_for(shown.portfolio.pk), overloads_of(shown.portfolio.pk)
    state = (shown.query, shown.portfolio.currency, shown.choices, shown.movers.state, lanes)
    key = cache_key("board", state, waits, overloads)
    kept = cache.get(key)
    if kept is None:
        context = {
            **_context(shown),
            "lanes": shown.with_cards(lanes),
            "has_bets": any(column.in_stage for column in lanes[0]),
            "filter_fields": _filter_fields(shown),
            "overcommitted": _overcommitted(overloads),
        }
        kept = loader.render_to_string("bets/_board.html", context)
        cache.set(key, kept, KEEP_SECONDS)
    return SafeString(kept)  # escaped by the template when it went in


def _overcommitted(overloads: dict[int, Overloads]) -> Overloads:
    """The teams that are over their capacity, the worst first; each of them works on some bet."""
    teams = {team for teams in overloads.values() for team in teams}
    return sorted(teams, key=lambda team: (-team[2], team[0]))


# --- answers to a move ----------------------------------------------------------------------------


def _refused(request: HttpRequest, bet: Bet, to_stage: str, refusal: board.Refused) -> HttpResponse:
    membership = membership_of(request.user, bet.portfolio_id)
    is_lead = membership is not None and membership.role == Role.LEAD
    asks_acceptance = [reason.code for reason in refusal.reasons] == ["acceptance"]
    context = {
        "bet": bet,
        "to_stage": Stage(to_stage),
        "reasons": refusal.reasons,
        "may_override": refusal.can_be_overridden and is_lead,
        "asks_acceptance": asks_acceptance,
        "typed": request.POST,
    }
    return _answer(request, "bets/_refusal.html", context, 422)


def _stays(
    request: HttpRequest, bet: Bet, text: str, status: int, title: str = "The card stays"
) -> HttpResponse:
    context = {"bet": bet, "text": text, "title": title}
    return _answer(request, "bets/_stays.html", context, status)


def _answer(
    request: HttpRequest, fragment: str, context: dict[str, Any], status: int
) -> HttpResponse:
    """The fragment for a dialog, or a page around it for a browser without scripts."""
    if request.headers.get("HX-Request"):
        return render(request, fragment, context, status=status)
    return render(request, "bets/stays.html", {**context, "fragment": fragment}, status=status)


def _moved(request: HttpRequest, change: StageChange) -> HttpResponse:
    bet = change.bet
    text = f"‘{bet.title}’ moved to {Stage(change.to_stage).label}."
    if not request.headers.get("HX-Request"):
        messages.success(request, text)
        return redirect("bets:bet", bet.pk)
    came_from = request.POST.get("from", "board")
    if came_from == "board":
        return HttpResponse(card_of(bet, Movers(request.user, bet.portfolio)))  # type: ignore[arg-type]
    html = ""
    if _is_kanban(request):
        shown = _board(request, _filters_of_the_page(request), bet.portfolio)
        html = _columns_apart(request, shown, [Stage(change.from_stage), Stage(change.to_stage)])
    return _say(HttpResponse(html), text, close=True)


def _columns_apart(request: HttpRequest, shown: Board, stages: list[Stage]) -> str:
    """Columns that htmx puts in their places beside the answer itself."""
    return "".join(
        loader.render_to_string(
            "bets/_column.html", {**_context(shown), "column": columns[0], "apart": True}, request
        )
        for stage in stages
        for columns in shown.columns(stage=stage)
    )


def _say(answer: HttpResponse, text: str, close: bool = False) -> HttpResponse:
    """Let the page say something once the answer has arrived."""
    said = {"toast": text, **({"close-dialog": ""} if close else {})}
    answer["HX-Trigger"] = json.dumps(said)
    if close:
        # Nothing for the dialog that asked; columns in the answer find their own places.
        answer["HX-Retarget"], answer["HX-Reswap"] = "body", "none"
    return answer


# --- what a request is about ----------------------------------------------------------------------


def _board(request: HttpRequest, filters: Filters, portfolio: Portfolio | None = None) -> Board:
    if portfolio is None:
        portfolio = _portfolio(request)
    movers = Movers(request.user, portfolio)  # type: ignore[arg-type]
    return Board(portfolio, filters, movers, choices_of(portfolio))


def _portfolio(request: HttpRequest) -> Portfolio:
    """The one that the address names, so that two tabs may show two; else the current one."""
    named = request.GET.get("portfolio") or request.POST.get("portfolio") or ""
    current: Portfolio | None = getattr(request, "portfolio", None)
    if not named or (current is not None and named == str(current.pk)):
        if current is None:
            raise Http404
        return current
    if not named.isascii() or not named.isdigit() or len(named) > 18:
        raise Http404
    return get_object_or_404(Portfolio.objects.visible_to(request.user), pk=int(named))


def _visible_bet(request: HttpRequest, bet_id: int) -> Bet:
    bets = Bet.objects.visible_to(request.user).select_related("portfolio")
    found: Bet = get_object_or_404(bets, pk=bet_id)
    return found


def _filters_of_the_page(request: HttpRequest) -> Filters:
    """The filters of the board on which a fragment is shown."""
    address = request.headers.get("HX-Current-URL", "")
    return Filters.of(dict(parse_qsl(urlsplit(address).query)) if _is_kanban(request) else {})


def _is_kanban(request: HttpRequest) -> bool:
    path = urlsplit(request.headers.get("HX-Current-URL", "")).path
    return path == reverse("bets:kanban")


def _show(request: HttpRequest) -> int:
    text = request.GET.get("show", "")
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else CARDS_AT_FIRST
    return min(max(wanted, CARDS_AT_FIRST), MOST_CARDS)


# --- what templates need --------------------------------------------------------------------------


def _context(shown: Board) -> dict[str, Any]:
    return {
        "board_portfolio": shown.portfolio,
        "filters": shown.filters,
        "query": shown.query,
        "heads_url": f"{reverse('bets:heads')}?{shown.query}",
        # What else than a move may bring a card into a column.
        "column_follows": " evidence" if shown.filters.thesis else "",
    }


def _own_teams(request: HttpRequest, shown: Board) -> list[tuple[int, str]]:
    """The teams among which a contributor chooses for a new bet."""
    if shown.movers.role != Role.CONTRIBUTOR:
        return []
    membership = membership_of(request.user, shown.portfolio.pk)
    if membership is None:
        return []
    teams = list(membership.teams.order_by("name").values_list("pk", "name"))
    return teams if len(teams) > 1 else []


def _filter_fields(shown: Board) -> list[dict[str, Any]]:
    chosen, choices = shown.filters, shown.choices
    thesis = [(value, str(label)) for value, label in ThesisStatus.choices]
    horizons = [(value, str(label)) for value, label in Horizon.choices]
    lanes = [
        ("theme", "Lanes by theme"),
        ("stream", "Lanes by stream"),
        ("horizon", "Lanes by horizon"),
    ]
    fields: list[tuple[str, str, str, list[tuple[Any, str]], Any]] = [
        ("theme", "Theme", "All themes", list(choices.theme), chosen.theme),
        ("stream", "Value stream", "All streams", list(choices.stream), chosen.stream),
        ("horizon", "Horizon", "All horizons", horizons, chosen.horizon),
        ("owner", "Owner", "All owners", list(choices.owner), chosen.owner),
        ("team", "Team", "All teams", list(choices.team), chosen.team),
        ("thesis", "Thesis", "Any thesis", thesis, chosen.thesis),
        ("lanes", "Swim lanes", "No swim lanes", lanes, chosen.lanes),
    ]
    return [
        {"name": name, "label": label, "all": everything, "options": options, "value": value}
        for name, label, everything, options, value in fields
    ]
