"""The Kanban and its fragments: columns, heads, single cards, quick add, and the move of a card."""

from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template import loader
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bets import board
from bets.board_version import KEEP_BOARD_SECONDS, board_version
from bets.cards import (
    Movers,
    Overloads,
    cache_key,
    card_of,
    cards_for,
    marks_for,
    overloads_of,
)
from bets.changes import changes_between, held_of, moves_by_others
from bets.edit import create_bet
from bets.kanban import CARDS_AT_FIRST, HAS, MOST_CARDS, OWNERS, columns_of
from bets.models import Bet, Horizon, Stage, StageChange
from bets.models.bet import EXITS, ThesisStatus
from bets.views.asked import (
    Board,
    board_of,
    columns_apart,
    filters_of_the_page,
    is_kanban,
    parameters_of_the_page,
    portfolio_of,
    say,
    visible_bet,
)
from bets.views.look import address_of, context_of, looked_at
from bets.views.saved import kept_menu
from spm.accounts.models import Role
from spm.accounts.permissions import NotAllowed, membership_of
from spm.compressed import Compressed, page_of
from spm.errors import Conflict, Invalid

BOARD_GOES_HERE = "\0the board\0"


@require_GET
def kanban(request: HttpRequest) -> HttpResponse:
    """The whole board; asked for by its own filters, only what they change."""
    if getattr(request, "portfolio", None) is None:
        return render(request, "bets/kanban.html", {})
    shown = board_of(request)
    version = board_version(shown.portfolio.pk)
    menu, opens_in = kept_menu(request, shown, version)
    asked_by_filters = bool(request.headers.get("HX-Request"))
    if opens_in and not request.GET:
        return redirect(address_of(opens_in))
    context = {
        **shown.context(),
        "views_menu": menu,
        "board": BOARD_GOES_HERE,
        "stages": [(stage, stage in EXITS) for stage in Stage],
        "own_teams": _own_teams(request, shown),
        "may_add": shown.movers.may_any,
    }
    # The address without the filters that were left empty, and with what keeps it from opening
    # in the person's view.
    query = shown.filters.query or ("all=1" if opens_in or "all" in request.GET else "")
    parameters = parameters_of_the_page(request) if asked_by_filters else request.GET.dict()
    looked = looked_at(request, parameters, shown.portfolio.pk)
    if looked is not None and not asked_by_filters:
        context |= context_of(request, looked, address_of(query))
    page = loader.render_to_string("bets/kanban.html", context, request)
    before, _, after = page.partition(BOARD_GOES_HERE)
    parts = [Compressed.of(before), _whole_board(shown, version), Compressed.of(after)]
    answer = page_of(request, parts)
    if asked_by_filters:
        answer["HX-Push-Url"] = address_of(query, looked)
    return answer


@require_GET
def column(request: HttpRequest, stage: str) -> HttpResponse:
    """One column, of one lane if there are lanes; ``show`` says how many cards."""
    if stage not in Stage.values:
        raise Http404
    shown = board_of(request)
    lanes = shown.columns(stage=stage, lane=request.GET.get("lane"), show=_show(request))
    if not lanes:
        return HttpResponse()
    return render(request, "bets/_column.html", {**shown.context(), "column": lanes[0][0]})


@require_POST
def changes(request: HttpRequest) -> HttpResponse:
    """What differs from what the page says it holds; 204 if nothing does, and the whole board if
    it has other columns by now.
    """
    shown = board_of(request)
    held = held_of(request.POST.getlist("column"))
    most = max((column.show for column in held.values()), default=CARDS_AT_FIRST)
    lanes = columns_of(shown.portfolio, shown.filters, shown.choices, show=most)
    for column in (column for columns in lanes for column in columns if column.key in held):
        column.show = held[column.key].show
        del column.places[column.show :]
    columns = shown.with_marks(lanes)
    is_empty = not any(column.in_stage for column in columns)
    if {column.key for column in columns} != held.keys() or is_empty != ("empty" in request.POST):
        return HttpResponse(_board_html(shown))
    places = [place for column in columns for place in column.places]
    differences = changes_between(held, columns, marks_for(places, shown.portfolio, shown.movers))
    if not differences:
        return HttpResponse(status=204)
    fresh = {bet_id for change in differences for bet_id in change.fresh}
    wanted = [place for place in places if place.bet_id in fresh]
    cards = cards_for(wanted, shown.portfolio, shown.movers)
    context = {
        **shown.context(),
        "changes": differences,
        "cards": cards.values(),
        "moves": moves_by_others(held, columns, request.user),  # type: ignore[arg-type]
    }
    return render(request, "bets/_changes.html", context)


@require_GET
def teams(request: HttpRequest) -> HttpResponse:
    """The teams that hold more than they can absorb."""
    portfolio = portfolio_of(request)
    over = _overcommitted(overloads_of(portfolio.pk))
    context = {"board_portfolio": portfolio, "overcommitted": over}
    return render(request, "bets/_teams.html", context)


@require_GET
def card(request: HttpRequest, bet_id: int) -> HttpResponse:
    """One card; nothing if it stands in another column by now or is filtered out."""
    bet = visible_bet(request, bet_id)
    filters = filters_of_the_page(request)
    elsewhere = request.GET.get("in", bet.stage) != bet.stage
    if elsewhere or not Bet.objects.filter(filters.condition, pk=bet.pk).exists():
        return HttpResponse()
    return HttpResponse(card_of(bet, Movers(request.user, bet.portfolio)))  # type: ignore[arg-type]


