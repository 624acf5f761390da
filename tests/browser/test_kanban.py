"""The Kanban in a browser: dragging, the menu, refusals, other people's moves, filters, phones."""

from collections.abc import Callable
from typing import Any

import pytest

from bets.board import move
from bets.edit import create_bet
from bets.models import Bet, Portfolio, StageChange, WipLimit
from spm.accounts.models import User
from tests.browser.test_accessibility import wrong_with
from tests.factories import (
    make_bet,
    make_hypothesis,
    make_kill_criterion,
    make_member,
    make_portfolio,
    make_scaling_bet,
    make_stream,
    make_theme,
)

SignIn = Callable[[User], Any]


@pytest.fixture
def portfolio(live_site: Any) -> Portfolio:
    """Where everything here happens."""
    return make_portfolio()


@pytest.fixture
def lead(portfolio: Portfolio) -> User:
    """The person at the browser."""
    return make_member(portfolio, name="Anna Lead")


def framed(portfolio: Portfolio, **fields: Any) -> Bet:
    """A bet that may go to Framing."""
    owner = make_member(portfolio)
    return make_bet(portfolio, owner=owner, stream=make_stream(portfolio), **fields)


def in_column(page: Any, stage: str, bet: Bet) -> Any:
    return page.locator(f"#column-{stage} #card-{bet.pk}")


def wait_until_moved(page: Any, stage: str, bet: Bet) -> None:
    """Until the server has moved the card, and not only the page."""
    card = page.locator(f"#column-{stage} #card-{bet.pk}[data-version='{bet.version + 1}']")
    card.wait_for(state="attached")
    bet.refresh_from_db()
    assert bet.stage == stage


def drag(page: Any, bet: Bet, stage: str, *, by: str = "") -> None:
    """With the mouse, as a hand would: down, a little, over, up; by a part of it, or its edge."""
    card = page.locator(f"#card-{bet.pk} {by}").bounding_box()
    column = page.locator(f"#column-{stage} [data-cards]").bounding_box()
    page.mouse.move(card["x"] + 40, card["y"] + card["height"] - 8)
    page.mouse.down()
    page.mouse.move(card["x"] + 60, card["y"] + card["height"])
    page.mouse.move(column["x"] + column["width"] / 2, column["y"] + 30, steps=8)
    page.mouse.up()


def open_board(sign_in: SignIn, user: User, address: str = "/kanban") -> Any:
    page = sign_in(user)
    page.goto(address)
    page.wait_for_selector("[data-live-status][data-state=live]")
    return page


def test_a_card_is_dragged_to_another_column(
    portfolio: Portfolio, lead: User, sign_in: SignIn
) -> None:
    bet = framed(portfolio)
    page = open_board(sign_in, lead)
    drag(page, bet, "framing")
    wait_until_moved(page, "framing", bet)
    page.get_by_text(f"{bet.title} moved from Funnel to Framing.").wait_for(state="attached")
    page.locator("#head-framing .board__count", has_text="1").wait_for()
    page.locator("#head-funnel .board__count", has_text="0").wait_for()


def dragged_without_its_script(
    page: Any, sign_in: SignIn, lead: User, bet: Bet, *, by: str = ""
) -> Any:
    """Drag a card to Framing on a board that is opened now, whose script for it is held back."""
    held: list[Any] = []
    page.route("**/js/board/drag*", lambda route: held.append(route))
    open_board(sign_in, lead)
    with page.expect_request("**/js/board/drag*"):
        drag(page, bet, "framing", by=by)
    return held[0]


@pytest.mark.parametrize("by", ["", "h3 a"], ids=["its edge", "its title"])
def test_a_card_that_is_let_go_before_its_script_has_come_is_moved_all_the_same(
    page: Any, portfolio: Portfolio, lead: User, sign_in: SignIn, by: str
) -> None:
    bet = framed(portfolio)
    script = dragged_without_its_script(page, sign_in, lead, bet, by=by)
    in_column(page, "funnel", bet).wait_for()
    script.continue_()
    wait_until_moved(page, "framing", bet)


