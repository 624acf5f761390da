"""Two people who move the cards of one board about, and what their pages show in the end."""

import time
from typing import Any

from django.conf import settings

from bets.kanban import Filters, choices_of, columns_of
from bets.models import Bet, Portfolio, StageChange, WipLimit
from spm.accounts.models import User
from tests.browser.conftest import session_of
from tests.browser.watching import is_live
from tests.factories import (
    make_bet,
    make_hypothesis,
    make_kill_criterion,
    make_member,
    make_portfolio,
    make_stream,
)

STAGES = ("funnel", "framing", "ready", "testing", "stopped")

# Moves by the menu of a card, as a hand would: some at once after each other, some a while later.
# A dialog that says why a card stays is read, noted and closed.
MOVE_ABOUT = """([moves, stages, seed]) => {
  let state = seed;
  const chance = () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
  const any = (list) => list[Math.floor(chance() * list.length)];
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const answers = [];
  window.movedAbout = { done: 0, answers };
  const closeDialog = () => {
    const dialog = document.getElementById("dialog");
    if (!dialog.open) return;
    answers.push(document.getElementById("dialog-body").textContent.replace(/\\s+/g, " ").trim());
    dialog.close();
  };
  const moveOne = async () => {
    const card = any([...document.querySelectorAll("[data-card]:not(.is-sent)")]);
    const menu = card?.querySelector("details[data-card-menu]");
    if (!menu) return;
    menu.open = true;
    await pause(5);
    const to = any(stages.filter((stage) => stage !== card.closest("[data-stage]")?.dataset.stage));
    menu.querySelector(`[data-move-to="${to}"]`)?.click();
    menu.open = false;
    await pause(chance() < 0.3 ? 5 : chance() * 160);
    closeDialog();
    for (const toast of document.querySelectorAll("[data-toast]")) toast.remove();
  };
  (async () => {
    for (let at = 0; at < moves; at += 1) {
      await moveOne();
      window.movedAbout.done = at + 1;
    }
    while (document.querySelector(".is-sent")) await pause(50);
    closeDialog();
    window.movedAbout.over = true;
  })();
}"""

SHOWN = """() => Object.fromEntries(
  [...document.querySelectorAll("[data-column]")].map((column) => [column.dataset.column, [
    column.querySelector(".board__count").textContent.replace(/\\s+/g, " ").trim(),
    ...[...column.querySelectorAll("[data-card]")].map(
      (card) => `${card.dataset.card} v${card.dataset.version}`)]]))"""


def make_board(cards: int = 24) -> Portfolio:
    """A board on which most moves are possible, some are refused, and one stage is full at four."""
    portfolio = make_portfolio()
    owner, stream = make_member(portfolio), make_stream(portfolio)
    scores: dict[str, Any] = {"business_value": 5, "time_criticality": 3, "risk_reduction": 2}
    for number in range(cards):
        bet = make_bet(
            portfolio,
            owner=owner,
            stream=stream,
            stage=("funnel", "framing")[number % 2],
            value_p10=1,
            value_p50=2,
            value_p90=3,
            test_budget=1_000,
            job_size=(1, 2, 3, 5, 8)[number % 5],
            **scores,
        )
        make_kill_criterion(make_hypothesis(bet))
    WipLimit.objects.create(portfolio=portfolio, stage="testing", limit=4)
    return portfolio


class Board:
    """The board in a browser of its own, with the person who moves cards about on it."""

    def __init__(self, browser: Any, url: str, person: User) -> None:
        self.person = person
        self.faults: list[str] = []
        self.said: list[str] = []
        context = browser.new_context(base_url=url)
        context.set_default_timeout(10_000)
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session_of(person), "url": url}
        context.add_cookies([cookie])
        self.page = context.new_page()
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.goto("/kanban")
        is_live(self.page)

    def move_about(self, moves: int, seed: int) -> None:
        """Begin; ``wait_until_over`` waits for the end."""
        self.page.evaluate(MOVE_ABOUT, [moves, STAGES, seed])

    @property
    def done(self) -> int:
        """How many moves have been tried."""
        return int(self.page.evaluate("window.movedAbout?.done ?? 0"))

    @property
    def is_over(self) -> bool:
        """Whether all of them are answered; what dialogs said is in ``said`` then."""
        over = bool(self.page.evaluate("window.movedAbout?.over === true"))
        if over:
            self.said = self.page.evaluate("window.movedAbout.answers")
        return over


def wait_until_over(boards: list[Board], within: float) -> None:
    """Wait until everybody is done.

    Raises:
        AssertionError: they are not, ``within`` seconds.
    """
    deadline = time.monotonic() + within
    while not all(board.is_over for board in boards):
        assert time.monotonic() < deadline, [board.done for board in boards]
        time.sleep(0.2)


def in_the_database(portfolio: Portfolio) -> dict[str, list[str]]:
    """What a page of the board should show: for each column its count, and the cards in order."""
    versions = dict(Bet.objects.filter(portfolio=portfolio).values_list("pk", "version"))
    filters = Filters()
    columns = columns_of(portfolio, filters, choices_of(portfolio))[0]
    return {
        column.key: [
            f"{column.in_stage} of {column.limit}" if column.limit else f"{column.in_stage}",
            *(f"{place.bet_id} v{versions[place.bet_id]}" for place in column.places),
        ]
        for column in columns
    }


def wait_until_equal(pages: list[Any], portfolio: Portfolio, within: float) -> None:
    """Wait until each page shows what the database says.

    Raises:
        AssertionError: one does not, ``within`` seconds.
    """
    deadline = time.monotonic() + within
    wanted = in_the_database(portfolio)
    for page in pages:
        while (shown := page.evaluate(SHOWN)) != wanted:
            assert time.monotonic() < deadline, (shown, wanted)
            time.sleep(0.05)


def broken_chains(portfolio: Portfolio) -> list[int]:
    """The bets whose journal does not lead from where they were to where they are."""
    broken = []
    for bet in Bet.objects.filter(portfolio=portfolio):
        moves = list(StageChange.objects.filter(bet=bet).order_by("id"))
        stages = [move.from_stage for move in moves] + [bet.stage]
        leads = all(move.to_stage == after for move, after in zip(moves, stages[1:], strict=True))
        if not leads or bet.version != len(moves) + 1:
            broken.append(bet.pk)
    return broken