@require_POST
def quick_add(request: HttpRequest) -> HttpResponse:
    """A new bet from its title alone."""
    shown = board_of(request, filters_of_the_page(request))
    fields: dict[str, Any] = {"title": request.POST.get("title", "")}
    if team := request.POST.get("team"):
        fields["teams"] = [{"team": int(team) if team.isdigit() else team, "share": 1}]
    context = {**shown.context(), "own_teams": _own_teams(request, shown), "may_add": True}
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
    html = [form, columns_apart(request, shown, [Stage.FUNNEL])]
    return say(HttpResponse(html), f"‘{bet.title}’ stands in the Funnel.")


@require_http_methods(["POST"])
def move_card(request: HttpRequest, bet_id: int) -> HttpResponse:
    """Move a card, from the board, from a dialog of it or from the bet's page."""
    bet = visible_bet(request, bet_id)
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
        return refused(request, bet, to_stage, refusal)
    except Conflict as conflict:
        return stays(request, bet, conflict.message, 409, "Somebody else was first")
    except Invalid as refusal:
        return stays(request, bet, " ".join(refusal.fields.values()), 422)
    except NotAllowed as refusal:
        return stays(request, bet, str(refusal), 403)
    return _moved(request, change)


def _whole_board(shown: Board, version: str) -> Compressed:
    """Filters, columns and cards, kept until anything in them changes; no query if it is kept."""
    key = cache_key("board", version, shown.query, shown.filters.owner_id, shown.movers.whose)
    kept: Compressed | None = cache.get(key)
    if kept is None:
        kept = Compressed.of(_board_html(shown))
        cache.set(key, kept, KEEP_BOARD_SECONDS)
    return kept


def _board_html(shown: Board) -> str:
    lanes = shown.columns()
    context = {
        **shown.context(),
        "lanes": lanes,
        "has_bets": any(column.in_stage for column in lanes[0]),
        "has_matches": any(column.shown for columns in lanes for column in columns),
        "filter_fields": _filter_fields(shown),
        "overcommitted": _overcommitted(overloads_of(shown.portfolio.pk)),
    }
    return loader.render_to_string("bets/_board.html", context)


def _overcommitted(overloads: dict[int, Overloads]) -> Overloads:
    """The teams that are over their capacity, the worst first; each of them works on some bet."""
    teams = {team for teams in overloads.values() for team in teams}
    return sorted(teams, key=lambda team: (-team[2], team[0]))


# --- answers to a move ----------------------------------------------------------------------------


def refused(request: HttpRequest, bet: Bet, to_stage: str, refusal: board.Refused) -> HttpResponse:
    """Why the card stays, with the button that helps for each reason."""
    membership = membership_of(request.user, bet.portfolio_id)
    is_lead = membership is not None and membership.role == Role.LEAD
    asks_acceptance = [reason.code for reason in refusal.reasons] == ["acceptance"]
    context = {
        "bet": bet,
        "to_stage": Stage(to_stage),
        "reasons": [reason.towards(to_stage) for reason in refusal.reasons],
        "may_override": refusal.can_be_overridden and is_lead,
        "asks_acceptance": asks_acceptance,
        "typed": request.POST,
    }
    return _answer(request, "bets/_refusal.html", context, 422)


def stays(
    request: HttpRequest, bet: Bet, text: str, status: int, title: str = "The card stays"
) -> HttpResponse:
    """That the card stays, in one sentence."""
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
    if is_kanban(request):
        shown = board_of(request, filters_of_the_page(request), bet.portfolio)
        html = columns_apart(request, shown, [Stage(change.from_stage), Stage(change.to_stage)])
    return say(HttpResponse(html), text, close=True)


# --- what templates need --------------------------------------------------------------------------


def _show(request: HttpRequest) -> int:
    text = request.GET.get("show", "")
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else CARDS_AT_FIRST
    return min(max(wanted, CARDS_AT_FIRST), MOST_CARDS)


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
    owners = [*OWNERS.items(), *choices.owner]
    lanes = [
        ("theme", "Lanes by theme"),
        ("stream", "Lanes by stream"),
        ("horizon", "Lanes by horizon"),
    ]
    fields: list[tuple[str, str, str, list[tuple[Any, str]], Any]] = [
        ("theme", "Theme", "All themes", list(choices.theme), chosen.theme),
        ("stream", "Value stream", "All streams", list(choices.stream), chosen.stream),
        ("horizon", "Horizon", "All horizons", horizons, chosen.horizon),
        ("owner", "Owner", "All owners", owners, chosen.owner),
        ("team", "Team", "All teams", list(choices.team), chosen.team),
        ("thesis", "Thesis", "Any thesis", thesis, chosen.thesis),
        ("has", "What it has", "Anything", list(HAS.items()), chosen.has),
        ("lanes", "Swim lanes", "No swim lanes", lanes, chosen.lanes),
    ]
    return [
        {"name": name, "label": label, "all": everything, "options": options, "value": value}
        for name, label, everything, options, value in fields
    ]
