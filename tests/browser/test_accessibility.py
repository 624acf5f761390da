"""Every page at three widths, in both colours, enlarged: axe finds nothing, nothing sticks out."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from allocation.leaving.draw_up import propose_stop
from allocation.models import Account, Proposal, RecomputeRequest, Scenario, Transfer
from allocation.scenarios.edit import change, create
from allocation.scenarios.solving import run_owed
from allocation.studies import run_owed_studies
from bets.models import Bet, Portfolio
from evidence.asking import ask
from evidence.models import EvidenceRequest, JiraConnection
from spm.accounts.models import ApiKey, User
from spm.errors import Conflict
from spm.webhooks import changes as webhooks
from spm.webhooks.models import Event, Webhook
from tests import running
from tests.browser.conftest import Demo
from tests.browser.faults import note_faults, note_requests_elsewhere
from tests.browser.watching import wait_for_panels
from tests.spm.page_world import connected

AXE = Path(__file__).parent / "axe" / "axe.min.js"

HEIGHT_AT = {1440: 900, 1024: 768, 390: 844}
ENLARGED = {640: "200 %", 320: "400 %"}  # what a window of 1280 has left
LARGEST_FIRST_LOAD = 60_000

# What is wrong, in a line each: which rule, and the first element that breaks it.
RUN_AXE = """async (options) => (await axe.run(
  {resultTypes: ["violations"], ...options})).violations.map(
  (each) => `${each.id}: ${each.help}: ${each.nodes[0].html.slice(0, 200)}`)"""
EVERY_RULE = {"rules": {"target-size": {"enabled": True}}}
# A page is made of the same elements in both colours; their colours are all that differs.
COLOURS = {"runOnly": ["color-contrast"]}
# Between the widest and the narrowest, things stand elsewhere, and may be too close.
PLACES = {"runOnly": ["target-size", "scrollable-region-focusable"]}
Look = tuple[int, str, dict[str, Any]]
LOOKS: tuple[Look, ...] = (
    (1440, "light", EVERY_RULE),
    (1440, "dark", COLOURS),
    (1024, "dark", PLACES),
    (390, "dark", EVERY_RULE),
    (390, "light", COLOURS),
)
# Each rule is asked in one of these.
FEW_LOOKS = (LOOKS[0], LOOKS[3])
# Where people are most of the day; `make long` looks at all pages, and in every look.
LIVED_IN = (
    "/",
    "/kanban",
    "/evidence",
    "/evidence/log",
    "/ledger",
    "/guardrails",
    "/decisions?period=all",
    "/settings/keys",
)


@pytest.fixture(scope="module")
def studied_demo(demo: Demo) -> Demo:
    """The demo with all that a worker says of its proposal a little later."""
    RecomputeRequest.objects.all().delete()  # a run that is owed would go first
    assert run_owed_studies(demo.portfolio.pk) >= 1
    return demo


@pytest.fixture(scope="module")
def visit(
    browser: Any, studied_demo: Demo, _running_site: running.Site
) -> Iterator[Callable[..., Any]]:
    """Open a page of the demo as one of its people: ``visit(path, who, width)``."""
    from django.conf import settings

    pages: dict[str, Any] = {}

    def page_of(who: str) -> Any:
        context = browser.new_context(base_url=_running_site.url, bypass_csp=False)
        if who:
            key = studied_demo.session_keys[f"{who}@demo.example"]
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": key}
            context.add_cookies([{**cookie, "url": _running_site.url}])
        page = context.new_page()
        page.faults = []
        note_faults(page, page.faults)
        note_requests_elsewhere(page, _running_site.url, page.faults)
        return page

    def open_page(path: str, who: str = "lead", width: int = 1440) -> Any:
        page = pages[who] = pages.get(who) or page_of(who)
        page.set_viewport_size({"width": width, "height": HEIGHT_AT[width]})
        page.faults.clear()
        page.goto(path)
        wait_for_panels(page)
        return page

    yield open_page
    for page in pages.values():
        page.context.close()


def addresses() -> list[str]:
    """Every page of the demo, with a bet and a proposal that have something to show."""
    bet = Bet.objects.get(title="Merchant credit line")
    proposal = Proposal.objects.get(status="open", drawn_up_by=None)
    decided = Proposal.objects.filter(status="approved").latest("number")
    have_something_asked_and_told(bet)
    return [
        "/",
        "/?stream=Parcel",
        "/kanban",
        "/flow?period=all",
        f"/bets/{bet.pk}",
        f"/bets/{bet.pk}/edit",
        f"/bets/{bet.pk}/stop",
        f"/bets/{bet.pk}/pivot",
        f"/proposals/{open_end().pk}",
        "/evidence",
        "/evidence/log",
        "/evidence/next",
        "/evidence/requests",
        f"/hypotheses/{bet.hypotheses.get().pk}/ask",
        "/notices",
        "/notices/settings",
        "/settings",
        *webhook_addresses(),
        *jira_addresses(),
        *key_addresses(),
        f"/hypotheses/{bet.hypotheses.get().pk}/evidence",
        "/proposals",
        f"/proposals/{proposal.pk}",
        f"/proposals/{decided.pk}",
        "/decisions?period=all",
        "/reports/after-break",
        f"/reports/after-break?bet={bet.pk}",
        *(f"/decisions?period=all&part={part}" for part in ("waits", "refused", "freed")),
        "/ledger",
        "/ledger/actuals",
        "/ledger/actuals/files",
        f"/ledger/transfers/{Transfer.objects.filter(decision__isnull=False).latest('id').pk}",
        f"/bets/{Account.objects.filter(kind='entangled', booked__gt=0)[0].bet_id}/unwind",
        "/guardrails",
        "/mandates",
        "/mandates/new",
        "/settings/thresholds",
        "/accounts/2fa/",
        "/design",
        *scenario_addresses(),
        "/no-such-page",
    ]


def open_end() -> Proposal:
    """An open proposal to stop a bet that nothing stands in the way of."""
    found = Proposal.objects.filter(status="open", purpose="stop").first()
    if found is not None:
        return found
    lead = User.objects.get(email="lead@demo.example")
    for bet in Bet.objects.filter(working__gt=0, needed_by_links=None).order_by("belief", "id"):
        with suppress(Conflict):
            return propose_stop(lead, bet.pk, "Nobody comes back.")
    raise AssertionError("no bet of the demo can be stopped")


def have_something_asked_and_told(bet: Bet) -> None:
    """Evidence on a bet is asked for, and the lead has a notice of it."""
    lead = User.objects.get(email="lead@demo.example")
    if EvidenceRequest.objects.filter(asked_of=lead).exists():
        return
    cfo = User.objects.get(email="cfo@demo.example")
    day = (timezone.now() + timedelta(days=9)).date().isoformat()
    terms = {"asked_of": lead.pk, "due_on": day, "what_would_help": "Ten talks with merchants."}
    ask(cfo, bet.hypotheses.get().pk, terms)


def webhook_addresses() -> list[str]:
    """A webhook that was sent something, and one to which nothing is sent any more."""
    portfolio = Portfolio.objects.get()
    admin = User.objects.get(email="admin@demo.example")
    hook = Webhook.objects.filter(portfolio=portfolio).order_by("id").first()
    if hook is None:
        address, events = "https://hooks.example.org/portfolio/halden", Event.values
        hook, _ = webhooks.add(admin, portfolio.pk, address, events)
        stopped, _ = webhooks.add(admin, portfolio.pk, f"{address}/2", events)
        webhooks.send_test(admin, hook.pk)
        webhooks.send_test(admin, stopped.pk)
        because = "3 events in a row could not be delivered within a day each; the last time: 503."
        Webhook.objects.filter(pk=stopped.pk).update(active=False, disabled_because=because)
        tried = {"outcome": "dead", "tries": 8, "last_status": 503, "last_seconds": 0.4}
        stopped.deliveries.update(**tried)
    one = f"/settings/webhooks/{hook.pk}"
    return ["/settings/webhooks", "/settings/webhooks/new", one, f"{one}/secret"]


def key_addresses() -> list[str]:
    """The keys, one of which was made for the lead, and its page."""
    lead = User.objects.get(email="lead@demo.example")
    portfolio = Portfolio.objects.get()
    key = ApiKey.objects.filter(owner=lead).first()
    if key is None:
        key, _ = ApiKey.issue(lead, portfolio.pk, "Pipeline", ["read", "evidence"])
    return ["/settings/keys", "/settings/keys/new", f"/settings/keys/{key.pk}"]


def jira_addresses() -> list[str]:
    """A Jira site that cannot be reached, of which some could not be taken."""
    portfolio = Portfolio.objects.get()
    connection = JiraConnection.objects.first()
    if connection is None:
        admin = User.objects.get(email="admin@demo.example")
        connection = connected(portfolio, Bet.objects.order_by("id")[0], admin)
    one = f"/settings/jira/{connection.pk}"
    return ["/settings/jira", "/settings/jira/new", one, f"{one}/mapping"]


def reader_of(path: str) -> str:
    """Which of the demo's people a page is looked at as."""
    if any(part in path for part in ("webhooks", "jira", "keys")):
        return "admin"
    for_cfo = ("proposal", "unwind", "mandates/", "thresholds")
    return "cfo" if any(part in path for part in for_cfo) else "lead"


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


