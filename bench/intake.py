"""How fast evidence is taken, one by one and in bulk, each committed, beliefs written.

    python -m bench.intake [--bets 100] [--events 5000] [--batch 50000] [--singles 300]
                           [--in-turn]

On PostgreSQL and Valkey servers of its own, as tests have them (fsync off, for both sides), below
the API: what is measured is the door itself.
Bulk comes in batches, hypothesis after hypothesis, and a last batch speaks of all of them; with
--in-turn every batch speaks of all hypotheses. In the end all beliefs are worked out anew from
what is stored, and compared.

The measure of bulk is COPY: after each batch the very rows that it wrote are copied, as text that
lies ready in memory, into a table that is made as the one of evidence is: the same columns, checks,
indexes and foreign keys, checked when it commits, and as many rows in it already. The trigger that
keeps rows from being changed is left out; it is not asked when rows come in. So whatever the
database does for a row it does for both, and the load of the machine is the same for both. COPY
has no part in reading what is said, known events, digests, locks, beliefs, breaks or notices.

Rates are by the clock, which on a busy machine says little; the ratio to go by is that of processor
time, this process and its server process together.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.db import connections  # noqa: E402
from django.urls import reverse  # noqa: E402
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
    parser.add_argument("--in-turn", action="store_true")
    wanted = parser.parse_args()
    migrate_as_owner()
    portfolio = make_portfolio()
    lead = make_member(portfolio)
    hypotheses = [make_hypothesis(make_bet(portfolio)).pk for _ in range(wanted.bets)]
    # What a server has done long since when the first batch comes: all paths are known.
    reverse("bets:bet", args=[1])
    before = _peak_megabytes()
    ours, copies = Spent(), Spent()
    with Copied() as copied:
        for batch in _batches(hypotheses, wanted.events, wanted.batch, wanted.in_turn):
            with ours.counting(len(batch), "default"):
                record_many(lead, portfolio, batch)
            copied.copy(copies)
            print(f"  {ours.last}; COPY {copies.last}", flush=True)
    print(f"bulk: {ours} on {wanted.bets} bets")
    print(f"memory: {_peak_megabytes() - before:,.0f} MB more at the most than before the first")
    print(f"COPY of the same rows: {copies}")
    print(
        f"bulk is {copies.seconds / ours.seconds:.2f} of COPY's rate by the clock, "
        f"{copies.processor / ours.processor:.2f} by processor time"
    )
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


class Spent:
    """What rows have cost: seconds by the clock, and of processors, ours and the database's."""

    def __init__(self) -> None:
        self.rows = 0
        self.seconds = self.client = self.server = 0.0
        self.last = ""

    @property
    def processor(self) -> float:
        """Seconds of both processes together."""
        return self.client + self.server

    @contextmanager
    def counting(self, rows: int, alias: str) -> Iterator[None]:
        """Count what is done within, on one connection."""
        this = Spent()
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (backend,) = cursor.fetchone()
        before = time.perf_counter(), time.process_time(), _processor_seconds(backend)
        yield
        after = time.perf_counter(), time.process_time(), _processor_seconds(backend)
        this.rows = rows
        this.seconds, this.client, this.server = (b - a for a, b in zip(before, after, strict=True))
        self.last = str(this)
        self.rows += rows
        self.seconds += this.seconds
        self.client += this.client
        self.server += this.server

    def __str__(self) -> str:
        client, server = (1e6 * each / self.rows for each in (self.client, self.server))
        rate = self.rows / self.seconds
        return f"{self.rows:,} rows, {rate:,.0f}/s, CPU a row {client:.0f} + {server:.0f} µs"


class Copied:
    """A table that is as the one of evidence is, filled with the same rows by COPY alone."""

    def __enter__(self) -> Copied:
        self.last_id = 0
        with connections["owner"].cursor() as cursor:
            cursor.execute("CREATE TABLE copied (LIKE evidence_evidence INCLUDING ALL)")
            cursor.execute(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE conrelid = 'evidence_evidence'::regclass AND contype = 'f'"
            )
            for (definition,) in cursor.fetchall():
                cursor.execute(f"ALTER TABLE copied ADD {definition}")
        return self

    def __exit__(self, *raised: object) -> None:
        with connections["owner"].cursor() as cursor:
            cursor.execute("DROP TABLE copied")

    def copy(self, spent: Spent) -> None:
        """Copy what has come since the last time."""
        new = f"FROM evidence_evidence WHERE id > {self.last_id}"
        with connections["owner"].cursor() as cursor:
            with cursor.copy(f"COPY (SELECT * {new} ORDER BY id) TO STDOUT") as out:
                rows = [bytes(block) for block in out]
            with spent.counting(len(rows), "owner"), cursor.copy("COPY copied FROM STDIN") as into:
                for row in rows:
                    into.write(row)
            cursor.execute("SELECT max(id) FROM copied")
            (self.last_id,) = cursor.fetchone()


def _processor_seconds(process: int) -> float:
    """Processor time that a process has had so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _batches(
    hypotheses: list[int], events: int, most: int, in_turn: bool
) -> Iterator[list[tuple[int, NewEvidence]]]:
    """Batches that fill one hypothesis after the other, and a last one that speaks of all; or
    such as each speak of all in turn.
    """
    if in_turn:
        for start in range(0, events, most):
            yield _events(hypotheses, "bulk", range(start, min(start + most, events)))
        return
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
