"""A newcomer: from no portfolio to three bets with their first evidence, and the tour, unaided.

Wide for the beginning, on a phone for the rest; every page on the way can be read by everybody.
"""

from collections.abc import Callable
from typing import Any

from bets.models import Bet, Portfolio
from evidence.models import Evidence
from tests.browser.test_accessibility import wait_for_panels, wrong_with
from tests.factories import make_user

PHONE = {"width": 390, "height": 844}
# Somebody who reads everything and types slowly has ten minutes; what counts here is that nothing
# has to be looked for. A click more is a step more to explain.
MOST_CLICKS = 22

BETS = (
    ("Returns without a box", "One return in four comes without packaging.", "25", "9", "31"),
    ("Two-hour windows", "Nine of ten parcels arrive in their window.", "90", "171", "182"),
    ("Glove scanners", "A scan with the glove saves a second in most cases.", "60", "12", "40"),
)


class Newcomer:
    """Clicks what a person would, counts it, and looks at each page that comes."""

    def __init__(self, page: Any) -> None:
        self.page, self.clicks = page, 0
        self.wrong: list[str] = []

    def click(self, name: str, role: str = "button") -> None:
        """Press the button or follow the link of this name."""
        self.page.get_by_role(role, name=name, exact=True).first.click()
        self.clicks += 1
        self.page.wait_for_load_state()

    def look(self) -> None:
        """Note what is wrong with the page."""
        wait_for_panels(self.page)
        self.page.faults = []
        self.wrong += wrong_with(self.page)


def test_a_newcomer_comes_to_three_bets_with_evidence_without_help(
    page: Any, sign_in: Callable[[Any], Any]
) -> None:
    somebody = Newcomer(sign_in(make_user("Nora New")))
    page.goto("/")
    somebody.click("Open a portfolio", "link")
    found_portfolio(somebody)
    page.set_viewport_size(PHONE)
    for number, bet in enumerate(BETS, start=1):
        add_bet_and_its_evidence(somebody, *bet)
        assert f"{number} of 3" in page.inner_text(".progress")
    assert "That is the main job" in page.inner_text("#main")
    assert Bet.objects.filter(portfolio__name="Nora's office").count() == 3
    assert Evidence.objects.count() == 3
    assert all(bet.belief is not None for bet in Bet.objects.all())
    assert somebody.clicks <= MOST_CLICKS, somebody.clicks
    print(f"{somebody.clicks} clicks")

    take_the_tour(somebody)
    for path in ("/", "/settings", "/settings/members/new", "/settings/teams/new"):
        page.goto(path)
        somebody.look()
    assert somebody.wrong == []


def found_portfolio(somebody: Newcomer) -> None:
    """The three steps, with a slip and a way back."""
    page = somebody.page
    page.fill("#id_name", "Nora's office")
    page.fill("#id_envelope", "plenty")
    somebody.click("Next")
    assert "Write a number" in page.inner_text("#id_envelope_error")
    assert page.input_value("#id_name") == "Nora's office"
    somebody.look()
    page.fill("#id_envelope", "400k")
    somebody.click("Next")
    page.fill("#id_theme_0", "Win small merchants")
    somebody.look()
    somebody.click("Back")
    assert page.input_value("#id_envelope") == "400k"
    somebody.click("Next")
    assert page.input_value("#id_theme_0") == "Win small merchants"
    somebody.click("Next")
    assert page.inner_text("#id_bet_share_echo") == "60,000 EUR a month"
    somebody.look()
    somebody.click("Open the portfolio")
    portfolio = Portfolio.objects.get()
    assert (portfolio.envelope, portfolio.teams.count()) == (400_000, 3)


def add_bet_and_its_evidence(
    somebody: Newcomer, title: str, statement: str, threshold: str, seen: str, of: str
) -> None:
    """A bet with its thesis, and what is known of it."""
    page = somebody.page
    page.fill("#id_title", title)
    page.fill("#id_statement", statement)
    page.fill("#id_threshold", threshold)
    somebody.look()
    somebody.click("Add this bet")
    somebody.click("Log its first evidence", "link")
    page.fill("#log-form [name=reading]", f"{seen} of {of}")
    somebody.click("Log evidence")
    page.wait_for_selector("#log-evidence .notice")
    somebody.look()
    somebody.click("Go on with them", "link")


def take_the_tour(somebody: Newcomer) -> None:
    """Offered on the first page; left, taken up again, and ended, by keyboard."""
    page = somebody.page
    page.goto("/")
    somebody.click("Take the tour", "link")
    for step in range(1, 6):
        assert f"step {step} of 5" in page.inner_text("#tour")
        page.wait_for_selector("#tour:focus")
        page.wait_for_selector(".tour-target")
        somebody.look()
        if step == 3:
            page.keyboard.press("Escape")
            page.wait_for_selector("#tour", state="detached")
            page.goto("/tour")
        page.focus("#tour-next")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url, step=step: f"tour={step}" not in url)
    assert "Take the tour" not in page.inner_text("#main")
