"""The product's main job, in real browsers, with a real worker: from evidence to booked money.

Four people have pages open. One logs what has been learned; the others see it, decide on it and
follow it without touching their browsers.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from allocation.models import Decision, Proposal, Transfer
from bets.models import Bet
from evidence.models import Evidence
from spm.accounts.models import Role, User
from tests.allocation.test_decide import proposed
from tests.browser.watching import is_live, seen_at, watch
from tests.factories import PASSWORD, make_member

BET = "Price engine"

OpenPage = Callable[..., Any]


def signed_in_through_the_form(page: Any, email: str, password: str) -> Any:
    """Somebody who types what it takes to come in."""
    page.goto("/")
    page.wait_for_url("**/accounts/login/**")
    page.fill("input[type=email]", email)
    page.fill("input[type=password]", password)
    page.click("button[type=submit]")
    page.wait_for_selector("h1 >> text=Halden")
    return page


def another_page(page: Any, address: str) -> Any:
    """One more page of the same browser, open and listening."""
    other = page.context.new_page()
    other.goto(address)
    is_live(other)
    return other


def log_what_breaks_it(page: Any, bet: Bet) -> Evidence:
    """Go from the Kanban to the bet, say what was learned, and see what it does."""
    page.goto("/kanban")
    page.click(f"#card-{bet.pk} .bet-card__title a")
    page.wait_for_selector("#log-form")
    page.check("#log-form [name=direction][value=against]")
    page.check("#log-form [name=strength][value=decisive]")
    page.fill("#log-form textarea[name=note]", "Nobody pays the computed price.")
    page.wait_for_selector("#log-effect >> text=would break the thesis")
    page.click("button[form=log-form]")
    page.wait_for_selector("#log-evidence >> text=broke the thesis")
    page.wait_for_selector("#bet-facts >> text=thesis broke")
    return Evidence.objects.get(note="Nobody pays the computed price.")


@pytest.mark.usefixtures("celery_worker")
def test_what_a_team_learns_is_proposed_decided_booked_and_seen_on_every_open_page(
    sign_in_elsewhere: OpenPage,
) -> None:
    from allocation.demo.make import make_demo

    sign_ins = {each.email: each.password for each in make_demo()}
    password = sign_ins["team@demo.example"]
    bet, old = Bet.objects.get(title=BET), Proposal.objects.get(status="open", drawn_up_by=None)
    new_number = old.number + 1
    working_before = bet.working

    team = signed_in_through_the_form(sign_in_elsewhere(), "team@demo.example", password)
    cfo = sign_in_elsewhere(User.objects.get(email="cfo@demo.example"))
    cfo.goto("/proposals")
    is_live(cfo)
    cfos_proposal = another_page(cfo, f"/proposals/{old.pk}")
    cfos_other_tab = another_page(cfo, f"/proposals/{old.pk}")
    cfos_other_tab.fill("#id_reason", "As agreed on Monday.")
    cfos_other_tab.fill("#id_signature", sign_ins["cfo@demo.example"])
    watch(cfo, "list", "#proposals h2", f"Proposal {new_number}, open")
    watch(cfos_proposal, "old proposal", "#closed", f"Open proposal {new_number}")

    evidence = log_what_breaks_it(team, bet)

    for page, name in ((cfo, "list"), (cfos_proposal, "old proposal")):
        assert seen_at(page, name) > evidence.recorded_at
    new = Proposal.objects.get(number=new_number)
    assert (new.status, new.replaces_id, new.newest_evidence_id) == ("open", old.pk, evidence.pk)

    # What somebody was typing stays; but nothing can be approved that is no longer proposed.
    cfos_other_tab.click("#decide-form >> text=Approve and book")
    cfos_other_tab.wait_for_selector("#problem")
    told = cfos_other_tab.inner_text("#main")
    assert "superseded" in told.lower()
    assert BET in cfos_other_tab.inner_text("#problem")
    assert "As agreed on Monday." in told
    assert not Decision.objects.filter(proposal=old).exists()

    signature = sign_ins["cfo@demo.example"]
    _approve_and_follow(sign_in_elsewhere, cfos_proposal, new, bet, signature)

    bet.refresh_from_db()
    assert bet.working < working_before


def _approve_and_follow(
    sign_in_elsewhere: OpenPage, cfos_page: Any, proposal: Proposal, bet: Bet, signature: str
) -> None:
    """The CFO approves, and the lead's four open pages show it by themselves."""
    change = proposal.changes.get(bet=bet)
    after = change.working_after + change.entangled + bet.entangled
    lead = sign_in_elsewhere(User.objects.get(email="lead@demo.example"))
    lead.goto("/ledger")
    is_live(lead)
    pages = {
        "ledger": (lead, "#transfers td", f"Proposal {proposal.number}"),
        "Kanban card": (
            another_page(lead, "/kanban"),
            f"#card-{bet.pk}",
            _money(after),
        ),
        "Allocation page": (another_page(lead, "/"), "#sankey-panel", f"{BET} {_money(after)}"),
        "bet page": (
            another_page(lead, f"/bets/{bet.pk}"),
            f"#decisions-{bet.pk}",
            f"Proposal {proposal.number}: ",
        ),
    }
    for name, (page, selector, text) in pages.items():
        watch(page, name, selector, text)

    cfos_page.click(f"#closed >> text=Open proposal {proposal.number}")
    cfos_page.wait_for_selector("#decide-form")
    cfos_page.fill("#id_reason", "The price does not carry.")
    cfos_page.fill("#id_signature", signature)
    cfos_page.click("#decide-form >> text=Approve and book")
    cfos_page.wait_for_selector("#toasts >> text=is approved and booked")

    decision = Decision.objects.get(proposal=proposal)
    for name, (page, _, _) in pages.items():
        assert seen_at(page, name) > decision.decided_at
    booked = Transfer.objects.filter(decision=decision, kind=Transfer.Kind.MOVE)
    assert booked.count() == proposal.moves.count()


def _money(amount: Decimal) -> str:
    from spm import formats

    return formats.rate(amount, "EUR")


def test_a_refusal_without_a_reason_is_told_so_beside_the_field_and_nothing_is_lost(
    sign_in_elsewhere: OpenPage,
) -> None:
    portfolio, _, _, proposal = proposed()
    cfo = sign_in_elsewhere(make_member(portfolio, Role.FINANCE))
    cfo.goto(f"/proposals/{proposal.pk}")
    cfo.fill("#id_reason", "   ")
    cfo.click("#decide-form button[value=refuse]")
    cfo.wait_for_selector("#id_reason_error >> text=Say why you refuse")
    reason = cfo.locator("#id_reason")
    assert reason.get_attribute("aria-invalid") == "true"
    assert "id_reason_error" in (reason.get_attribute("aria-describedby") or "")
    assert not Decision.objects.exists()

    reason.fill("Not before the audit.")
    cfo.fill("#id_signature", "not my password")
    cfo.click("#decide-form button[value=refuse]")
    cfo.wait_for_selector("#id_signature_error >> text=That is not your password.")
    assert cfo.input_value("#id_reason") == "Not before the audit."
    assert cfo.input_value("#id_signature") == ""
    cfo.fill("#id_signature", PASSWORD)
    cfo.click("#decide-form button[value=refuse]")
    cfo.wait_for_selector("#closed >> text=Not before the audit.")
    assert Decision.objects.get().kind == Decision.Kind.REFUSED
