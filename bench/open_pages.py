"""From a commit to what people see: seconds until pages that are open show what has happened.

    python -m bench.open_pages

Starts the product with its demo portfolio and opens six pages in a browser. Evidence that breaks a
thesis is committed, and the CFO's two pages show the proposal that follows from it; then the CFO
approves, and the ledger, the Kanban, the Allocation page and the bet's page show the booked money.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.product import PROJECT, Product, environment

INSIDE = "SPM_BENCH_INSIDE"
BET = "Price engine"


def main() -> int:
    """Start the product, and this script again inside its home, where Django finds its servers."""
    with tempfile.TemporaryDirectory(prefix="spm-bench-") as directory:
        home = Path(directory) / "home"
        product = Product(home)
        product.wait_until_ready()
        lines = (home / "services.env").read_text().splitlines()
        servers = dict(line.split("=", 1) for line in lines if "=" in line)
        inside = {**environment(home), **servers, INSIDE: f"http://127.0.0.1:{product.port}"}
        inside["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # the browser keeps a loop in this thread
        try:
            command = [sys.executable, "-m", "bench.open_pages"]
            return subprocess.run(command, cwd=PROJECT, env=inside, check=False).returncode
        finally:
            product.stop()


class People:
    """The demo's people, each in a browser of their own."""

    def __init__(self, browser: Any, url: str) -> None:
        self.browser, self.url = browser, url
        self.contexts: dict[str, Any] = {}

    def open(self, who: str, path: str) -> Any:
        """A page of theirs that listens."""
        from tests.browser.watching import is_live

        page = self._context_of(who).new_page()
        page.goto(path)
        is_live(page)
        return page

    def _context_of(self, who: str) -> Any:
        from django.conf import settings

        from spm.accounts.models import User
        from tests.browser.conftest import session_of

        if who not in self.contexts:
            key = session_of(User.objects.get(email=f"{who}@demo.example"))
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": key, "url": self.url}
            self.contexts[who] = self.browser.new_context(base_url=self.url)
            self.contexts[who].add_cookies([cookie])
        return self.contexts[who]


def measure(url: str) -> None:
    """Print the figures."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spm.settings")
    django.setup()
    from playwright.sync_api import sync_playwright

    from allocation.models import Proposal
    from bets.models import Bet
    from tests import chromium

    bet, old = Bet.objects.get(title=BET), Proposal.objects.get(status="open")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=chromium.arguments()
        )
        people = People(browser, url)
        _evidence(people, bet, old)
        _approval(people, bet, Proposal.objects.get(status="open"))
        browser.close()
    print(f"load {os.getloadavg()[0]:.1f}")


def _evidence(people: People, bet: Any, old: Any) -> None:
    from bets.edit import OFFICE
    from evidence.intake import NewEvidence, record
    from evidence.models import Evidence
    from tests.browser.watching import watch

    proposals = people.open("cfo", "/proposals")
    proposal = people.open("cfo", f"/proposals/{old.pk}")
    new = old.number + 1
    watch(proposals, "list of proposals", "#proposals h2", f"Proposal {new}, open")
    watch(proposal, "superseded proposal", "#closed", f"Open proposal {new}")
    against = NewEvidence(kind="judgement", direction="against", strength="decisive")
    record(OFFICE, bet.hypotheses.get().pk, against)
    committed = Evidence.objects.latest("pk").recorded_at
    _report(proposals, "list of proposals", committed)
    _report(proposal, "superseded proposal", committed)


def _approval(people: People, bet: Any, proposal: Any) -> None:
    from allocation.models import Decision
    from spm import formats
    from tests.browser.watching import watch

    change = proposal.changes.get(bet=bet)
    after = formats.rate(change.working_after + change.entangled + bet.entangled, "EUR")
    watched = {
        "ledger": ("/ledger", "#transfers td", f"Proposal {proposal.number}"),
        "Kanban card": ("/kanban", f"#card-{bet.pk}", after),
        "Allocation page": ("/", "#sankey-panel", f"{BET} {after}"),
        "bet page": (
            f"/bets/{bet.pk}",
            f"#decisions-{bet.pk}",
            f"Proposal {proposal.number}: ",
        ),
    }
    pages = {name: people.open("lead", path) for name, (path, _, _) in watched.items()}
    for name, (_, selector, text) in watched.items():
        watch(pages[name], name, selector, text)
    cfos = people.open("cfo", f"/proposals/{proposal.pk}")
    cfos.fill("#id_reason", "The price does not carry.")
    cfos.click("#decide-form >> text=Approve and book")
    cfos.wait_for_selector("#toasts >> text=is approved and booked")
    decided = Decision.objects.get(proposal=proposal).decided_at
    for name, page in pages.items():
        _report(page, name, decided)


def _report(page: Any, name: str, since: datetime) -> None:
    from tests.browser.watching import seen_at

    print(f"{name}: {(seen_at(page, name) - since).total_seconds():.2f} s")


if __name__ == "__main__":
    if INSIDE in os.environ:
        measure(os.environ[INSIDE])
    else:
        sys.exit(main())