def test_escape_before_the_script_has_come_leaves_the_card_where_it_was(
    page: Any, portfolio: Portfolio, lead: User, sign_in: SignIn
) -> None:
    bet = framed(portfolio)
    script = dragged_without_its_script(page, sign_in, lead, bet)
    page.keyboard.press("Escape")
    script.continue_()
    page.evaluate("() => import('/static/js/board/drag.js')")
    in_column(page, "funnel", bet).and_(page.locator(":not(.is-sent)")).wait_for()
    assert not StageChange.objects.filter(bet=bet).exists()


def test_a_card_is_moved_by_keyboard_alone(
    portfolio: Portfolio, lead: User, sign_in: SignIn
) -> None:
    bet = framed(portfolio)
    page = open_board(sign_in, lead)
    page.keyboard.press("j")
    page.keyboard.press("m")
    page.locator(f"#card-{bet.pk} .menu__item").first.wait_for()
    assert page.evaluate("document.activeElement.dataset.moveTo") == "framing"
    page.keyboard.press("Enter")
    wait_until_moved(page, "framing", bet)


def test_with_a_menu_open_nothing_half_covered_is_offered_and_e_leads_into_the_form(
    portfolio: Portfolio, lead: User, sign_in: SignIn
) -> None:
    bets = [framed(portfolio) for _ in range(5)]
    make_kill_criterion(make_hypothesis(bets[0]))
    page = open_board(sign_in, lead)
    page.locator(f"#card-{bets[0].pk} summary").click()
    page.locator("[data-card][inert]").first.wait_for()
    page.faults = []
    assert wrong_with(page) == []
    page.keyboard.press("Escape")
    page.locator("[data-card][inert]").first.wait_for(state="detached")
    page.locator(f"#card-{bets[0].pk}").focus()
    page.keyboard.press("e")
    page.wait_for_selector("#evidence form :focus")


def test_a_refused_card_goes_back_and_the_reason_comes_with_the_button_that_helps(
    portfolio: Portfolio, lead: User, sign_in: SignIn
) -> None:
    bet = make_bet(portfolio)
    page = open_board(sign_in, lead)
    drag(page, bet, "framing")
    dialog = page.locator("#dialog")
    dialog.get_by_text("Nobody owns it yet.").wait_for()
    assert dialog.get_by_role("heading", name="Not into Framing yet").is_visible()
    in_column(page, "funnel", bet).wait_for(state="attached")
    dialog.get_by_role("link", name="Name an owner").click()
    page.wait_for_url(f"**/bets/{bet.pk}/edit?then=framing#id_owner")
    page.get_by_label("Owner").select_option(label="Anna Lead")
    page.get_by_role("button", name="Only save").click()
    page.wait_for_url(f"**/bets/{bet.pk}")
    bet.refresh_from_db()
    assert (bet.owner, bet.stage) == (lead, "funnel")


def test_a_lead_goes_over_a_limit_from_the_dialog(
    portfolio: Portfolio, lead: User, sign_in: SignIn
) -> None:
    WipLimit.objects.create(portfolio=portfolio, stage="framing", limit=0)
    bet = framed(portfolio)
    page = open_board(sign_in, lead)
    drag(page, bet, "framing")
    page.get_by_label("Go on all the same, because").fill("The regulator asks")
    page.get_by_role("button", name="Override and move").click()
    in_column(page, "framing", bet).wait_for()
    page.locator("#dialog").wait_for(state="hidden")
    assert bet.stage_changes.get().override_reason == "The regulator asks"


def test_what_stopping_frees_is_shown_and_accepted_before_a_bet_stops(
    portfolio: Portfolio, lead: User, sign_in: SignIn
) -> None:
    bet = make_bet(portfolio)
    page = open_board(sign_in, lead)
    page.locator(f"#card-{bet.pk}").focus()
    page.keyboard.press("m")
    page.locator(f"#card-{bet.pk} [data-move-to=stopped]").click()
    page.locator("#dialog").get_by_role("heading", name="If we stopped today").wait_for()
    page.get_by_role("button", name="Accept and move to Stopped").click()
    wait_until_moved(page, "stopped", bet)


