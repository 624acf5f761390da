"""Valkey may be away, or hang: people sign in, pages are served and evidence is taken all the same.

A hung server is a socket that takes every call and never answers one.
"""

import re
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from django.utils import timezone

from allocation.models import RecomputeRequest
from bets.models import Hypothesis
from evidence.models import Evidence
from spm.accounts.models import Role
from tests.factories import make_hypothesis, make_member, make_portfolio, make_scaling_bet
from tests.running import running_site

PASSWORD = "a long enough password"
LONGEST_WAIT_SECONDS = 3.0  # half a second for Valkey; the rest is for a busy machine


@contextmanager
def site_without_valkey(state: str, logs: Path) -> Iterator[str]:
    """The address of a site whose Valkey is "gone" (nobody listens) or "hung"."""
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        path = f"{directory}/valkey.sock"
        patch.setenv("REDIS_URL", f"unix://{path}?db=0")
        with socket.socket(socket.AF_UNIX) as listener:
            if state == "hung":
                listener.bind(path)
                listener.listen(512)
            with running_site(logs) as site:
                yield site.url


class Browser:
    """Asks for pages one after the other, and notes how long it waited for the slowest."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.longest = 0.0
        self.token = ""

    def get(self, path: str) -> int:
        """The status of a page."""
        return self._asked("GET", path)

    def post(self, path: str, **fields: str) -> int:
        """The status of a form that is sent from the page last opened."""
        return self._asked("POST", path, data={"csrfmiddlewaretoken": self.token, **fields})

    def _asked(self, method: str, path: str, **options: object) -> int:
        started = time.monotonic()
        answer = self.client.request(method, path, **options)  # type: ignore[arg-type]
        self.longest = max(self.longest, time.monotonic() - started)
        found = re.search(r'"X-CSRFToken": "([^"]+)"', answer.text)
        self.token = found.group(1) if found else self.token
        return answer.status_code


def hypothesis_and_lead() -> tuple[Hypothesis, str]:
    """A hypothesis, and the address of somebody who may log evidence on it."""
    portfolio = make_portfolio()
    lead = make_member(portfolio, Role.LEAD, password=PASSWORD)
    return make_hypothesis(make_scaling_bet(portfolio)), lead.email


@pytest.mark.parametrize("state", ["gone", "hung"])
def test_the_site_goes_on_without_valkey(state: str, committed_db: None, tmp_path: Path) -> None:
    hypothesis, email = hypothesis_and_lead()
    log = f"/hypotheses/{hypothesis.pk}/evidence"
    with site_without_valkey(state, tmp_path) as url, httpx.Client(base_url=url) as client:
        browser = Browser(client)
        assert browser.get("/accounts/login/") == 200
        assert browser.post("/accounts/login/", login=email, password=PASSWORD) == 302
        pages = ["/", "/kanban", f"/bets/{hypothesis.bet_id}", "/proposals", "/ledger", "/evidence"]
        assert {path: browser.get(path) for path in [*pages, log]} == dict.fromkeys(
            [*pages, log], 200
        )
        fields = {"kind": "judgement", "direction": "for", "strength": "weak"}
        day = timezone.localdate().isoformat()
        assert browser.post(log, observed_on=day, **fields) == 302
    assert Evidence.objects.count() == 1
    assert RecomputeRequest.objects.count() == 1  # still owed: beat's sweep finds it
    assert browser.longest < LONGEST_WAIT_SECONDS
