"""What travels when a board has changed: what differs from what the page holds, and no more."""

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bets.board import move
from bets.changes import Held, held_of
from bets.models import Bet, Portfolio, WipLimit
from spm.accounts.models import Role, User
from tests.factories import make_bet, make_member, make_portfolio, make_theme

pytestmark = pytest.mark.django_db

COLUMN = re.compile(
    r'<section [^>]*data-column="(?P<key>[^"]+)" data-show="(?P<show>\d+)".*?'
    r'<header [^>]*data-mark="(?P<head>\w+)"(?P<cards>.*?)</section>',
    re.DOTALL,
)
CARD = re.compile(r'data-card="(\d+)" data-mark="(\w+)"')


class Page:
    """A page that shows the board, and says what it holds as the script does."""

    def __init__(self, portfolio: Portfolio, query: str = "", role: str = Role.LEAD) -> None:
        cache.clear()
        self.client = Client()
        self.client.force_login(make_member(portfolio, role))
        self.address = f"/kanban/changes?portfolio={portfolio.pk}&{query}"
        self.html = self.client.get(f"/kanban?{query}").content.decode()

    def holds(self) -> dict[str, Any]:
        columns = []
        for found in COLUMN.finditer(self.html):
            cards = " ".join(":".join(pair) for pair in CARD.findall(found["cards"]))
            columns.append(f"{found['key']}|{found['head']}|{found['show']}|{cards}")
        empty = {"empty": ""} if "data-empty" in self.html else {}
        return {"column": columns, **empty}

    def asks(self) -> Any:
        return self.client.post(self.address, self.holds(), headers={"HX-Request": "true"})

    def hears(self) -> str:
        answer = self.asks()
        assert answer.status_code == 200
        return str(answer.content.decode())


def written(bets: Any, **values: Any) -> None:
    """Change bets in a transaction of their own, by which marks know that they have changed."""
    with transaction.atomic():
        bets.update(**values)


def orders(html: str) -> dict[str, list[int]]:
    """The cards of each column that differs, from top to bottom."""
    found = re.findall(r'data-change="([^"]+)" data-order="([^"]*)"', html)
    return {key: [int(bet_id) for bet_id in order.split()] for key, order in found}


def cards(html: str) -> set[int]:
    return {int(bet_id) for bet_id, _ in CARD.findall(html)}


def test_nothing_travels_while_nothing_has_changed() -> None:
    portfolio = make_portfolio()
    make_bet(portfolio)
    assert Page(portfolio).asks().status_code == 204


def test_a_move_by_somebody_else_is_one_card_and_two_columns() -> None:
    portfolio = make_portfolio()
    ours, stays = make_bet(portfolio, stage="stopped"), make_bet(portfolio, stage="stopped")
    there = make_bet(portfolio)
    page = Page(portfolio)
    move(make_member(portfolio), ours.pk, "funnel")
    html = page.hears()
    assert orders(html) == {"funnel": [ours.pk, there.pk], "stopped": [stays.pk]}
    assert cards(html) == {ours.pk}
    assert {"head-funnel", "head-stopped"} == set(re.findall(r'id="(head-\w+)"', html))


def test_who_moved_a_card_is_said_to_everybody_but_them() -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio, stage="stopped", title="Refunds")
    page, bens = Page(portfolio), Page(portfolio)
    ben = User.objects.get(pk=bens.client.session["_auth_user_id"])
    User.objects.filter(pk=ben.pk).update(name="Ben Other")
    move(ben, bet.pk, "funnel")
    words = f'<p data-moved="{bet.pk}">Ben Other moved ‘Refunds’ to Funnel.</p>'
    assert words in page.hears()
    assert "data-moved" not in bens.hears()


def test_a_card_that_says_something_else_comes_alone() -> None:
    portfolio = make_portfolio()
    bet, other = make_bet(portfolio), make_bet(portfolio)
    page = Page(portfolio)
    written(Bet.objects.filter(pk=bet.pk), belief=0.4)
    html = page.hears()
    assert cards(html) == {bet.pk}
    assert orders(html) == {"funnel": [bet.pk, other.pk]}
    assert "head-funnel" not in html


