"""A first sync of many issues whose worker is killed again and again, and a second run after it.

    python -m bench.jira_sync [--issues 20000] [--kills 8] [--kind cloud]

The small Jira of the tests runs beside the whole product. The product's own worker reads it, and
is killed with SIGKILL at random moments until the kills are used up. In the end every issue must be
one bet, a second run must change nothing, and the worker must not have grown with what it read.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django

from bench.product import PROJECT, Product, descendants, running
from spm.embedded.leftovers import read
from spm.embedded.noted import noted_services
from spm.embedded.processes import Identity

PATIENCE_SECONDS = 3_600.0
RING_EVERY_SECONDS = 5.0


@dataclass
class Measured:
    """What was seen meanwhile; memory is that of the worker, in MB."""

    killed_at: list[int] = field(default_factory=list)
    megabytes: list[tuple[int, float]] = field(default_factory=list)


@contextmanager
def small_jira(kind: str, issues: int) -> Iterator[str]:
    """The small Jira in a process of its own; its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.jira", "--kind", kind, "--issues", str(issues)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[1]
    finally:
        process.kill()
        process.wait()


def open_django(product: Product) -> None:
    """Look into the product's own database from here."""
    os.environ["SPM_HOME"] = str(product.home.path)
    os.environ.update(noted_services(product.home.path))
    os.environ["DJANGO_SETTINGS_MODULE"] = "spm.settings"
    django.setup()


def connect(site: str, kind: str) -> Any:
    """A portfolio that is connected to the site, and being read."""
    from django.conf import settings

    from evidence.jira import changes
    from spm.accounts.models import Role
    from tests.factories import make_member, make_portfolio

    settings.OUTGOING_ALLOW = [site.partition("://")[2]]
    portfolio = make_portfolio(name="Synced", slug=f"synced-{kind}")
    admin = make_member(portfolio, Role.ADMIN)
    account = "mia@example.org" if kind == "cloud" else ""
    connection = changes.connect(admin, portfolio, site, account, "a-token-of-tests")
    changes.search(admin, connection.pk, "project = PAY")
    mapping = {"types": ["Epic", "Story", "Bug"]}
    changes.set_mapping(admin, connection.pk, mapping, False)
    changes.resume(admin, connection.pk)
    return admin, connection


def worker_of(product: Product) -> Identity | None:
    """The worker that runs now."""
    state = read(product.home)
    return state.parts.get("worker") if state else None


def megabytes_of(worker: Identity) -> float:
    """Resident memory of the worker and what came from it."""
    total = 0
    for pid in descendants(worker.pid):
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line)
    return total / 1024


def watch(product: Product, connection: Any, kills: int, random_number: random.Random) -> Measured:
    """Wait until the run is done, and kill the worker so many times on the way."""
    from evidence.jira.changes import ring_pull
    from evidence.models import JiraRun

    measured, deadline, total = Measured(), time.monotonic() + PATIENCE_SECONDS, 0
    rung = next_kill = 0.0
    while True:
        run = JiraRun.objects.filter(connection=connection).order_by("-id")[0]
        total = run.total or total
        if run.state != "running":
            assert run.state == "done", run.problem
            return measured
        assert time.monotonic() < deadline, "it was not done in time"
        worker = worker_of(product)
        if worker is not None and worker.alive():
            measured.megabytes.append((run.seen, megabytes_of(worker)))
        if kills and total and run.seen >= next_kill and worker and worker.alive() and run.seen:
            os.kill(worker.pid, signal.SIGKILL)
            measured.killed_at.append(run.seen)
            kills -= 1
            share = (total - run.seen) / (kills + 1)
            next_kill = run.seen + random_number.uniform(0.2, 1.0) * share
        if time.monotonic() > rung:  # what beat does every 15 s
            ring_pull(connection.pk)
            rung = time.monotonic() + RING_EVERY_SECONDS
        time.sleep(random_number.uniform(0.1, 0.5))


def timed(what: Callable[[], Measured]) -> tuple[Measured, float]:
    """What came of it, and the seconds that it took."""
    began = time.monotonic()
    return what(), time.monotonic() - began


def main() -> None:
    """Measure, print, and fail where a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--issues", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--kind", choices=("cloud", "server"), default="cloud")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    with (
        tempfile.TemporaryDirectory(prefix="jira-sync-") as home,
        small_jira(given.kind, given.issues) as site,
        running(
            Path(home), "--no-demo", settings={"SPM_OUTGOING_ALLOW": site.partition("://")[2]}
        ) as product,
    ):
        open_django(product)
        from bets.models import Bet
        from evidence.jira import changes
        from evidence.models import JiraIssue, JiraRun

        admin, connection = connect(site, given.kind)
        first, seconds = timed(lambda: watch(product, connection, given.kills, chance))
        run = JiraRun.objects.get(connection=connection, kind="first")
        print(
            f"first sync: {run.seen} issues, {run.pages} pages in {seconds:.0f} s "
            f"({run.seen / seconds:.0f}/s), killed at {first.killed_at}"
        )
        bets = Bet.objects.filter(portfolio=connection.portfolio)
        taken = JiraIssue.objects.filter(connection=connection, bet__in=bets).count()
        assert taken == given.issues == bets.count(), (taken, bets.count())
        versions = sorted(bets.values_list("id", "version"))
        changes.backfill(admin, connection.pk)
        second, seconds = timed(lambda: watch(product, connection, 0, chance))
        again = JiraRun.objects.get(connection=connection, kind="backfill")
        print(f"second run: {again.seen} issues in {seconds:.0f} s, {again.changed} changed")
        assert again.changed == 0 and sorted(bets.values_list("id", "version")) == versions
        for name, measured in (("first", first), ("second", second)):
            sizes = [size for _, size in measured.megabytes]
            tenth = max(len(sizes) // 10, 1)
            early, late = max(sizes[: 2 * tenth]), max(sizes[-tenth:])
            print(f"worker, {name} run: at most {early:.0f} MB early, {late:.0f} MB at the end")


if __name__ == "__main__":
    main()
