"""Twenty starts and hard kills in a row: nothing survives, nothing acknowledged is lost.

    python -m bench.hard_kills [--rounds 20] [--home DIRECTORY]

In each round everything is started, two writers log evidence on the demo portfolio, and in the
midst of that (beliefs move, theses break, workers recompute) processes are killed with SIGKILL: by
turns the supervisor alone, the supervisor together with PostgreSQL, and every process at once. The
next start must come up by itself, hold all evidence that was acknowledged, and pass
`manage.py verify`; in the end no recomputation may still be owed.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.product import PROJECT, Product, environment, gone
from spm.embedded.noted import noted_services
from spm.embedded.processes import Identity

WRITERS = 2
WRITING_SECONDS = 1.0
DEBT_PAID_WITHIN_SECONDS = 60.0


@dataclass(frozen=True)
class Round:
    """What one round measured."""

    killed: str
    started_seconds: float
    gone_seconds: float
    acknowledged: set[str]


class Writer:
    """One `bench.evidence_writer`."""

    def __init__(self, home: Path, name: str) -> None:
        """Start it, and wait until its first piece of evidence is acknowledged."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.evidence_writer", name],
            cwd=PROJECT,
            env=environment(home) | {"DJANGO_SETTINGS_MODULE": "spm.settings"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        self.first = self.process.stdout.readline().strip()
        if not self.first:
            raise RuntimeError("no evidence could be logged")

    def acknowledged(self) -> set[str]:
        """Wait until the kill has ended it; the external ids it has named."""
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            # its last line may be cut off only if it is killed itself, which nobody does
            named = {line.strip() for line in lines}
        self.process.wait()
        return named | {self.first}


def victims(product: Product, turn: int) -> tuple[str, list[Identity]]:
    """Who is killed in this turn."""
    running = product.running
    if turn % 3 == 0:
        return "the supervisor", [running.supervisor]
    if turn % 3 == 1:
        both = [running.supervisor, running.parts["postgresql"]]
        return "the supervisor and PostgreSQL", both
    return "everything", product.everything()


def one_round(home: Path, turn: int, expected: set[str]) -> Round:
    """Start, check what must be there, write, kill.

    Args:
        home: the home of all rounds.
        turn: number of the round, which decides whom to kill.
        expected: external ids of all evidence acknowledged so far.

    Raises:
        RuntimeError: if it does not come up, does not verify, or has lost evidence.
    """
    product = Product(home)
    try:
        started = product.wait_until_ready()
        check(home, expected)
        writers = [Writer(home, f"{turn}-{os.getpid()}-{number}") for number in range(WRITERS)]
        time.sleep(WRITING_SECONDS)
        name, seconds = kill(product, turn)
    finally:
        product.end()
    acknowledged = set().union(*(writer.acknowledged() for writer in writers))
    return Round(name, started, seconds, acknowledged)


def kill(product: Product, turn: int) -> tuple[str, float]:
    """Kill whoever's turn it is, and wait until nothing is left.

    Returns:
        Who was killed, and the seconds until nothing was left.

    Raises:
        RuntimeError: if something survives.
    """
    name, killed = victims(product, turn)
    everything, began = product.everything(), time.monotonic()
    for process in killed:
        process.signal(signal.SIGKILL)
    product.rest()
    if not gone(everything, 15.0):
        raise RuntimeError("processes have survived: " + str([p for p in everything if p.alive()]))
    return name, time.monotonic() - began


def check(home: Path, expected: set[str]) -> None:
    """See that all acknowledged evidence is there, and that the books tie out.

    Raises:
        RuntimeError: with what is missing or does not tie out.
    """
    rows = query(home, "SELECT external_id FROM evidence_evidence WHERE external_id IS NOT NULL")
    if lost := expected - {row[0] for row in rows}:
        raise RuntimeError(f"{len(lost)} acknowledged pieces of evidence are lost")
    answer = subprocess.run(
        [sys.executable, "manage.py", "verify"],
        cwd=PROJECT,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        raise RuntimeError(f"verify: {answer.stdout}{answer.stderr}")


def seconds_until_debts_are_paid(home: Path) -> float:
    """Wait until no recomputation is owed.

    Raises:
        RuntimeError: if that takes too long.
    """
    began = time.monotonic()
    while query(home, "SELECT 1 FROM allocation_recomputerequest LIMIT 1"):
        if time.monotonic() - began > DEBT_PAID_WITHIN_SECONDS:
            raise RuntimeError("recomputations are still owed")
        time.sleep(0.2)
    return time.monotonic() - began


def query(home: Path, statement: str) -> list[tuple[Any, ...]]:
    """Ask the running database."""
    with psycopg.connect(noted_services(home)["DATABASE_URL"]) as connection:
        return connection.execute(statement).fetchall()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rounds and print what each has measured."""
    parser = argparse.ArgumentParser(description="Start and kill the product, over and over.")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="spm-kills-") as scratch:
        run(options.home or Path(scratch) / "home", options.rounds)
    return 0


def run(home: Path, rounds: int) -> None:
    """Run the rounds in one home, then start once more and look at everything."""
    expected: set[str] = set()
    for turn in range(rounds):
        done = one_round(home, turn, expected)
        expected |= done.acknowledged
        print(
            f"{turn + 1:3}  up after {done.started_seconds:4.1f} s  "
            f"{len(done.acknowledged):5} pieces of evidence  killed {done.killed}, "
            f"nothing left after {done.gone_seconds:4.2f} s",
            flush=True,
        )
    last = Product(home)
    try:
        last.wait_until_ready()
        check(home, expected)
        paid = seconds_until_debts_are_paid(home)
        check(home, expected)
        stopped = last.stop()
    finally:
        last.end()
    print(
        f"{len(expected)} acknowledged, none lost; recomputed within {paid:.1f} s of the last "
        f"start; verified; stopped within {stopped:.1f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
