"""The tools of the board by keyboard alone and on a phone: look, pick, score, limit, view, add."""

from collections.abc import Callable
from typing import Any

from bets.board import move
from bets.models import Bet, BoardView, Portfolio, WipLimit, WipLimitChange
from spm.accounts.models import User
from tests.browser.test_accessibility import AXE, RUN_AXE
from tests.browser.test_kanban import framed, lead, open_board, portfolio
from tests.browser.watching import wait_for_panels
from tests.factories import make_bet, make_hypothesis, make_member, make_scaling_bet

__all__ = ["lead", "portfolio"]  # the fixtures

SignIn = Callable[[User], Any]


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.id"))


def wait_for_focus(page: Any, element_id: str) -> None:
    page.wait_for_function("id => document.activeElement.id === id", arg=element_id)


def looks_at(page: Any, bet: Bet) -> None:
    """Until the quick look shows the bet, and the address says so."""
    page.locator(f"#look [data-look='{bet.pk}']").wait_for()
    assert f"look={bet.pk}" in page.url


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def nothing_for_axe(page: Any) -> None:
    page.evaluate(AXE.read_text())
    assert page.evaluate(RUN_AXE) == []


def scored(portfolio: Portfolio, job_size: int, **fields: Any) -> Bet:
    scores: dict[str, Any] = {"business_value": 5, "time_criticality": 3, "risk_reduction": 2}
    return make_bet(portfolio, stage="ready", job_size=job_size, **scores, **fields)


def test_the_board_is_walked_looked_at_picked_and_changed_by_keyboard_alone(
    portfolio: Portfolio, lead: User, sign_in: SignIn
) -> None:
    first, second = framed(portfolio, title="First"), framed(portfolio, title="Second")
    bare = make_bet(portfolio, title="Bare")
    make_hypothesis(first, statement="Customers come back")
    Bet.objects.filter(pk=second.pk).update(stage_entered_at="2025-12-01T00:00Z")
    Bet.objects.filter(pk=bare.pk).update(stage_entered_at="2025-11-01T00:00Z")
    page = open_board(sign_in, lead)

    press(page, "j", "Enter")
    looks_at(page, first)
    page.locator("#look").get_by_text("Customers come back").wait_for()
    wait_for_panels(page)
    nothing_for_axe(page)
    press(page, "j")
    looks_at(page, second)
    assert focused(page) == f"card-{second.pk}"
    move(make_member(portfolio, name="Ben"), first.pk, "framing")  # the board goes on behind it
    page.locator(f"#column-framing #card-{first.pk}").wait_for()
    press(page, "Enter")  # once more goes into the panel
    wait_for_focus(page, "look")
    press(page, "Escape")
    page.locator("#look").wait_for(state="hidden")
    assert focused(page) == f"card-{second.pk}"
    page.wait_for_url("**/kanban")

    press(page, "x", "j", "X")
    page.locator("#together").get_by_text("2 cards").wait_for()
    press(page, "Escape")
    page.locator("#together").wait_for(state="hidden")
    press(page, "x", "k", "X", "m")
    wait_for_focus(page, "together-stage")
    page.keyboard.type("Fram")
    press(page, *["Tab"] * 5, "Enter")
    dialog = page.locator("#dialog")
    dialog.get_by_text("1 card is changed.").first.wait_for()
    dialog.get_by_role("link", name="Bare").wait_for()
    dialog.get_by_text("Nobody owns it yet.").wait_for()
    nothing_for_axe(page)
    page.locator(f"#column-framing #card-{second.pk}").wait_for()
    press(page, "Escape")
    page.locator("#together").get_by_text("1 card").wait_for()
    assert page.locator(f"#card-{bare.pk} [data-pick]").is_checked()

    press(page, "m")
    wait_for_focus(page, "together-stage")
    press(page, "Escape")  # out of the bar, and once more lets go
    wait_for_focus(page, f"card-{second.pk}")
    page.locator("#together").get_by_text("1 card").wait_for()
    press(page, "Escape")
    page.locator("#together").wait_for(state="hidden")
    page.locator(f"#card-{bare.pk}").focus()
    press(page, "m")
    page.wait_for_selector(f"#card-{bare.pk} .menu__item:focus")
    press(page, "Enter")
    dialog.get_by_text("Nobody owns it yet.").wait_for()
    press(page, "Escape")
    wait_for_focus(page, f"card-{bare.pk}")


