"""A board that several people look at: nothing is disturbed or missed, all see the same."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from bets.board import move
from bets.edit import change_bet, create_bet
from bets.models import Bet, Portfolio, StageChange
from spm.accounts.models import User
from tests.browser import two_boards
from tests.browser.watching import is_live
from tests.factories import make_bet, make_member, make_portfolio, make_stream
from tests.flaky_line import FlakyLine

MOVES = 25

SignIn = Callable[..., Any]


@pytest.fixture
def portfolio(live_site: Any) -> Portfolio:
    """Where everything here happens."""
    return make_portfolio()


@pytest.fixture
def lead(portfolio: Portfolio) -> User:
    """The person at the browser."""
    return make_member(portfolio, name="Anna Lead")


@pytest.fixture
def ben(portfolio: Portfolio) -> User:
    """Somebody else."""
    return make_member(portfolio, name="Ben Other")


def framed(portfolio: Portfolio, **fields: Any) -> Bet:
    return make_bet(
        portfolio, owner=make_member(portfolio), stream=make_stream(portfolio), **fields
    )


def open_board(sign_in: SignIn, user: User) -> Any:
    page = sign_in(user)
    page.goto("/kanban")
    is_live(page)
    return page


def in_column(page: Any, stage: str, bet: Bet) -> Any:
    return page.locator(f"#column-{stage} #card-{bet.pk}")


def test_what_is_in_use_is_left_alone_and_catches_up(
    portfolio: Portfolio, lead: User, ben: User, sign_in: SignIn
) -> None:
    bets = [framed(portfolio) for _ in range(12)]
    # The list of the menu lies over the cards after its own; the one in use is clear of it.
    dragged, opened, focused, moved = bets[0], bets[1], bets[7], bets[8]
    page = open_board(sign_in, lead)
    page.set_viewport_size({"width": 1200, "height": 960})
    page.evaluate(f"window.kept = document.getElementById('card-{bets[5].pk}')")
    # One card is held in the hand, and another has its menu open.
    box = page.locator(f"#card-{dragged.pk}").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] - 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + box["height"] + 8, steps=3)
    page.locator(f"#card-{dragged.pk}.is-dragged").wait_for()
    page.evaluate(f"document.querySelector('#card-{opened.pk} details').open = true")
    page.locator(f"#card-{opened.pk} .menu__item").first.wait_for()  # scrolled to, once it is in
    page.evaluate("window.scrollTo(0, 40)")
    page.locator(f"#card-{focused.pk}").evaluate("card => card.focus({preventScroll: true})")
    top = page.locator(f"#card-{focused.pk}").bounding_box()["y"]
    for bet in (dragged, opened, moved):
        move(ben, bet.pk, "framing")
    change_bet(ben, focused.pk, {"title": "Another title"})
    in_column(page, "framing", moved).wait_for()
    page.locator(f"#card-{focused.pk}", has_text="Another title").wait_for()
    assert page.evaluate("document.activeElement.id") == f"card-{focused.pk}"
    assert page.locator(f"#card-{focused.pk}").bounding_box()["y"] == pytest.approx(top, abs=2)
    assert page.evaluate(f"window.kept === document.getElementById('card-{bets[5].pk}')")
    for bet in (dragged, opened):
        assert in_column(page, "funnel", bet).count() == 1
    assert page.locator(f"#card-{opened.pk} details[open]").count() == 1
    # Put down and closed, both are where they belong.
    page.mouse.up()
    page.evaluate(f"document.querySelector('#card-{opened.pk} details').open = false")
    for bet in (dragged, opened):
        in_column(page, "framing", bet).wait_for()
    two_boards.wait_until_equal([page], portfolio, within=5)


def test_only_what_changed_travels_and_half_typed_words_stay(
    portfolio: Portfolio, lead: User, ben: User, sign_in: SignIn
) -> None:
    bets = [framed(portfolio) for _ in range(30)]
    page = open_board(sign_in, lead)
    page.get_by_label("Title of a new bet").fill("Half a tit")
    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer))
    move(ben, bets[0].pk, "framing")
    in_column(page, "framing", bets[0]).wait_for()
    create_bet(ben, portfolio, {"title": "Brand new"})
    page.locator("#column-funnel", has_text="Brand new").wait_for()
    time.sleep(0.3)  # nothing more comes
    paths = {urlsplit(answer.url).path for answer in answers}
    asked = {path for path in paths if not path.startswith("/static/")}
    assert asked <= {"/kanban/changes", "/kanban/teams", "/present"}
    changes = [answer for answer in answers if urlsplit(answer.url).path == "/kanban/changes"]
    carried = [answer.text().count(" data-card=") for answer in changes if answer.status == 200]
    assert sum(carried) == 2
    assert page.get_by_label("Title of a new bet").input_value() == "Half a tit"
    assert page.evaluate("document.activeElement.name") == "title"


def test_a_move_whose_answer_is_lost_is_made_once_and_one_that_never_arrives_goes_back(
    portfolio: Portfolio, lead: User, sign_in: SignIn
) -> None:
    bet = framed(portfolio)
    page = open_board(sign_in, lead)
    lost = []

    def lose_the_answer(route: Any) -> None:
        lost.append(route.fetch().status)
        route.abort()

    page.route("**/move", lose_the_answer, times=1)
    page.locator(f"#card-{bet.pk}").focus()
    page.keyboard.press("m")
    page.locator(f"#card-{bet.pk} [data-move-to=framing]").click()
    page.locator(f"#column-framing #card-{bet.pk}[data-version='2']:not(.is-sent)").wait_for()
    assert lost == [200]
    assert StageChange.objects.filter(bet=bet).count() == 1
    assert not page.locator("#dialog").is_visible()
    page.route("**/move", lambda route: route.abort())
    page.locator(f"#card-{bet.pk}").focus()
    page.keyboard.press("m")
    page.locator(f"#card-{bet.pk} [data-move-to=funnel]").click()
    page.get_by_text("The server does not answer.").wait_for()
    in_column(page, "framing", bet).wait_for()


def test_two_browsers_on_a_flaky_line_end_as_the_database_is(live_site: Any, browser: Any) -> None:
    portfolio = two_boards.make_board()
    people = [make_member(portfolio, name=name) for name in ("Anna Lead", "Ben Other")]
    with FlakyLine(urlsplit(live_site.url).port or 0, seed=7) as line:
        boards = [two_boards.Board(browser, line.url, person) for person in people]
        try:
            for seed, board in enumerate(boards):
                board.move_about(MOVES, seed + 1)
            two_boards.wait_until_over(boards, within=60)
            line.calm = True
            two_boards.wait_until_equal([board.page for board in boards], portfolio, within=15)
        finally:
            for board in boards:
                board.page.context.close()
    assert line.happened["lost"] and line.happened["answer lost"] and line.happened["cut"]
    assert two_boards.broken_chains(portfolio) == []
    moves = StageChange.objects.filter(bet__portfolio=portfolio)
    assert set(moves.values_list("changed_by", flat=True)) == {person.pk for person in people}
    for board in boards:
        assert board.faults == []
        assert not any(f"{board.person.name} moved" in said for said in board.said)


def test_who_else_looks_at_the_board_is_seen_while_they_do(
    portfolio: Portfolio, lead: User, ben: User, sign_in_elsewhere: SignIn
) -> None:
    page = open_board(sign_in_elsewhere, lead)
    assert not page.locator("#others").is_visible()
    other = open_board(sign_in_elsewhere, ben)
    mine = page.get_by_role("list", name="Also looking at this")
    mine.get_by_text("Ben Other").wait_for(state="attached")
    assert mine.get_by_text("BO").is_visible()
    other.locator("#others").get_by_text("Anna Lead").wait_for(state="attached")
    other.close()
    mine.wait_for(state="hidden")
