"""From evidence committed to proposal told: how long the worker takes, and what a storm does to it.

    python -m bench.evidence_to_proposal [--bets 500] [--events 40] [--storm 5000]

Starts the product, makes a portfolio of so many funded bets, and logs evidence through the one
door. Measured is the time from the commit to the live message that the recomputation is done,
which is when open pages fetch the proposal; then how many runs a storm of events takes, and how
long after its last event the last of them is over.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.product import PROJECT, Product, environment

INSIDE = "SPM_BENCH_INSIDE"


def main(arguments: Sequence[str]) -> int:
    """Start the product, and this script again inside its home, where Django finds its servers."""
    with tempfile.TemporaryDirectory(prefix="spm-bench-") as directory:
        home = Path(directory) / "home"
        product = Product(home, "--no-demo")
        product.wait_until_ready()
        lines = (home / "services.env").read_text().splitlines()
        servers = dict(line.split("=", 1) for line in lines if "=" in line)
        try:
            inside = {**environment(home), **servers, INSIDE: "1"}
            command = [sys.executable, "-m", "bench.evidence_to_proposal", *arguments]
            return subprocess.run(command, cwd=PROJECT, env=inside, check=False).returncode
        finally:
            product.stop()


def measure(bets: int, events: int, storm: int) -> None:
    """Print the figures."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spm.settings")
    django.setup()
    import redis
    from django.conf import settings
    from django.utils import timezone

    from allocation.models import LatestRun, RecomputeRequest
    from bench.portfolio import make_portfolio
    from bets.edit import OFFICE
    from evidence.intake import NewEvidence, record

    portfolio, hypotheses = make_portfolio(bets)
    chance = random.Random(1)
    client = redis.Redis.from_url(settings.LIVE_URL)
    channel = client.pubsub(ignore_subscribe_messages=True)
    channel.subscribe(f"live:{portfolio.pk}")
    channel.get_message(timeout=1)

    def learn() -> None:
        successes = chance.randint(0, 40)
        event = NewEvidence(
            kind="measurement", successes=successes, trials=40, observed_at=timezone.now()
        )
        record(OFFICE, chance.choice(hypotheses), event)

    def wait_for_run() -> None:
        deadline = time.perf_counter() + 60
        while time.perf_counter() < deadline:
            message = channel.get_message(timeout=1)
            if message is not None and b'"proposals"' in message["data"]:
                return
        raise TimeoutError("no recomputation within a minute")

    seconds = []
    for _ in range(events):
        learn()
        committed = time.perf_counter()
        wait_for_run()
        seconds.append(time.perf_counter() - committed)
        time.sleep(0.2)
        while channel.get_message(timeout=0) is not None:
            pass
    seconds.sort()
    run = LatestRun.objects.get(portfolio=portfolio)
    print(f"bets {bets}: last run {run.seconds:.2f} s: {run.outcome}{run.problem}")
    print(
        f"evidence committed -> proposal told, {events} events one by one: "
        f"p50 {statistics.median(seconds):.2f} s, p95 {seconds[int(0.95 * (events - 1))]:.2f} s"
    )
    began = time.perf_counter()
    for _ in range(storm):
        learn()
    last = time.perf_counter()
    while RecomputeRequest.objects.filter(portfolio=portfolio).exists():
        time.sleep(0.05)
    done = time.perf_counter()
    print(
        f"storm of {storm}: logged in {last - began:.1f} s ({storm / (last - began):.0f}/s), "
        f"nothing owed {done - last:.2f} s after the last"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bets", type=int, default=500)
    parser.add_argument("--events", type=int, default=40)
    parser.add_argument("--storm", type=int, default=1000)
    options = parser.parse_args()
    if INSIDE in os.environ:
        measure(options.bets, options.events, options.storm)
    else:
        sys.exit(main(sys.argv[1:]))