def test_ready_is_scored_a_limit_set_a_view_kept_and_bets_added_in_place(
    portfolio: Portfolio, lead: User, sign_in: SignIn
) -> None:
    quick, slow = scored(portfolio, 1), scored(portfolio, 20)
    page = open_board(sign_in, lead)
    in_ready = "[...document.querySelectorAll('#column-ready [data-card]')]"
    stands_first = f"id => +{in_ready}[0].dataset.card === id"
    assert page.evaluate(stands_first, quick.pk)
    page.locator(f"#card-{slow.pk} .wsjf__open").press("Enter")
    page.locator(f"#wsjf-{slow.pk}-business_value:focus").wait_for()
    page.locator(f"#wsjf-{slow.pk}-business_value").select_option("20")
    page.locator(f"#wsjf-{slow.pk}-job_size").select_option("1")
    page.locator(f"#card-{slow.pk}").get_by_role("button", name="Save").click()
    page.wait_for_function(stands_first, arg=slow.pk)
    page.locator(f"#card-{slow.pk}:focus").wait_for()
    page.locator(f"#card-{quick.pk} .wsjf__open").press("Enter")
    page.locator(f"#wsjf-{quick.pk}-job_size").press("Escape")
    page.locator(f"#card-{quick.pk} .wsjf__open").wait_for()

    page.locator("#policy-ready summary").press("Enter")
    page.get_by_role("button", name="Change the limits…").locator("visible=true").press("Enter")
    page.get_by_label("All of Ready").fill("1")
    page.get_by_role("button", name="Save the limits").press("Enter")
    page.locator("#head-ready .board__count", has_text="2 of 1").wait_for()
    assert WipLimit.objects.get().limit == WipLimitChange.objects.get().to_limit == 1

    page.get_by_label("Owner").select_option("none")
    page.wait_for_url("**/kanban?owner=none")
    page.get_by_label("Text in title or description").fill("nothing like this")
    page.get_by_text("No card matches.").wait_for()
    page.get_by_label("Text in title or description").fill("")
    page.wait_for_url("**/kanban?owner=none")
    page.locator("#views summary").press("Enter")
    page.get_by_role("button", name="Save or change views…").press("Enter")
    page.get_by_label("Keep what the board shows as").fill("Ownerless")
    page.get_by_label("The board opens in it for me").check()
    page.get_by_role("button", name="Save the view").press("Enter")
    page.locator("#dialog").get_by_role("link", name="Ownerless").wait_for()
    nothing_for_axe(page)
    assert BoardView.objects.get().query == "owner=none"
    page.goto("/kanban")
    page.wait_for_url("**/kanban?owner=none")

    field = page.get_by_label("Title of a new bet")
    field.focus()
    for title in ("One", "Two"):  # the focus stays, so that one can go on typing
        page.keyboard.type(title)
        press(page, "Enter")
        page.locator("#column-funnel").get_by_role("link", name=title).wait_for()
        wait_for_focus(page, "quick-add-title")
    page.keyboard.type("x" * 5)
    assert field.input_value() == "xxxxx"


def test_on_a_phone_a_look_is_a_sheet_and_picked_cards_are_changed(
    portfolio: Portfolio, lead: User, sign_in_elsewhere: Callable[..., Any]
) -> None:
    bet, other = framed(portfolio), make_bet(portfolio)
    make_scaling_bet(portfolio, title="A title that is much too long for a narrow card" * 3)
    size = {"width": 390, "height": 844}
    page = sign_in_elsewhere(lead, viewport=size, has_touch=True)
    page.goto("/kanban")
    page.locator(f"#card-{bet.pk} .belief").tap()
    looks_at(page, bet)
    wait_for_panels(page)
    box = page.locator("#look").bounding_box()
    assert (box["width"], box["height"]) == (390, 844)
    nothing_for_axe(page)
    page.locator("[data-look-step='1']").tap()
    looks_at(page, other)
    page.go_back()
    page.locator("#look").wait_for(state="hidden")
    for one in (bet, other):
        page.locator(f"#card-{one.pk} [data-pick]").tap()
    page.locator("#together-horizon").select_option("H3")
    page.get_by_role("button", name="Change all").tap()
    page.locator("#together").wait_for(state="hidden")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert set(Bet.objects.filter(pk__in=[bet.pk, other.pk]).values_list("horizon", flat=True)) == {
        "H3"
    }
