"""How fast a proposal opens for those who decide it, in a portfolio of 2,000 bets.

    python -m bench.proposal_page [--bets 200 2000] [--requests 100]

Starts the product with its two web processes, makes portfolios of so many funded bets, has the
worker compute the proposal of each and all that is worked out about it, and asks for its page as
the CFO, one at a time. Prints how many queries a page takes, how long the answer and how much of
our processes' computing; the number of queries must be the same at every size. The fragments that
the page fetches as somebody comes to them are asked as well.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.board import ROUND, WARM_UP, Asked, cpu_seconds_of
from bench.product import PROJECT, Product, environment

INSIDE = "SPM_BENCH_INSIDE"
PROMISED_SECONDS = 0.100
MOST_WAITING = 600
EVENTS = 40
FRAGMENTS = ("/changes?after=8", "/moves", "/compared", "/study", "/comments?section")


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
        page, *fragments = _proposal_of(site, bets)
        late = _ask(page, requests, webs)
        for fragment in fragments:
            _ask(fragment, ROUND, webs)
        counts.add(page.queries)
        over = over or late > PROMISED_SECONDS
    if len(counts) > 1:
        print(f"The number of queries is not fixed: {sorted(counts)}.")
    if over:
        print(f"Over the promise of {PROMISED_SECONDS * 1e3:.0f} ms at p95.")
    return int(over or len(counts) > 1)


@dataclass
class Counted(Asked):
    """A page or a fragment, with the number of queries that it takes."""

    queries: int = 0


def _ask(asked: Counted, requests: int, webs: Sequence[str]) -> float:
    """Ask again and again, and print what it took; the seconds that one answer in 20 exceeds."""
    asked.ask(WARM_UP)
    for _ in range(max(1, requests // ROUND)):
        before = cpu_seconds_of(webs)
        asked.seconds += asked.ask(ROUND)
        asked.cpu_seconds += cpu_seconds_of(webs) - before
    seconds = sorted(asked.seconds)
    late = seconds[int(0.95 * (len(seconds) - 1))]
    cpu = asked.cpu_seconds / len(seconds)
    print(
        f"{asked.name}: {asked.queries} queries; p50 {asked.middle * 1e3:.0f} ms, "
        f"p95 {late * 1e3:.0f} ms, {cpu * 1e3:.1f} ms computing; "
        f"{asked.size / 1000:.0f} kB compressed; load {os.getloadavg()[0]:.1f}"
    )
    return late


def _proposal_of(site: str, bets: int) -> list[Counted]:
    """A fresh proposal's page as its CFO asks for it, and its fragments, with their queries."""
    from django.conf import settings
    from django.db import transaction
    from django.test import Client

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
    assert b"decide-form" in client.get(path).content, "the CFO may not decide it"
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    changes = proposal.changes.count()
    name = f"A proposal, {bets} bets, {changes} of them change"
    return [
        Counted(
            f"{name}{place}", f"{site}{path}{place}", cookie, queries=_queries(client, path + place)
        )
        for place in ("", *FRAGMENTS)
    ]


def _queries(client: Any, path: str) -> int:
    """How many queries an answer takes, once what is kept between requests is there."""
    from django.db import connection

    asked: list[str] = []

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    client.get(path)
    with connection.execute_wrapper(count):
        assert client.get(path).status_code == 200, path
    return len(asked)


def _proposed(portfolio: Any, hypotheses: Sequence[int]) -> Any:
    """A proposal after evidence on some bets, and on those that it changes most."""
    from allocation.reading import change_rows
    from bets.models import Hypothesis

    chance = random.Random(1)
    _learn([chance.choice(hypotheses) for _ in range(EVENTS)], chance)
    largest = change_rows(_settled(portfolio), slice(EVENTS))
    stated = Hypothesis.objects.filter(bet__in=[row.change.bet_id for row in largest])
    _learn(stated.values_list("pk", flat=True), chance)
    return _settled(portfolio)


def _learn(hypotheses: Iterable[int], chance: random.Random) -> None:
    from bets.edit import OFFICE
    from evidence.intake import NewEvidence, record

    for hypothesis in hypotheses:
        event = NewEvidence(kind="measurement", successes=chance.randint(0, 40), trials=40)
        record(OFFICE, hypothesis, event)


def _settled(portfolio: Any) -> Any:
    """What the worker proposes of all that is known, once its closer look is finished."""
    from allocation.models import Proposal, RecomputeRequest, Study

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
