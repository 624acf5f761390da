"""A part of a proposal in a browser: what is typed stays, what it means is there at once."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from allocation.models import Decision
from spm import live
from tests.allocation.test_part import Office
from tests.factories import PASSWORD


def test_a_tick_and_an_amount_show_what_they_mean_and_are_approved_so(
    committed_db: None, sign_in: Callable[[Any], Page]
) -> None:
    office = Office()
    page = sign_in(office.finance)
    page.goto(f"/proposals/{office.proposal.pk}")
    page.get_by_label("Take the change of Tired").uncheck()
    expect(page.locator("#decide-words")).to_contain_text("less than the whole")
    expect(page.locator(f"#part-{office.tired.pk}")).to_contain_text("stays at €20k/mo")
    amount = page.get_by_label("What Sick holds afterwards, a month")
    amount.fill("24k")
    expect(page.locator(f"#part-{office.sick.pk}")).to_contain_text("ends at €24k/mo")
    expect(amount).to_be_focused()
    expect(amount).to_have_value("24k")
    page.get_by_label("Sign").fill(PASSWORD)
    page.locator("#decide-form button[value=approve]").click()
    expect(page.locator("#closed")).to_contain_text("Approved in part")
    decision = Decision.objects.get()
    assert decision.part is not None
    assert decision.part["amounts"] == {str(office.sick.pk): "24000.00"}


def test_what_comes_anew_while_a_tick_is_taken_away_does_not_give_it_back(
    committed_db: None, sign_in: Callable[[Any], Page]
) -> None:
    office = Office()
    page = sign_in(office.finance)
    held: list[Any] = []
    # Held from the start: what was said just before the page came is fetched as soon as it is live.
    page.route("**/body", lambda route: held.append(route))
    with page.expect_request("**/body"):
        page.goto(f"/proposals/{office.proposal.pk}")
        page.wait_for_selector("[data-live-status][data-state=live]")
        live.say(office.proposal.portfolio_id, f"proposal:{office.proposal.pk}")
    page.get_by_label("Take the change of Tired").uncheck()
    expect(page.locator("#decide-words")).to_contain_text("less than the whole")
    with page.expect_response("**/body"):
        held.pop().continue_()
    page.evaluate("() => new Promise((done) => setTimeout(done, 50))")
    expect(page.get_by_label("Take the change of Tired")).not_to_be_checked()
    expect(page.locator("#decide-words")).to_contain_text("less than the whole")
