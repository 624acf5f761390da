"""How fast evidence is taken, one by one and in bulk, each committed, beliefs written.

    python -m bench.intake [--bets 100] [--events 5000] [--singles 300]

On PostgreSQL and Valkey servers of its own, below the API: what is measured is the door itself.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from datetime import timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.db import connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from evidence.beliefs import differences  # noqa: E402
from evidence.intake import NewEvidence, record, record_many  # noqa: E402
from tests.database import migrate_as_owner  # noqa: E402
from tests.factories import make_bet, make_hypothesis, make_member, make_portfolio  # noqa: E402


def main() -> None:
    """Measure, and print one line for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bets", type=int, default=100)
    parser.add_argument("--events", type=int, default=5_000)
    parser.add_argument("--singles", type=int, default=300)
    wanted = parser.parse_args()
    migrate_as_owner()
    portfolio = make_portfolio()
    lead = make_member(portfolio)
    hypotheses = [make_hypothesis(make_bet(portfolio)).pk for _ in range(wanted.bets)]
    seconds = _timed(
        lambda: record_many(lead, portfolio, _events(hypotheses, "bulk", wanted.events))
    )
    print(f"bulk: {wanted.events / seconds:,.0f} rows/s on {wanted.bets} bets", flush=True)
    times = [
        _timed(lambda pair=pair: record(lead, *pair))
        for pair in _events(hypotheses, "single", wanted.singles)
    ]
    middle, late = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    print(f"one by one: p50 {middle * 1e3:.1f} ms, p95 {late * 1e3:.1f} ms")
    print(f"differences from a rebuild: {len(differences())}; load {os.getloadavg()[0]:.1f}")


def _events(hypotheses: list[int], name: str, count: int) -> list[tuple[int, NewEvidence]]:
    now = timezone.now()
    return [
        (
            hypotheses[n % len(hypotheses)],
            NewEvidence(
                kind="measurement",
                successes=n % 7,
                trials=50,
                source=f"Source {n % 5}",
                external_id=f"{name}-{n}",
                observed_at=now - timedelta(hours=n),
                note="Weekly cohort",
            ),
        )
        for n in range(count)
    ]


def _timed(call: Any) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
    connections.close_all()