def wrong_with(page: Any, rules: dict[str, Any] = EVERY_RULE) -> list[str]:
    """What axe, the console, the policy and the width of the page have to say."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(RUN_AXE, rules)
    width = page.viewport_size["width"]
    return [f"{page.url} at {width}: {what}" for what in [*found, *wider_than(page), *page.faults]]


def wider_than(page: Any) -> list[str]:
    """How wide the page is, where that is wider than its window."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    return [f"is {wide} wide"] if wide > page.viewport_size["width"] else []


def wrong_in_any_look(page: Any, looks: tuple[Look, ...] = LOOKS) -> list[str]:
    """What is wrong at any width, in light or dark, or enlarged."""
    wrong = []
    for width, colours, rules in looks:
        page.emulate_media(color_scheme=colours)
        page.set_viewport_size({"width": width, "height": HEIGHT_AT[width]})
        wrong += [f"{what} ({colours})" for what in wrong_with(page, rules)]
    for width, enlarged in ENLARGED.items():
        page.set_viewport_size({"width": width, "height": 512})
        wrong += [f"{page.url} at {enlarged}: {what}" for what in wider_than(page)]
    return wrong


def test_the_pages_that_people_live_on_can_be_read_by_everybody(
    visit: Callable[..., Any],
) -> None:
    wrong = []
    for path in (*LIVED_IN, *of_one()):
        wrong += wrong_in_any_look(visit(path, reader_of(path)), FEW_LOOKS)
    assert wrong == []


