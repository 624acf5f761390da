"""The design system in a real browser: states, keyboard, zoom, stillness, colours of one's own."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.factories import make_hypothesis, make_member, make_portfolio, make_scaling_bet

STYLES = ("backgroundColor", "borderTopColor", "outlineStyle", "outlineWidth", "outlineOffset")
STYLE_OF = "(node, names) => names.map((name) => getComputedStyle(node)[name])"
# What has the focus: its words, and whether one sees that it has it.
FOCUSED = """() => {
  const at = document.activeElement;
  const style = getComputedStyle(at);
  const rows = at.closest(".segmented") ?? at;
  const ring = [style, getComputedStyle(rows), getComputedStyle(at.parentElement)];
  return {
    words: (at.getAttribute("aria-label") ?? at.textContent).trim().slice(0, 60),
    tag: `${at.tagName} ${at.id} ${at.type}`,
    seen: ring.some((each) => each.outlineStyle === "solid" && parseFloat(each.outlineWidth) >= 2),
  };
}"""


@pytest.fixture
def open_as_lead(sign_in_elsewhere: Callable[..., Any]) -> Callable[..., Any]:
    """A page as a lead with some bets, in a browser of its own: ``open_as_lead(path, **more)``."""
    portfolio = make_portfolio()
    lead = make_member(portfolio)
    for stage in ("ready", "testing", "scaling"):
        make_hypothesis(make_scaling_bet(portfolio, stage=stage))

    def open_page(path: str, **options: Any) -> Any:
        page = sign_in_elsewhere(lead, **options)
        page.goto(path)
        return page

    return open_page


def test_the_states_that_are_shown_are_the_real_ones(open_as_lead: Callable[..., Any]) -> None:
    page = open_as_lead("/design")
    scope = page.locator("#buttons .theme").first
    for label in ("Approve", "Refuse"):
        real = scope.get_by_role("button", name=label).first
        shown = {
            state: scope.locator(f".shows-{state}", has_text=label).evaluate(STYLE_OF, STYLES)
            for state in ("hover", "focus")
        }
        real.hover()
        assert real.evaluate(STYLE_OF, STYLES[:2]) == shown["hover"][:2], label
        page.mouse.move(0, 0)
        page.keyboard.press("Tab")  # so that the focus that follows is one of the keyboard
        real.focus()
        assert real.evaluate(STYLE_OF, STYLES[2:]) == shown["focus"][2:], label


def test_the_side_panel_and_the_dialog_take_the_focus_and_give_it_back(
    open_as_lead: Callable[..., Any],
) -> None:
    page = open_as_lead("/design", viewport={"width": 1440, "height": 900})
    opener = page.get_by_role("button", name="Open the side panel")
    opener.focus()
    page.keyboard.press("Enter")
    panel = page.locator("#design-look")
    panel.get_by_role("heading", name="Merchant credit line").wait_for()
    assert page.evaluate("document.activeElement.id") == "design-look"
    beside = page.locator(".design").first.bounding_box()
    assert beside["x"] + beside["width"] <= panel.bounding_box()["x"]
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    panel.wait_for(state="hidden")
    assert opener.evaluate("(node) => node === document.activeElement")
    page.get_by_role("button", name="Open a dialog").press("Enter")
    page.get_by_role("dialog", name="Stop this bet?").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog", name="Stop this bet?").wait_for(state="hidden")


def test_whoever_walks_by_keyboard_sees_where_they_are(open_as_lead: Callable[..., Any]) -> None:
    for path, steps in (("/design", 70), ("/kanban", 30), ("/ledger", 25)):
        page = open_as_lead(path)
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUSED)["words"] == "Skip to content"
        for _ in range(steps):
            page.keyboard.press("Tab")
            focused = page.evaluate(FOCUSED)
            assert focused["seen"], (path, focused)


def test_the_bar_keeps_all_its_entries_where_there_is_less_room(
    open_as_lead: Callable[..., Any],
) -> None:
    page = open_as_lead("/ledger", viewport={"width": 1280, "height": 768})
    wide = page.locator(".bar__nav > ul > li > a:visible").all_inner_texts()
    for width in (768, 390):
        page.set_viewport_size({"width": width, "height": 800})
        narrow = page.locator(".bar__nav > ul > li > a:visible").all_inner_texts()
        page.locator(".bar__more summary").press("Enter")
        more = page.locator(".bar__more .menu__item:visible").all_inner_texts()
        assert [word.strip() for word in narrow + more] == wide
        assert page.locator(".bar__more [aria-current=page]").inner_text().strip() == "Ledger"
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.className") == "menu__item"
        page.keyboard.press("Escape")
        assert page.locator(".bar__more details[open]").count() == 0


def test_nothing_moves_for_whoever_asked_for_stillness(open_as_lead: Callable[..., Any]) -> None:
    page = open_as_lead("/design", reduced_motion="reduce")
    page.wait_for_timeout(100)
    moving = page.evaluate(
        "document.getAnimations().filter((a) => a.playState === 'running').length"
    )
    assert moving == 0
    assert open_as_lead("/design").evaluate("document.getAnimations().length") > 0


def test_what_is_current_stays_so_in_colours_of_ones_own(
    open_as_lead: Callable[..., Any],
) -> None:
    page = open_as_lead("/design", forced_colors="active")
    for group in (".segmented", ".tabs"):
        one, other = (
            page.locator(f"#ways {group} > {what}").first.evaluate(
                "(node) => [getComputedStyle(node).backgroundColor,"
                " getComputedStyle(node).borderBottomColor]"
            )
            for what in ("[aria-current]", "a:not([aria-current])")
        )
        assert one != other, group