def test_a_new_order_travels_without_the_cards_that_only_change_places() -> None:
    portfolio = make_portfolio()
    scores: dict[str, Any] = {"business_value": 5, "time_criticality": 3, "risk_reduction": 2}
    first = make_bet(portfolio, stage="ready", job_size=2, **scores)
    second = make_bet(portfolio, stage="ready", job_size=5, **scores)
    page = Page(portfolio)
    written(Bet.objects.filter(pk=second.pk), job_size=1)
    html = page.hears()
    assert orders(html) == {"ready": [second.pk, first.pk]}
    assert cards(html) == {second.pk}


def test_a_limit_changes_the_head_alone() -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio)
    page = Page(portfolio)
    WipLimit.objects.create(portfolio=portfolio, stage="funnel", limit=3)
    html = page.hears()
    assert "1 of 3" in html
    assert (orders(html), cards(html)) == ({"funnel": [bet.pk]}, set())


def test_a_page_that_holds_a_wrong_order_is_put_right() -> None:
    portfolio = make_portfolio()
    one, two = make_bet(portfolio), make_bet(portfolio)
    page = Page(portfolio)
    said = page.holds()
    funnel = next(text for text in said["column"] if text.startswith("funnel"))
    start, _, held = funnel.rpartition("|")
    turned = f"{start}|{' '.join(reversed(held.split()))}"
    said["column"] = [turned if text == funnel else text for text in said["column"]]
    html = page.client.post(page.address, said).content.decode()
    assert (orders(html), cards(html)) == ({"funnel": [one.pk, two.pk]}, set())


def test_a_filtered_board_hears_of_what_its_filters_let_through() -> None:
    portfolio = make_portfolio()
    bet, other = make_bet(portfolio, title="Refunds"), make_bet(portfolio, title="Ledger")
    page = Page(portfolio, "q=refunds")
    written(Bet.objects.filter(pk__in=(bet.pk, other.pk)), belief=0.4)
    assert cards(page.hears()) == {bet.pk}
    written(Bet.objects.filter(pk=bet.pk), title="Money back")
    assert orders(page.hears()) == {"funnel": []}


def test_a_lane_that_appears_and_a_first_bet_bring_the_whole_board() -> None:
    portfolio = make_portfolio()
    page = Page(portfolio, "lanes=theme")
    assert page.asks().status_code == 204
    make_bet(portfolio)
    assert 'id="kanban"' in page.hears()
    page = Page(portfolio, "lanes=theme")
    make_bet(portfolio, theme=make_theme(portfolio))
    assert 'id="kanban"' in page.hears()


def test_a_column_that_has_loaded_on_stays_as_long_as_it_is() -> None:
    portfolio = make_portfolio()
    for _ in range(120):
        make_bet(portfolio)
    page = Page(portfolio)
    said = page.holds()
    said["column"][0] = said["column"][0].replace("|50|", "|100|")
    html = page.client.post(page.address, said).content.decode()
    assert len(orders(html)["funnel"]) == 100
    assert len(cards(html)) == 50


@pytest.mark.parametrize(
    "text", ["", "funnel", "funnel|x|y|z", "funnel|a|50|1e9:x 4", f"funnel||{10**30}|{10**30}:a"]
)
def test_whatever_a_page_says_it_holds_it_is_answered(text: str) -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio)
    page = Page(portfolio)
    said = page.holds()
    said["column"][0] = text
    answer = page.client.post(page.address, said)
    assert answer.status_code == 200
    assert cards(answer.content.decode()) == {bet.pk}


def test_what_a_page_says_is_read_column_by_column() -> None:
    assert held_of(["ready-3|ab|75|17:aa 4:bb", "funnel||x|"]) == {
        "ready-3": Held("ab", 75, {17: "aa", 4: "bb"}),
        "funnel": Held("", 50, {}),
    }


def test_who_may_not_see_the_portfolio_hears_nothing_of_it() -> None:
    foreign = make_portfolio()
    page = Page(make_portfolio())
    assert page.client.post(f"/kanban/changes?portfolio={foreign.pk}").status_code == 404


def test_changes_take_a_fixed_number_of_queries() -> None:
    portfolio = make_portfolio()
    for _ in range(3):
        make_bet(portfolio)

    def queries_of_a_change() -> int:
        page = Page(portfolio)
        page.asks()
        written(Bet.objects.filter(portfolio=portfolio), belief=0.4)
        with CaptureQueriesContext(connection) as queries:
            page.hears()
        return len(queries)

    few = queries_of_a_change()
    for stage in ("funnel", "testing", "scaling"):
        for _ in range(10):
            make_bet(portfolio, stage=stage)
    assert queries_of_a_change() == few
