"""Saved views: the dialog in which they are made, named, shared, chosen and deleted."""

from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import loader
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST

from bets import saved_views as rules
from bets.board_version import KEEP_BOARD_SECONDS
from bets.cards import cache_key
from bets.kanban import Filters
from bets.models import BoardView, Portfolio
from bets.views.asked import Board, filters_of_the_page, portfolio_of
from spm.accounts.permissions import NotAllowed
from spm.errors import Invalid


@require_http_methods(["GET", "POST"])
def views(request: HttpRequest) -> HttpResponse:
    """All views that the person may use; sent, what the board shows is kept as another."""
    portfolio = portfolio_of(request)
    if request.method == "GET":
        return _dialog(request, portfolio)
    given = request.POST
    query = given["query"] if "query" in given else filters_of_the_page(request).query
    person: Any = request.user
    return _done(
        request,
        portfolio,
        lambda: rules.save_view(
            person,
            portfolio,
            given.get("name", ""),
            query,
            share="share" in given,
            opens="opens" in given,
        ),
        typed=given,
    )


@require_POST
def change_view(request: HttpRequest, view_id: int, action: str) -> HttpResponse:
    """Rename, share, take back or delete a view, or make it the one that the board opens in."""
    person: Any = request.user
    try:
        portfolio = rules.view_for(person, view_id).portfolio
    except BoardView.DoesNotExist as error:
        raise Http404 from error
    name = request.POST.get("name", "")
    actions: dict[str, Callable[[], Any]] = {
        "rename": lambda: rules.rename_view(person, view_id, name),
        "share": lambda: rules.share_view(person, view_id, True),
        "unshare": lambda: rules.share_view(person, view_id, False),
        "default": lambda: rules.open_in(person, view_id, True),
        "no-default": lambda: rules.open_in(person, view_id, False),
        "delete": lambda: rules.delete_view(person, view_id),
    }
    if action not in actions:
        raise Http404
    return _done(request, portfolio, actions[action], typed=request.POST, view_id=view_id)


def kept_menu(request: HttpRequest, shown: Board, version: str) -> tuple[SafeString, str]:
    """The menu of views as it stands on the page, kept while the board is at this version.

    Returns:
        The menu, and the filters in which the board opens for the person, empty for all cards.
    """
    key = cache_key("views", version, shown.query, request.user.pk)
    kept: tuple[str, str] | None = cache.get(key)
    if kept is None:
        context = menu_context(request, shown.portfolio, shown.filters)
        opens_in = context["default_view"].query if context["default_view"] else ""
        known = {**context, "board_portfolio": shown.portfolio, "user": request.user}
        kept = (str(loader.render_to_string("bets/_views.html", known)), opens_in)
        cache.set(key, kept, KEEP_BOARD_SECONDS)
    # What comes out of the cache was escaped by the template when it went in.
    return SafeString(kept[0]), kept[1]


def menu_context(request: HttpRequest, portfolio: Portfolio, filters: Filters) -> dict[str, Any]:
    """What the menu of views shows; one query."""
    views = rules.views_of(request.user, portfolio)  # type: ignore[arg-type]
    return {
        "views": views,
        "current_view": next((view for view in views if view.query == filters.query), None),
        "default_view": next((view for view in views if view.is_default), None),  # type: ignore[attr-defined]
    }


def _done(
    request: HttpRequest,
    portfolio: Portfolio,
    rule: Callable[[], Any],
    typed: Any,
    view_id: int | None = None,
) -> HttpResponse:
    wrong: dict[str, str] = {}
    try:
        rule()
    except Invalid as refusal:
        wrong = refusal.fields
    except NotAllowed as refusal:
        wrong = {"": str(refusal)}
    if not request.headers.get("HX-Request") and not wrong:
        return redirect("bets:kanban")
    return _dialog(request, portfolio, wrong=wrong, typed=typed if wrong else {}, wrong_of=view_id)


def _dialog(request: HttpRequest, portfolio: Portfolio, **more: Any) -> HttpResponse:
    """The dialog, and beside it the menu as it is now."""
    filters = filters_of_the_page(request)
    context = {
        "board_portfolio": portfolio,
        "filters": filters,
        "may_share": rules.may_share(request.user, portfolio),  # type: ignore[arg-type]
        **menu_context(request, portfolio, filters),
        **more,
    }
    html = [loader.render_to_string("bets/_views_dialog.html", context, request)]
    if request.method == "POST":
        html.append(
            loader.render_to_string("bets/_views.html", {**context, "apart": True}, request)
        )
    return HttpResponse(html, status=422 if more.get("wrong") else 200)