def test_somebody_else_s_move_and_new_bet_appear_without_reloading(
    portfolio: Portfolio, lead: User, sign_in: SignIn
) -> None:
    bet = framed(portfolio)
    other = make_member(portfolio, name="Ben")
    page = open_board(sign_in, lead)
    page.evaluate("window.stillTheSamePage = true")
    move(other, bet.pk, "framing")
    in_column(page, "framing", bet).wait_for()
    in_column(page, "funnel", bet).wait_for(state="detached")
    added = create_bet(other, portfolio, {"title": "Brand new"})
    in_column(page, "funnel", added).wait_for()
    assert page.evaluate("window.stillTheSamePage")


def test_the_second_of_two_movers_is_told_who_was_first(
    portfolio: Portfolio, lead: User, sign_in: SignIn
) -> None:
    bet = framed(portfolio, stage="stopped")
    page = open_board(sign_in, lead)
    ben = make_member(portfolio, name="Ben")
    page.locator(f"#card-{bet.pk}").focus()
    page.keyboard.press("m")
    page.locator(f"#card-{bet.pk} [data-move-to=funnel]").wait_for()
    move(ben, bet.pk, "framing")
    added = create_bet(ben, portfolio, {"title": "Later than the move"})
    in_column(page, "funnel", added).wait_for()  # the page has heard of both
    page.locator(f"#card-{bet.pk} [data-move-to=funnel]").click()
    page.locator("#dialog").get_by_text("Ben moved").wait_for()
    bet.refresh_from_db()
    assert bet.stage == "framing"


def test_who_is_on_a_card_is_told_who_moves_it_and_goes_along(
    portfolio: Portfolio, lead: User, sign_in: SignIn
) -> None:
    bet = framed(portfolio, stage="stopped")
    page = open_board(sign_in, lead)
    page.locator(f"#card-{bet.pk}").focus()
    move(make_member(portfolio, name="Ben"), bet.pk, "framing")
    in_column(page, "framing", bet).wait_for()
    page.locator("#toasts").get_by_text(f"Ben moved ‘{bet.title}’ to Framing.").wait_for()
    assert page.evaluate("document.activeElement.id") == f"card-{bet.pk}"


def test_a_card_follows_its_bet(portfolio: Portfolio, lead: User, sign_in: SignIn) -> None:
    from django.db import transaction

    from spm import live

    bet = make_scaling_bet(portfolio)
    page = open_board(sign_in, lead)
    with transaction.atomic():
        Bet.objects.filter(pk=bet.pk).update(belief=0.12, thesis_status="broken", version=2)
        live.say(portfolio.pk, f"bet:{bet.pk}")
    in_column(page, "scaling", bet).get_by_text("12%").wait_for()
    in_column(page, "scaling", bet).get_by_text("thesis broke").wait_for()


def test_filters_stand_in_the_address_and_survive_a_reload(
    portfolio: Portfolio, lead: User, sign_in: SignIn
) -> None:
    theme = make_theme(portfolio, name="Trust")
    wanted, other = make_bet(portfolio, theme=theme), make_bet(portfolio)
    page = open_board(sign_in, lead)
    page.get_by_label("Theme").select_option(label="Trust")
    page.locator(f"#card-{other.pk}").wait_for(state="detached")
    page.wait_for_url(f"**/kanban?theme={theme.pk}")
    page.reload()
    assert page.locator(f"#card-{wanted.pk}").is_visible()
    assert page.locator(f"#card-{other.pk}").count() == 0
    assert page.get_by_label("Theme").input_value() == str(theme.pk)
    page.get_by_role("link", name="Show all cards").click()
    page.locator(f"#card-{other.pk}").wait_for()


def test_search_narrows_while_typing_and_keeps_the_focus(
    portfolio: Portfolio, lead: User, sign_in: SignIn
) -> None:
    wanted, other = make_bet(portfolio, title="Refunds"), make_bet(portfolio, title="Ledger")
    page = open_board(sign_in, lead)
    page.keyboard.press("/")
    page.keyboard.type("refu")
    page.locator(f"#card-{other.pk}").wait_for(state="detached")
    assert page.locator(f"#card-{wanted.pk}").is_visible()
    assert page.evaluate("document.activeElement.name") == "q"