def of_one() -> list[str]:
    """The pages of a bet and of the open proposal."""
    bet = Bet.objects.get(title="Merchant credit line")
    proposal = Proposal.objects.get(status="open", drawn_up_by=None)
    return [f"/bets/{bet.pk}", f"/proposals/{proposal.pk}"]


@pytest.mark.long
def test_every_page_can_be_read_by_everybody(visit: Callable[..., Any]) -> None:
    wrong = []
    for path in addresses():
        wrong += wrong_in_any_look(visit(path, reader_of(path)))
    assert wrong == []


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/"])
def test_strangers_get_a_page_that_everybody_can_read(visit: Callable[..., Any], path: str) -> None:
    assert wrong_in_any_look(visit(path, ""), FEW_LOOKS) == []


def test_a_form_that_could_not_be_taken_can_still_be_read_by_everybody(
    visit: Callable[..., Any],
) -> None:
    proposal = Proposal.objects.get(status="open", drawn_up_by=None)
    page = visit(f"/proposals/{proposal.pk}", "cfo")
    page.click("#decide-form button[value=refuse]")
    page.wait_for_selector("#id_reason_error")
    assert wrong_in_any_look(page) == []


@pytest.mark.parametrize("path", ["/", "/kanban"])
def test_a_first_visit_weighs_little(visit: Callable[..., Any], path: str) -> None:
    page = visit(path)
    parts = page.evaluate(
        """() => performance.getEntriesByType("resource").map((each) => each.name)
          .filter((name) => /\\.(css|js|svg)$/.test(new URL(name).pathname))
          .concat(location.href)"""
    )
    sizes = {part: len(gzip.compress(page.request.get(part).body(), 6)) for part in parts}
    assert sum(sizes.values()) <= LARGEST_FIRST_LOAD, sizes
