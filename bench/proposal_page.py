"""How fast a proposal opens for those who decide it, in a portfolio of 2,000 bets.

    python -m bench.proposal_page [--bets 200 2000] [--requests 100]

Starts the product with its two web processes, makes portfolios of so many funded bets, has the
worker compute the proposal of each and all that is worked out about it, and asks for its page as
the CFO, one at a time. Prints how many queries a page takes, how long the answer and how much of
our processes' computing; the number of queries must be the same at every size.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.board import ROUND, WARM_UP, Asked, cpu_seconds_of
from bench.product import PROJECT, Product, environment

INSIDE = "SPM_BENCH_INSIDE"
PROMISED_SECONDS = 0.100
MOST_WAITING = 600
EVENTS = 40


def main(arguments: Sequence[str]) -> int:
    """Start the product, and this script again inside its home, where Django finds its servers."""
    with tempfile.TemporaryDirectory(prefix="spm-bench-") as directory:
        home = Path(directory) / "home"
        product = Product(home, "--no-demo")
        product.wait_until_ready()
        lines = (home / "services.env").read_text().splitlines()
        servers = dict(line.split("=", 1) for line in lines if "=" in line)
        webs = [str(it.pid) for name, it in product.running.parts.items() if "web" in name]
        site = f"http://127.0.0.1:{product.port} {' '.join(webs)}"
        try:
            inside = {**environment(home), **servers, INSIDE: site}
            command = [sys.executable, "-m", "bench.proposal_page", *arguments]
            return subprocess.run(command, cwd=PROJECT, env=inside, check=False).returncode
        finally:
            product.stop()


def measure(sizes: Sequence[int], requests: int) -> int:
    """Print the figures; 1 if the queries differ between sizes or the page is over its promise."""
    site, *webs = os.environ[INSIDE].split()
    counts, over = set(), False
    for bets in sizes:
        asked, queries, changes = _proposal_of(site, bets)
        asked.ask(WARM_UP)
        for _ in range(max(1, requests // ROUND)):
            before = cpu_seconds_of(webs)
            asked.seconds += asked.ask(ROUND)
            asked.cpu_seconds += cpu_seconds_of(webs) - before
        seconds = sorted(asked.seconds)
        late = seconds[int(0.95 * (len(seconds) - 1))]
        cpu = asked.cpu_seconds / len(seconds)
        print(
            f"{asked.name}, {changes} of them change: {queries} queries; "
            f"p50 {asked.middle * 1e3:.0f} ms, p95 {late * 1e3:.0f} ms, {cpu * 1e3:.1f} ms "
            f"computing; {asked.size / 1000:.0f} kB compressed; load {os.getloadavg()[0]:.1f}"
        )
        counts.add(queries)
        over = over or late > PROMISED_SECONDS
    if len(counts) > 1:
        print(f"The number of queries is not fixed: {sorted(counts)}.")
    if over:
        print(f"Over the promise of {PROMISED_SECONDS * 1e3:.0f} ms at p95.")
    return int(over or len(counts) > 1)


def _proposal_of(site: str, bets: int) -> tuple[Asked, int, int]:
    """A fresh proposal's page as its CFO asks for it, its queries, and how many bets change."""
    from django.conf import settings
    from django.db import connection, transaction
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from bench.portfolio import make_portfolio
    from spm.accounts.models import Role
    from tests import factories

    with transaction.atomic():
        portfolio, hypotheses = make_portfolio(bets)
        portfolio.quiet_gain_share = 0.0
        portfolio.save(update_fields=["quiet_gain_share"])
        cfo = factories.make_member(portfolio, Role.FINANCE)
    proposal = _proposed(portfolio, hypotheses)
    client = Client(HTTP_HOST=site.removeprefix("http://"))
    client.force_login(cfo, backend=settings.AUTHENTICATION_BACKENDS[0])
    path = f"/proposals/{proposal.pk}"
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path)
    assert answer.status_code == 200, answer.status_code
    assert b"decide-form" in answer.content, "the CFO may not decide it"
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    asked = Asked(f"A proposal, {bets} bets", f"{site}{path}", cookie)
    return asked, len(queries), proposal.changes.count()


def _proposed(portfolio: Any, hypotheses: Sequence[int]) -> Any:
    """What the worker proposes after evidence on some bets, once its closer look is finished."""
    from allocation.models import Proposal, RecomputeRequest, Study
    from bets.edit import OFFICE
    from evidence.intake import NewEvidence, record

    chance = random.Random(1)
    for _ in range(EVENTS):
        event = NewEvidence(kind="measurement", successes=chance.randint(0, 40), trials=40)
        record(OFFICE, chance.choice(hypotheses), event)
    deadline = time.monotonic() + MOST_WAITING
    while time.monotonic() < deadline:
        owed = RecomputeRequest.objects.filter(portfolio=portfolio).exists()
        proposal = Proposal.objects.filter(portfolio=portfolio, status="open").first()
        studied = Study.objects.filter(proposal=proposal, finished_at__isnull=False)
        if not owed and proposal is not None and studied.exists():
            return proposal
        time.sleep(0.5)
    raise TimeoutError(f"No proposal, or no closer look at it, within {MOST_WAITING} s.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bets", type=int, nargs="+", default=[200, 2000])
    parser.add_argument("--requests", type=int, default=100)
    options = parser.parse_args()
    if INSIDE in os.environ:
        import django

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spm.settings")
        django.setup()
        sys.exit(measure(options.bets, options.requests))
    else:
        sys.exit(main(sys.argv[1:]))
