"""What a request is about that comes from the board, and the answers that its fragments share."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template import loader
from django.urls import reverse

from bets.cards import Movers, cards_for
from bets.changes import mark_heads
from bets.kanban import Choices, Column, Filters, choices_of, columns_of
from bets.models import Bet, Portfolio, Stage
from spm.accounts.middleware import turn_to
from spm.accounts.models import Membership
from spm.accounts.page_request import PageRequest
from spm.accounts.permissions import ROLES_FOR
from spm.reading import id_of


@dataclass(frozen=True)
class Board:
    """What the page and each of its fragments need of one request."""

    portfolio: Portfolio
    filters: Filters
    movers: Movers

    @cached_property
    def choices(self) -> Choices:
        """What can be filtered by, and the names of lanes."""
        return choices_of(self.portfolio)

    def columns(self, **which: Any) -> list[list[Column]]:
        """The columns, lane by lane, with their cards."""
        return self.with_cards(columns_of(self.portfolio, self.filters, self.choices, **which))

    def with_cards(self, lanes: list[list[Column]]) -> list[list[Column]]:
        """The same columns, with their cards."""
        places = [place for columns in lanes for column in columns for place in column.places]
        cards = cards_for(places, self.portfolio, self.movers)
        for column in (column for columns in lanes for column in columns):
            column.cards = [cards[place.bet_id] for place in column.places]
        self.with_marks(lanes)
        return lanes

    def with_marks(self, lanes: list[list[Column]]) -> list[Column]:
        """The same columns in one list, the heads marked with all that they say."""
        columns = [column for columns in lanes for column in columns]
        mark_heads(columns, self.query, self.portfolio.currency, self.movers.role)
        return columns

    @property
    def query(self) -> str:
        """What every fragment's address carries."""
        return "&".join(filter(None, [f"portfolio={self.portfolio.pk}", self.filters.query]))

    def context(self) -> dict[str, Any]:
        """What the templates of the board and its fragments know."""
        return {
            "board_portfolio": self.portfolio,
            "filters": self.filters,
            "query": self.query,
            "may_set_limits": self.movers.role in ROLES_FOR["set_wip_limits"],
            "changes_url": f"{reverse('bets:changes')}?{self.query}",
        }


def board_of(
    request: HttpRequest, filters: Filters | None = None, portfolio: Portfolio | None = None
) -> Board:
    """The board that a request is about; the filters are those of its own address by default."""
    if portfolio is None:
        portfolio = portfolio_of(request)
    if filters is None:
        filters = Filters.of(request.GET.dict(), request.user.pk)
    known = (each for each in _memberships(request) if each.portfolio_id == portfolio.pk)
    movers = Movers(request.user, portfolio, next(known, None))  # type: ignore[arg-type]
    return Board(portfolio, filters, movers)


def _memberships(request: HttpRequest) -> list[Membership]:
    """The person's roles, which the middleware has read."""
    return getattr(request, "memberships", [])


def portfolio_of(request: HttpRequest) -> Portfolio:
    """The one that the address names, so that two tabs may show two; else the current one."""
    named = request.GET.get("portfolio") or request.POST.get("portfolio") or ""
    current: Portfolio | None = getattr(request, "portfolio", None)
    if not named or (current is not None and named == str(current.pk)):
        if current is None:
            raise Http404
        return current
    if id_of(named) is None:
        raise Http404
    return get_object_or_404(Portfolio.objects.visible_to(request.user), pk=int(named))


def visible_bet(request: HttpRequest, bet_id: int) -> Bet:
    """The bet, or 404 for whoever may not see it."""
    bets = Bet.objects.visible_to(request.user).select_related("portfolio", "predecessor")
    found: Bet = get_object_or_404(bets, pk=bet_id)
    return found


def bet_turned_to(request: PageRequest, bet_id: int) -> Bet:
    """The bet that a page is about, whose portfolio the request turns to; 404 as above."""
    bet = visible_bet(request, bet_id)
    turn_to(request, bet.portfolio_id)
    return bet


def filters_of_the_page(request: HttpRequest) -> Filters:
    """The filters of the board on which a fragment is shown."""
    return Filters.of(parameters_of_the_page(request), request.user.pk)


def parameters_of_the_page(request: HttpRequest) -> dict[str, str]:
    """The parameters of the address of that board."""
    address = request.headers.get("HX-Current-URL", "")
    return dict(parse_qsl(urlsplit(address).query)) if is_kanban(request) else {}


def is_kanban(request: HttpRequest) -> bool:
    """Whether the page that asks for a fragment is the Kanban."""
    path = urlsplit(request.headers.get("HX-Current-URL", "")).path
    return path == reverse("bets:kanban")


def columns_apart(request: HttpRequest, shown: Board, stages: list[Stage]) -> str:
    """Columns that htmx puts in their places beside the answer itself."""
    return "".join(
        loader.render_to_string(
            "bets/_column.html", {**shown.context(), "column": columns[0], "apart": True}, request
        )
        for stage in stages
        for columns in shown.columns(stage=stage)
    )


def say(
    answer: HttpResponse, text: str, *, close: bool = False, done: Iterable[int] | None = None
) -> HttpResponse:
    """Let the page say something once the answer has arrived.

    Args:
        answer: which is given back.
        text: what is said.
        close: whether the dialog that asked has done its part.
        done: bets whose cards have been changed; the board then looks what else has.
    """
    said: dict[str, Any] = {"toast": text}
    if close:
        said["close-dialog"] = ""
        # Nothing for the dialog that asked; columns in the answer find their own places.
        answer["HX-Retarget"], answer["HX-Reswap"] = "body", "none"
    answer["HX-Trigger"] = json.dumps(said)
    if done is not None:
        answer["HX-Trigger-After-Swap"] = json.dumps({"cards-done": {"ids": list(done)}})
    return answer
