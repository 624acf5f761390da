"""Stopping a bet on a phone, from the board to the board: one proposes it, another decides it."""

from collections.abc import Callable
from typing import Any

from allocation.decide import approve
from allocation.models import Proposal
from bets.models import Bet
from tests.allocation.leaving.ends import as_shown, make_world

PHONE = {"viewport": {"width": 390, "height": 844}}


def width_of(page: Any) -> int:
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return width


def test_a_stop_with_a_dependent_goes_from_the_board_to_the_board_on_a_phone(
    sign_in_elsewhere: Callable[..., Any],
) -> None:
    world = make_world()
    world.dependent("Shop")
    lead = sign_in_elsewhere(world.lead, **PHONE)
    lead.goto(f"/bets/{world.bet.pk}")
    lead.locator("#if-stopped").get_by_role("link", name="Propose to stop").click()
    lead.get_by_role("heading", name="Stop: Merchant credit line", level=1).wait_for()
    assert width_of(lead) == 390

    # The bet that needs it stands in the way until it is ticked; what was typed stays.
    lead.get_by_label("Why").fill("Nobody borrows.")
    lead.get_by_label("Stop Shop with it").check()
    lead.get_by_role("button", name="Look again").click()
    lead.get_by_role("button", name="Draw up the proposal").click()
    lead.get_by_text("Another decides it.").first.wait_for()
    lead.locator("#decide-title").wait_for()
    assert lead.get_by_role("button", name="Approve and book").count() == 0

    finance = sign_in_elsewhere(world.finance, **PHONE)
    finance.goto(lead.url)
    finance.get_by_role("heading", name="Stop: Merchant credit line", level=1).wait_for()
    finance.get_by_text("Nobody borrows.").wait_for()
    assert width_of(finance) == 390
    finance.wait_for_selector("[data-live-status][data-state=live]")
    proposal = Proposal.objects.get()
    approve(world.finance, proposal.pk, as_shown(proposal))
    finance.locator("#closed", has_text="Approved").wait_for()

    lead.goto("/kanban")
    lead.locator("#column-stopped", has_text="Merchant credit line").wait_for(state="attached")
    stopped = Bet.objects.filter(stage="stopped").values_list("title", flat=True)
    assert sorted(stopped) == ["Merchant credit line", "Shop"]
