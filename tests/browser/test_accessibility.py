"""Every page at three widths, light and dark: axe finds nothing, and nothing sticks out."""

import gzip
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from allocation.models import Account, Proposal, RecomputeRequest, Scenario, Transfer
from allocation.scenarios.edit import change, create
from allocation.scenarios.solving import run_owed
from allocation.studies import run_owed_studies
from bets.models import Bet, Portfolio
from evidence.asking import ask
from evidence.models import EvidenceRequest
from spm.accounts.models import User
from tests import running
from tests.browser.conftest import Demo
from tests.browser.faults import note_faults, note_requests_elsewhere
from tests.browser.watching import wait_for_panels

AXE = Path(__file__).parent / "axe" / "axe.min.js"
HEIGHT_AT = {1440: 900, 1024: 768, 390: 844}
LARGEST_FIRST_LOAD = 60_000

# What is wrong, in a line each: which rule, and the first element that breaks it.
RUN_AXE = """async () => (await axe.run({
  resultTypes: ["violations"], rules: {"target-size": {enabled: true}}})).violations.map(
  (each) => `${each.id}: ${each.help}: ${each.nodes[0].html.slice(0, 200)}`)"""


@pytest.fixture(scope="module")
def studied_demo(demo: Demo) -> Demo:
    """The demo with all that a worker says of its proposal a little later."""
    RecomputeRequest.objects.all().delete()  # a run that is owed would go first
    assert run_owed_studies(demo.portfolio.pk) >= 1
    return demo


@pytest.fixture(scope="module", params=["light", "dark"])
def visit(
    request: pytest.FixtureRequest, browser: Any, studied_demo: Demo, _running_site: running.Site
) -> Iterator[Callable[..., Any]]:
    """Open a page of the demo as one of its people: ``visit(path, who, width)``."""
    from django.conf import settings

    contexts: dict[str, Any] = {}

    def open_page(path: str, who: str = "lead", width: int = 1440) -> Any:
        if who not in contexts:
            contexts[who] = browser.new_context(
                base_url=_running_site.url, color_scheme=request.param, bypass_csp=False
            )
            if who:
                key = studied_demo.session_keys[f"{who}@demo.example"]
                cookie = {"name": settings.SESSION_COOKIE_NAME, "value": key}
                contexts[who].add_cookies([{**cookie, "url": _running_site.url}])
        page = contexts[who].new_page()
        page.set_viewport_size({"width": width, "height": HEIGHT_AT[width]})
        page.faults = []
        note_faults(page, page.faults)
        note_requests_elsewhere(page, _running_site.url, page.faults)
        page.goto(path)
        wait_for_panels(page)
        return page

    yield open_page
    for context in contexts.values():
        context.close()


def addresses() -> list[str]:
    """Every page of the demo, with a bet and a proposal that have something to show."""
    bet = Bet.objects.get(title="Merchant credit line")
    proposal = Proposal.objects.get(status="open")
    decided = Proposal.objects.filter(status="approved").latest("number")
    have_something_asked_and_told(bet)
    return [
        "/",
        "/?stream=Parcel",
        "/kanban",
        "/flow?period=all",
        f"/bets/{bet.pk}",
        f"/bets/{bet.pk}/edit",
        "/evidence",
        "/evidence/log",
        "/evidence/next",
        "/evidence/requests",
        f"/hypotheses/{bet.hypotheses.get().pk}/ask",
        "/notices",
        "/notices/settings",
        f"/hypotheses/{bet.hypotheses.get().pk}/evidence",
        "/proposals",
        f"/proposals/{proposal.pk}",
        f"/proposals/{decided.pk}",
        "/decisions?period=all",
        *(f"/decisions?period=all&part={part}" for part in ("waits", "refused", "freed")),
        "/ledger",
        f"/ledger/transfers/{Transfer.objects.filter(decision__isnull=False).latest('id').pk}",
        f"/bets/{Account.objects.filter(kind='entangled', booked__gt=0)[0].bet_id}/unwind",
        "/guardrails",
        "/design",
        *scenario_addresses(),
        "/no-such-page",
    ]


def have_something_asked_and_told(bet: Bet) -> None:
    """Evidence on a bet is asked for, and the lead has a notice of it."""
    lead = User.objects.get(email="lead@demo.example")
    if EvidenceRequest.objects.filter(asked_of=lead).exists():
        return
    cfo = User.objects.get(email="cfo@demo.example")
    day = (timezone.now() + timedelta(days=9)).date().isoformat()
    terms = {"asked_of": lead.pk, "due_on": day, "what_would_help": "Ten talks with merchants."}
    ask(cfo, bet.hypotheses.get().pk, terms)


def scenario_addresses() -> list[str]:
    """A scenario with a changed cell and its answer, on some of its sheets, and beside today."""
    lead = User.objects.get(email="lead@demo.example")
    scenario = Scenario.objects.first() or create(lead, Portfolio.objects.get(), "Smaller")
    change(lead, scenario.pk, "envelope", "", 6_000_000)
    run_owed(scenario.pk)
    sheets = ["bets", "guardrails", "whole"]
    return [
        "/scenarios",
        *(f"/scenarios/{scenario.pk}?sheet={sheet}" for sheet in sheets),
        f"/scenarios/{scenario.pk}/propose",
        f"/scenarios/compare?ids={scenario.pk}",
    ]


def wrong_with(page: Any) -> list[str]:
    """What axe, the console, the policy and the width of the page have to say."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(RUN_AXE)
    width = page.viewport_size["width"]
    wide = page.evaluate("document.documentElement.scrollWidth")
    overflow = [f"is {wide} wide"] if wide > width else []
    return [f"{page.url} at {width}: {what}" for what in [*found, *overflow, *page.faults]]


@pytest.mark.parametrize("width", HEIGHT_AT)
def test_every_page_can_be_read_by_everybody(visit: Callable[..., Any], width: int) -> None:
    wrong = []
    for path in addresses():
        page = visit(path, "cfo" if "proposal" in path or "unwind" in path else "lead", width)
        wrong += wrong_with(page)
        page.close()
    assert wrong == []


@pytest.mark.parametrize("width", [1440, 390])
def test_strangers_get_a_page_that_everybody_can_read(
    visit: Callable[..., Any], width: int
) -> None:
    for path in ("/accounts/login/", "/accounts/password/reset/"):
        page = visit(path, "", width)
        assert wrong_with(page) == []
        page.close()


def test_a_form_that_could_not_be_taken_can_still_be_read_by_everybody(
    visit: Callable[..., Any],
) -> None:
    proposal = Proposal.objects.get(status="open")
    page = visit(f"/proposals/{proposal.pk}", "cfo")
    page.click("#decide-form button[value=refuse]")
    page.wait_for_selector("#id_reason_error")
    assert wrong_with(page) == []
    page.close()


@pytest.mark.parametrize("path", ["/", "/kanban"])
def test_a_first_visit_weighs_little(visit: Callable[..., Any], path: str) -> None:
    page = visit(path)
    parts = page.evaluate(
        """() => performance.getEntriesByType("resource").map((each) => each.name)
          .filter((name) => /\\.(css|js|svg)$/.test(new URL(name).pathname))
          .concat(location.href)"""
    )
    sizes = {part: len(gzip.compress(page.request.get(part).body(), 6)) for part in parts}
    page.close()
    assert sum(sizes.values()) <= LARGEST_FIRST_LOAD, sizes