def test_a_bet_is_added_without_leaving_the_board(
    portfolio: Portfolio, lead: User, sign_in: SignIn
) -> None:
    page = open_board(sign_in, lead)
    page.get_by_label("Title of a new bet").fill("Instant refunds")
    page.keyboard.press("Enter")
    page.locator("#column-funnel").get_by_role("link", name="Instant refunds").wait_for()
    assert page.get_by_label("Title of a new bet").input_value() == ""
    assert Bet.objects.get().title == "Instant refunds"


def test_a_column_loads_on_when_one_comes_to_its_end(
    portfolio: Portfolio, lead: User, sign_in: SignIn
) -> None:
    Bet.objects.bulk_create(
        Bet(portfolio=portfolio, title=f"Idea {at}", stage_entered_at="2026-01-01T00:00Z")
        for at in range(120)
    )
    page = open_board(sign_in, lead)
    assert page.locator("#column-funnel [data-card]").count() == 50
    for shown in (100, 120):
        page.locator("#more-funnel").scroll_into_view_if_needed()
        page.wait_for_function(
            "n => document.querySelectorAll('#column-funnel [data-card]').length === n", arg=shown
        )
    assert page.locator("#more-funnel").count() == 0


def test_swim_lanes_take_a_card_to_the_column_of_its_own_lane(
    portfolio: Portfolio, lead: User, sign_in: SignIn
) -> None:
    make_bet(portfolio, theme=make_theme(portfolio, name="Access"))
    bet = framed(portfolio, theme=make_theme(portfolio, name="Trust"))
    page = open_board(sign_in, lead, "/kanban?lanes=theme")
    page.locator(f"#card-{bet.pk}").focus()
    page.keyboard.press("m")
    page.locator(f"#card-{bet.pk} [data-move-to=framing]").click()
    page.locator(f"#column-framing-{bet.theme_id} #card-{bet.pk}").wait_for()


def test_on_a_phone_the_board_fits_and_a_card_moves_by_its_menu(
    portfolio: Portfolio, lead: User, sign_in: SignIn
) -> None:
    bet = framed(portfolio)
    make_scaling_bet(portfolio, title="A title that is much too long for a narrow card" * 3)
    page = sign_in(lead)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/kanban")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(f"#card-{bet.pk} summary").click()
    page.locator(f"#card-{bet.pk} [data-move-to=framing]").click()
    wait_until_moved(page, "framing", bet)


def test_the_page_of_a_bet_moves_it_and_shows_it_at_once(
    portfolio: Portfolio, lead: User, sign_in: SignIn
) -> None:
    bet = framed(portfolio)
    make_kill_criterion(make_hypothesis(bet))
    page = open_board(sign_in, lead, f"/bets/{bet.pk}")
    page.locator("summary", has_text="Move").click()
    page.get_by_role("button", name="Framing").click()
    page.locator("#bet-facts").get_by_text("Framing").wait_for()
    page.locator("#if-stopped").get_by_role("heading", name="If we stopped today").wait_for()
    page.locator("summary", has_text="Move").click()
    page.get_by_role("button", name="Ready").click()
    page.locator("#dialog").get_by_text("Scores for WSJF are missing").wait_for()


def test_a_form_that_is_refused_keeps_its_typing(
    portfolio: Portfolio, lead: User, sign_in: SignIn
) -> None:
    bet = make_bet(portfolio)
    page = open_board(sign_in, lead, f"/bets/{bet.pk}/edit")
    page.get_by_label("Maximum").fill("120.000")
    page.get_by_text("could be two amounts").wait_for()
    page.get_by_label("What it is").fill("Money back within the minute")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("120.000 can be read as 120,000 or as 120.000").wait_for()
    assert page.get_by_label("What it is").input_value() == "Money back within the minute"
    page.get_by_label("Maximum").fill("120000")
    page.get_by_text("read as 120,000.00 EUR").wait_for()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"**/bets/{bet.pk}")
    bet.refresh_from_db()
    assert bet.maximum == 120_000
