"""A scenario in a browser, as somebody uses it who knows spreadsheets."""

from collections.abc import Callable
from typing import Any

from allocation.models import Scenario
from tests.allocation.scenarios.whatifs import make_world

ANSWERED_WITHIN_MS = 60_000
SignIn = Callable[[Any], Any]


def focused(page: Any) -> str:
    """What the cell with the focus is called."""
    name: str = page.evaluate("document.activeElement.getAttribute('aria-label')")
    return name


def test_cells_are_walked_and_saved_and_the_answer_follows(
    celery_worker: object, sign_in: SignIn
) -> None:
    world = make_world()
    page = sign_in(world.lead)
    page.goto("/scenarios")
    page.get_by_label("Name of the new scenario").fill("Stop the sick one")
    page.get_by_role("button", name="New, from today").click()
    page.get_by_role("heading", name="Stop the sick one", level=1).wait_for()
    page.wait_for_selector("[data-live-status][data-state=live]")
    address = page.url

    # Typed with a decimal comma and left with Enter: the next cell of the column has the focus.
    page.get_by_label("Belief, %: Sick").focus()
    page.keyboard.type("2,5")
    page.keyboard.press("Enter")
    assert focused(page) == "Belief, %: Well"
    page.get_by_text("was 5", exact=True).wait_for()
    page.get_by_text("Belief in Sick 5% → 3%").wait_for()

    # Arrows walk across and back up; Escape brings back what stood there.
    page.keyboard.press("ArrowRight")
    assert focused(page) == "Value: Well"
    page.keyboard.press("ArrowUp")
    assert focused(page) == "Value: Sick"
    page.keyboard.type("lots")
    page.keyboard.press("Escape")
    assert page.get_by_label("Value: Sick").input_value() == "2,000,000"

    # What cannot be read is said beside the cell, and what was typed stays there.
    page.get_by_label("Least: Sick").fill("lots")
    page.keyboard.press("Tab")
    page.locator("#main .wrong", has_text="Write a number such as").wait_for()
    assert page.get_by_label("Least: Sick").input_value() == "lots"

    page.get_by_role("button", name="Stop: Sick").click()
    page.get_by_role("button", name="Go on: Sick").wait_for()
    answer = page.locator("#scenario-head .headline")
    answer.filter(has_text="move €40k/mo out of 1 bet").wait_for(timeout=ANSWERED_WITHIN_MS)
    page.locator(f"[data-result='{world.sick.pk}']", has_text="€0/mo").wait_for()

    # Undone from the list, the cell shows again what stood there.
    page.get_by_role("button", name="Undo: Belief in Sick 5% → 3%").click()
    page.wait_for_load_state()
    assert page.get_by_label("Belief, %: Sick").input_value() == "5"

    # On a phone the sheet is a form, and nothing scrolls sideways.
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address)
    assert page.get_by_label("Belief, %: Sick").bounding_box()["width"] > 140
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    scenario = Scenario.objects.get(name="Stop the sick one")
    assert [change["kind"] for change in scenario.changes] == ["stop"]
