"""How fast the Kanban is with 200 and 1,000 bets, signed in, and beside a running Redmine's list.

    python -m bench.board [--requests 200] [--bets 200 1000]
        [--redmine http://127.0.0.1:3000 --redmine-user admin --redmine-password …]

Starts the product with its two web processes. Everybody is asked in turn, a few requests each, so
that a machine that is busy is busy for all; read the ratios, and the time that our processes spent
computing. Redmine's list must show 200 issues on one page.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from bench.product import PROJECT, Product, environment

INSIDE = "SPM_BENCH_INSIDE"
ROUND = 10
WARM_UP = 20
AT_ONCE = 4
REDMINE_LIST = "/issues?set_filter=1&status_id=*&per_page=200"


@dataclass
class Asked:
    """A page that is asked for again and again, and how long each answer took."""

    name: str
    url: str
    cookie: str
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0
    rates: list[float] = field(default_factory=list)
    size: int = 0

    def ask(self, times: int) -> list[float]:
        """So many answers, one after the other on one connection; seconds of each."""
        parts = urllib.parse.urlsplit(self.url)
        line = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        seconds = []
        for _ in range(times):
            began = time.perf_counter()
            line.request("GET", path, headers={"Cookie": self.cookie, "Accept-Encoding": "gzip"})
            answer = line.getresponse()
            self.size = len(answer.read())
            assert answer.status == 200, (self.name, answer.status)
            seconds.append(time.perf_counter() - began)
        line.close()
        return seconds

    def ask_at_once(self, times: int) -> float:
        """Answers a second, asked on a few connections at once."""
        threads = [threading.Thread(target=self.ask, args=(times,)) for _ in range(AT_ONCE)]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return AT_ONCE * times / (time.perf_counter() - began)

    @property
    def middle(self) -> float:
        """Seconds, p50, one at a time."""
        return statistics.median(self.seconds)

    @property
    def rate(self) -> float:
        """Answers a second with a few at once, the median of the rounds."""
        return statistics.median(self.rates)


def main(arguments: Sequence[str]) -> int:
    """Start the product, and this script again inside its home, where Django finds its servers."""
    with tempfile.TemporaryDirectory(prefix="spm-bench-") as directory:
        home = Path(directory) / "home"
        product = Product(home, "--no-demo")
        product.wait_until_ready()
        lines = (home / "services.env").read_text().splitlines()
        servers = dict(line.split("=", 1) for line in lines if "=" in line)
        webs = [str(it.pid) for name, it in product.running.parts.items() if "web" in name]
        inside = {
            **environment(home),
            **servers,
            INSIDE: f"http://127.0.0.1:{product.port} {' '.join(webs)}",
        }
        try:
            command = [sys.executable, "-m", "bench.board", *arguments]
            return subprocess.run(command, cwd=PROJECT, env=inside, check=False).returncode
        finally:
            product.stop()


def measure(options: argparse.Namespace) -> None:
    """Print the figures."""
    site, *webs = os.environ[INSIDE].split()
    boards = [_board_of(site, bets) for bets in options.bets]
    asked = list(boards)
    redmine = _redmine(options) if options.redmine else None
    if redmine is not None:
        asked.append(redmine)
    for each in asked:
        each.ask_at_once(WARM_UP // AT_ONCE)
        each.ask(WARM_UP)
    for _ in range(max(1, options.requests // ROUND)):
        for each in asked:
            before = cpu_seconds_of(webs)
            each.seconds += each.ask(ROUND)
            each.cpu_seconds += cpu_seconds_of(webs) - before
            each.rates.append(each.ask_at_once(max(2, ROUND // AT_ONCE)))
    for each in asked:
        cpu = each.cpu_seconds / len(each.seconds) * 1e3
        own = "" if each is redmine else f", {cpu:.1f} ms computing"
        print(
            f"{each.name}: one at a time p50 {each.middle * 1e3:.1f} ms{own}, "
            f"{1 / each.middle:.0f}/s; {AT_ONCE} at once {each.rate:.0f}/s; "
            f"{each.size / 1000:.0f} kB compressed"
        )
    few, many = boards[0], boards[-1]
    print(f"{many.name} / {few.name}: {many.middle / few.middle:.2f} x")
    if redmine is not None:
        print(
            f"Redmine / {few.name}: one at a time {redmine.middle / few.middle:.1f} x, "
            f"{AT_ONCE} at once {few.rate / redmine.rate:.1f} x"
        )
    print(f"load {os.getloadavg()[0]:.1f}")


def cpu_seconds_of(pids: Sequence[str]) -> float:
    """Seconds that some processes have spent computing; nothing where that cannot be read."""
    ticks = 0
    for pid in pids:
        path = Path(f"/proc/{pid}/stat")
        if path.exists():
            ticks += sum(int(part) for part in path.read_text().rpartition(") ")[2].split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def _board_of(site: str, bets: int) -> Asked:
    """A portfolio of so many bets, an eighth in each stage, and a lead who looks at its board."""
    from django.conf import settings
    from django.test import Client

    lead = make_portfolio(bets)[1]
    client = Client()
    client.force_login(lead, backend=settings.AUTHENTICATION_BACKENDS[0])
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    return Asked(
        f"Kanban, {bets} bets", f"{site}/kanban", f"{settings.SESSION_COOKIE_NAME}={value}"
    )


def make_portfolio(bets: int) -> tuple[Any, Any]:
    """A portfolio whose cards show all that cards show, and its lead."""
    from django.utils import timezone

    from bets.models import Bet, BetTeam, Stage
    from tests import factories

    portfolio = factories.make_portfolio(name=f"Measured {bets}", slug=f"measured-{bets}")
    lead = factories.make_member(portfolio)
    themes = [factories.make_theme(portfolio) for _ in range(6)]
    streams = [factories.make_stream(portfolio) for _ in range(12)]
    teams = [factories.make_team(portfolio) for _ in range(20)]
    stages, now = list(Stage), timezone.now()
    made = Bet.objects.bulk_create(
        Bet(
            portfolio=portfolio,
            title=f"A body of work with a thesis about value, number {number}",
            stage=stages[number % len(stages)],
            stage_entered_at=factories.LONG_AGO,
            theme=themes[number % 6],
            stream=streams[number % 12],
            owner=lead,
            belief=number % 100 / 100,
            belief_before=0.5,
            freshest_evidence_at=now,
            thesis_status=("intact", "intact", "broken", "silent")[number % 4],
            broken_at=now if number % 4 == 2 else None,
            working=number * 100 % 50_000,
            maximum=60_000,
            business_value=5,
            time_criticality=3,
            risk_reduction=number % 20 + 1,
            job_size=5,
        )
        for number in range(bets)
    )
    BetTeam.objects.bulk_create(
        BetTeam(bet=bet, team=teams[number % 20], share=0.7) for number, bet in enumerate(made)
    )
    return portfolio, lead


def _redmine(options: argparse.Namespace) -> Asked:
    """Sign in to Redmine, and look whether its list is as long as our board."""
    jar = CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    form = opener.open(f"{options.redmine}/login", timeout=60).read().decode()
    token = re.search(r'name="authenticity_token" value="([^"]+)"', form)
    assert token is not None, "no sign-in form"
    said = {
        "username": options.redmine_user,
        "password": options.redmine_password,
        "authenticity_token": token[1],
    }
    opener.open(f"{options.redmine}/login", urllib.parse.urlencode(said).encode(), timeout=60)
    shown = opener.open(f"{options.redmine}{REDMINE_LIST}", timeout=60).read().decode()
    rows = len(re.findall(r'<tr id="issue-\d+"', shown))
    assert rows == 200, f"Redmine shows {rows} issues, not 200"
    cookie = "; ".join(f"{each.name}={each.value}" for each in jar)
    return Asked("Redmine, 200 issues", f"{options.redmine}{REDMINE_LIST}", cookie)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--bets", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--redmine", help="address of a running Redmine")
    parser.add_argument("--redmine-user", default="admin")
    parser.add_argument("--redmine-password", default="admin")
    chosen = parser.parse_args()
    if INSIDE in os.environ:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spm.settings")
        import django

        django.setup()
        measure(chosen)
    else:
        sys.exit(main(sys.argv[1:]))
