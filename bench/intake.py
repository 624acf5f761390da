"""How fast evidence is taken, one by one and in bulk, each committed, beliefs written.

    python -m bench.intake [--bets 100] [--events 5000] [--batch 50000] [--singles 300]

On PostgreSQL and Valkey servers of its own, below the API: what is measured is the door itself.
Bulk comes in batches, hypothesis after hypothesis; a last batch speaks of all of them. Its measure
is COPY, which fills a table with the same columns, keys, indexes and rules with the same rows. In
the end all beliefs are worked out anew from what is stored, and compared.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import time
from collections.abc import Iterator
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
    parser.add_argument("--batch", type=int, default=50_000)
    parser.add_argument("--singles", type=int, default=300)
    wanted = parser.parse_args()
    migrate_as_owner()
    portfolio = make_portfolio()
    lead = make_member(portfolio)
    hypotheses = [make_hypothesis(make_bet(portfolio)).pk for _ in range(wanted.bets)]
    before = _peak_megabytes()
    rates: list[tuple[int, float]] = []
    for batch in _batches(hypotheses, wanted.events, wanted.batch):
        seconds = _timed(lambda batch=batch: record_many(lead, portfolio, batch))
        rates.append((len(batch), seconds))
        print(f"  {len(batch):,} events: {len(batch) / seconds:,.0f} rows/s", flush=True)
    bulk = sum(count for count, _ in rates) / sum(seconds for _, seconds in rates)
    print(f"bulk: {bulk:,.0f} rows/s on {wanted.bets} bets, {len(rates)} batches")
    print(f"memory: {_peak_megabytes() - before:,.0f} MB more at the most than before the first")
    copied = copy_rate()
    print(f"COPY of the same rows: {copied:,.0f} rows/s; bulk is {bulk / copied:.2f} of it")
    times = [
        _timed(lambda pair=pair: record(lead, *pair))
        for pair in _events(hypotheses, "single", range(wanted.singles))
    ]
    if times:
        middle, late = statistics.median(times), statistics.quantiles(times, n=20)[-1]
        print(f"one by one: p50 {middle * 1e3:.1f} ms, p95 {late * 1e3:.1f} ms")
    found: list[Any] = []
    seconds = _timed(lambda: found.extend(differences()))
    print(f"differences from a rebuild: {len(found)}, found in {seconds:,.0f} s")
    print(f"load {os.getloadavg()[0]:.1f}")


def copy_rate() -> float:
    """Rows per second at which COPY fills a table that is as the one of evidence is.

    Keys, indexes, checks, foreign keys and the trigger that keeps rows from being changed are the
    same; the rows are those that are stored.
    """
    with connections["owner"].cursor() as cursor:
        cursor.execute("CREATE TABLE copied (LIKE evidence_evidence INCLUDING ALL)")
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = 'evidence_evidence'::regclass AND contype = 'f'"
        )
        for (definition,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE copied ADD {definition}")
        with cursor.copy("COPY (SELECT * FROM evidence_evidence LIMIT 100000) TO STDOUT") as out:
            rows = [bytes(block) for block in out]
        started = time.perf_counter()
        with cursor.copy("COPY copied FROM STDIN") as into:
            for block in rows:
                into.write(block)
        seconds = time.perf_counter() - started
        cursor.execute("SELECT count(*) FROM copied")
        (count,) = cursor.fetchone()
        cursor.execute("DROP TABLE copied")
    return float(count / seconds)


def _batches(
    hypotheses: list[int], events: int, most: int
) -> Iterator[list[tuple[int, NewEvidence]]]:
    """Batches that fill one hypothesis after the other, and a last one that speaks of all."""
    last = min(len(hypotheses), events // 10)
    each = -(-(events - last) // len(hypotheses))
    spoken_of = [hypothesis for hypothesis in hypotheses for _ in range(each)][: events - last]
    for start in range(0, len(spoken_of), most):
        part = spoken_of[start : start + most]
        yield _events(part, "bulk", range(start, start + len(part)))
    yield _events(hypotheses, "last", range(last))


def _peak_megabytes() -> float:
    """The most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _events(hypotheses: list[int], name: str, numbers: range) -> list[tuple[int, NewEvidence]]:
    """Events with these numbers, of the hypotheses in turn."""
    now = timezone.now()
    return [
        (
            hypotheses[(n - numbers.start) % len(hypotheses)],
            NewEvidence(
                kind="measurement",
                successes=n % 7,
                trials=50,
                source=f"Source {n % 5}",
                external_id=f"{name}-{n}",
                observed_at=now - timedelta(hours=n % 5_000),
                note="Weekly cohort",
            ),
        )
        for n in numbers
    ]


def _timed(call: Any) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
    connections.close_all()
