"""Logging evidence on a phone with a slow line: found, filled in and sent within half a minute."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evidence.models import Evidence
from tests.browser.test_accessibility import AXE, RUN_AXE
from tests.factories import make_bet, make_hypothesis, make_member, make_portfolio

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
#: As Chromium's own tools set a slow 3G line: bytes a second, and milliseconds there and back.
SLOW = {"offline": False, "downloadThroughput": 50_000, "uploadThroughput": 50_000, "latency": 400}
SECONDS = 30


def a_portfolio() -> tuple[Any, Any]:
    """A portfolio lead, and the second of two hypotheses."""
    portfolio = make_portfolio()
    make_hypothesis(make_bet(portfolio, title="Loyalty card"))
    payout = make_bet(portfolio, title="Instant payout")
    return make_member(portfolio), make_hypothesis(payout, statement="Merchants pay for it")


def test_evidence_with_a_file_is_logged_on_a_phone_with_a_slow_line_in_half_a_minute(
    live_site: Any, sign_in_elsewhere: Callable[..., Any], tmp_path: Path
) -> None:
    lead, hypothesis = a_portfolio()
    picture = tmp_path / "till.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 60_000)
    page = sign_in_elsewhere(lead, **PHONE)
    page.set_default_timeout(SECONDS * 1000)
    page.goto("/ledger")
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW)

    began = time.monotonic()
    page.click("text=Log evidence")
    page.fill("#pick-text", "payout merch")
    page.wait_for_selector("#pick-list[data-found-for='payout merch']")
    page.tap("#pick-list a")
    page.wait_for_selector("#dialog #log-form")
    page.tap("#log-form >> text=Measurement")
    page.fill("#log-form [name=reading]", "2 of 100")
    page.wait_for_selector("#log-effect >> text=would break the thesis")
    page.set_input_files("#log-file", picture)
    page.wait_for_selector("#log-files >> text=till.png")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate(RUN_AXE) == []
    page.click("button[form=log-form]")
    page.wait_for_selector("#log-evidence >> text=broke the thesis")
    assert time.monotonic() - began < SECONDS

    row = Evidence.objects.get()
    assert (row.hypothesis_id, row.successes, row.trials) == (hypothesis.pk, 2, 100)
    assert [file.name for file in row.attachments.all()] == ["till.png"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def take_first(page: Any, text: str) -> None:
    """Type by the key for logging what to log on, and take the first that is found."""
    page.keyboard.press("e")
    page.fill("#pick-text", text)
    page.press("#pick-text", "Enter")


def test_enter_takes_what_was_typed_though_nobody_heard_the_typing(
    page: Any, sign_in: Callable[[Any], Any]
) -> None:
    lead, _ = a_portfolio()
    sign_in(lead)
    page.goto("/ledger")
    page.keyboard.press("e")
    page.wait_for_selector("#pick-text")
    page.evaluate("document.querySelector('#pick-text').value = 'payout'")
    page.press("#pick-text", "Enter")
    page.wait_for_selector("#dialog >> text=Merchants pay for it")


def test_a_key_that_is_pressed_before_its_script_has_come_waits_for_it(
    page: Any, sign_in: Callable[[Any], Any]
) -> None:
    lead, _ = a_portfolio()
    sign_in(lead)
    page.goto("/ledger")
    held: list[Any] = []
    page.route("**/js/pick*", lambda route: held.append(route))
    take_first(page, "payout")
    page.wait_for_selector("#pick-list[data-found-for=payout]")
    assert page.locator("#dialog >> text=Measurement").count() == 0
    held[0].continue_()
    page.wait_for_selector("#dialog >> text=Measurement")


def test_what_was_typed_without_a_line_stays_and_is_sent_once_by_one_press(
    page: Any, sign_in: Callable[[Any], Any]
) -> None:
    lead, hypothesis = a_portfolio()
    sign_in(lead)
    page.goto("/ledger")
    take_first(page, "payout")
    page.click("#dialog >> text=Measurement")
    page.fill("#log-form [name=reading]", "30 of 100")
    page.fill("#log-form [name=note]", "Counted at the till.")
    page.wait_for_selector("#log-effect >> text=Belief")
    # The server takes it, and the answer is lost on the way back.
    page.route("**/evidence", lambda route: (route.fetch(), route.abort("connectionreset")))
    page.click("button[form=log-form]")
    page.wait_for_selector("#log-form >> text=Not sent, kept here.")
    page.unroute("**/evidence")
    assert Evidence.objects.count() == 1

    page.context.set_offline(True)
    page.click("text=Send again")
    page.context.set_offline(False)
    page.wait_for_selector("#log-form >> text=The connection is back")
    page.goto("/ledger")
    page.click("#toasts >> text=Open it to send it again")
    page.wait_for_selector("#log-form [name=reading]")
    page.wait_for_selector("#log-form >> text=Not sent yet, kept here.")
    assert page.input_value("#log-form [name=reading]") == "30 of 100"
    assert page.input_value("#log-form [name=note]") == "Counted at the till."
    page.click("text=Send again")
    page.wait_for_selector("#log-evidence >> text=It had been logged before.")
    assert Evidence.objects.get().hypothesis_id == hypothesis.pk
    page.goto("/ledger")
    assert page.locator("#toasts >> text=Not sent").count() == 0
