"""The demo's people with their phones: each thing that they do, done as they do it on the page."""

from __future__ import annotations

import re
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from playwright.sync_api import TimeoutError

from tests.browser.faults import note_faults

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SLOW_MACHINE, SOON = 60_000, 20_000
TOO_WIDE = """() => [...document.querySelectorAll("main *")]
  .filter((node) => node.getBoundingClientRect().right > window.innerWidth + 1
    && !node.closest("table, svg, .scroll, pre"))
  .slice(0, 3).map((node) => node.tagName + "." + node.className)"""


class Phone:
    """One person's phone, signed in; ``faults`` is what went wrong on any page of anybody's."""

    def __init__(
        self, browser: Any, url: str, who: tuple[str, str], faults: list[str], shots: Path | None
    ) -> None:
        self.email, self.password = who
        self.faults, self.shots = faults, shots
        context = browser.new_context(base_url=url, **PHONE)
        context.set_default_timeout(SLOW_MACHINE)
        self.page = context.new_page()
        note_faults(self.page, faults)
        self.taps = 0
        self.page.goto("/accounts/login/")
        self.page.fill("input[name=login]", self.email)
        self.page.fill("input[name=password]", self.password)
        self.tap("button[type=submit] >> text=Sign in")
        self.page.wait_for_url(lambda address: "login" not in address)

    # --- what every step needs ---

    def open(self, path: str) -> None:
        """Go to a page, and look whether it fits."""
        self.page.goto(path)
        self.look()

    def tap(self, selector: str) -> None:
        """One tap, counted."""
        self.page.locator(selector).first.tap()
        self.taps += 1

    def look(self, name: str = "") -> None:
        """Note what is wider than the phone; keep a picture if there is a name for it."""
        self.page.wait_for_load_state()
        self.page.wait_for_selector("main", state="attached")
        width = self.page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE["viewport"]["width"]:  # type: ignore[index]
            wide = self.page.evaluate(TOO_WIDE)
            self.faults.append(f"{self.page.url}: {width} pixels wide, by {wide}")
        if name and self.shots is not None:
            self.page.screenshot(path=self.shots / f"{name}.png", caret="initial")

    def picture(self, name: str, *, whole: bool = True) -> None:
        """A picture of the whole page."""
        if self.shots is not None:
            self.page.screenshot(path=self.shots / f"{name}.png", full_page=whole, caret="initial")

    # --- evidence ---

    def log(self, bet: str, statement: str, direction: str, source: str, note: str) -> str:
        """Log a decisive judgement; what the page says of it."""
        page = self.page
        self.open("/kanban")
        self.tap("text=Log evidence")
        page.fill("#pick-text", bet)
        page.wait_for_selector(f'#pick-list[data-found-for="{bet}"]')
        page.locator("#pick-list a", has_text=statement).filter(has_text=bet).first.tap()
        page.wait_for_selector("#dialog #log-form")
        page.check(f"#log-form [name=direction][value={direction}]", force=True)
        page.check("#log-form [name=strength][value=decisive]", force=True)
        page.fill("#log-form [name=note]", note)
        if not page.locator("#log-form [name=source]").is_visible():
            self.tap("#log-form details summary")
        page.fill("#log-form [name=source]", source)
        self.tap("button[form=log-form]")
        told = page.locator("#log-evidence .notice[role=status] .notice__title")
        told.wait_for()
        self.look()
        return " ".join(told.inner_text().split())

    # --- proposals ---

    def open_proposal(self, proposal_id: int) -> None:
        """The page of a proposal, complete."""
        self.open(f"/proposals/{proposal_id}")
        self.page.wait_for_selector("#decide-right", state="attached")

    def leave_out(self, bet_id: int) -> None:
        """Take the tick from a change and wait for what that means."""
        self._come_to(f"#take-{bet_id}")
        self._and_wait(lambda: self.page.locator(f"#take-{bet_id}").uncheck())

    def set_amount(self, bet_id: int, amount: Decimal) -> None:
        """Write what a bet shall hold, and wait for what that means."""
        self._come_to(f"#amount-{bet_id}")
        self._and_wait(lambda: self.page.fill(f"#amount-{bet_id}", f"{amount:.2f}"))

    def _come_to(self, field: str) -> None:
        """Have more rows shown until there is the one that is wanted."""
        while self.page.locator(field).count() == 0:
            with self.page.expect_response(re.compile(r"/proposals/\d+/changes"), timeout=20_000):
                self.tap("#other-changes a")
            self.page.wait_for_timeout(200)

    def _and_wait(self, act: Any) -> None:
        try:
            with self.page.expect_response(
                re.compile(r"/proposals/\d+/part$"), timeout=20_000
            ) as it:
                act()
            self.page.wait_for_timeout(1000)
        except TimeoutError as late:
            self.faults.append(f"{self.page.url}: what the part means was not shown: {late}")
            self.picture("part-not-shown", whole=False)
        else:
            if it.value.status != 200:
                self.faults.append(f"{self.page.url}: the part answers {it.value.status}")
        self.look()

    @property
    def part(self) -> str:
        """What the page says of the part."""
        return " ".join(self.page.locator("#part-effect").inner_text().split())

    @property
    def right(self) -> str:
        """By what right they may decide what is ticked, or why they may not."""
        return " ".join(self.page.locator("#decide-right").inner_text().split())

    def approve(self, reason: str = "") -> str:
        """Approve what is ticked, signed; what the page says."""
        return self._decide("approve", reason)

    def refuse(self, reason: str) -> str:
        """Refuse it, signed; what the page says."""
        return self._decide("refuse", reason)

    def _decide(self, decision: str, reason: str) -> str:
        page = self.page
        page.fill("#decide-form [name=reason]", reason)
        page.fill("#decide-form [name=signature]", self.password)
        self.tap(f"#decide-form button[value={decision}]")
        page.wait_for_load_state()
        said = page.locator("#closed, #problem, #decide-form .wrong, #consents")
        said.first.wait_for()
        self.look()
        return " ".join(said.first.inner_text().split())

    # --- mandates ---

    def grant(self, holder: str, per_move: int, per_30_days: int, reason: str) -> None:
        """Grant a mandate over all bets."""
        page = self.page
        self.open("/mandates")
        self.tap("text=Grant a mandate")
        page.wait_for_selector("#mandate-form")
        options = page.locator("#mandate-form [name=holder] option")
        label = next(text for text in options.all_inner_texts() if text.startswith(holder))
        page.select_option("#mandate-form [name=holder]", label=label)
        page.fill("#mandate-form [name=most_per_move]", str(per_move))
        page.fill("#mandate-form [name=most_per_30_days]", str(per_30_days))
        page.uncheck("#mandate-form [name=reversible_only]", force=True)
        page.fill("#mandate-form [name=reason]", reason)
        self.look()
        self.picture("mandate-form")
        self.tap("#mandate-form button[type=submit]")
        page.locator("#mandates, #mandate-form .wrong").first.wait_for()
        assert page.locator("#mandates").count(), page.locator("#mandate-form").inner_text()

    # --- stopping ---

    def say_all_is_withdrawable(self, bet_id: int) -> None:
        """Say on the page of a bet that its money is locked no longer."""
        self.open(f"/bets/{bet_id}/edit")
        self.page.fill("#bet-form [name=withdrawable]", "100")
        self.tap("#bet-form button[type=submit]")
        self.page.wait_for_url(lambda address: "edit" not in address)

    def propose_stop(self, bet_id: int, reason: str) -> int | None:
        """Draw a stop up, with the bets left without; None if something stands in the way.

        Returns:
            The number in the proposal's address.
        """
        page = self.page
        self.open(f"/bets/{bet_id}/stop")
        page.fill("#end-form [name=reason]", reason)
        left_without = page.locator("#dependents tr", has_text="left without")
        while left_without.count():
            for box in left_without.locator("input[type=checkbox]").all():
                box.check()
            self.tap("#end-form button[value=look]")
            page.wait_for_load_state()
            self.look()
        if not page.locator("#end-form button[value=propose]").count():
            return None
        self.picture("stop-drawn-up")
        self.tap("#end-form button[value=propose]")
        page.wait_for_url(re.compile(r"/proposals/\d+"))
        self.look()
        return int(re.findall(r"/proposals/(\d+)", page.url)[0])


def until(what: str, look: Any, seconds: float = 120.0) -> Any:
    """Ask until there is an answer.

    Raises:
        TimeoutError: there is none in time; it names what was waited for.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.3)
    raise TimeoutError(f"{what}: not within {seconds:g} s.")
