"""Twenty starts and hard kills in a row: nothing survives, nothing acknowledged is lost.

    python -m bench.hard_kills [--rounds 20] [--home DIRECTORY]

In each round everything is started, four writers commit rows as the runtime role, and in the
midst of that processes are killed with SIGKILL: by turns the supervisor alone, the supervisor
together with PostgreSQL, and every process at once. The next start must come up by itself, hold
every row that was acknowledged, and pass `manage.py verify`.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.product import PROJECT, Product, environment, gone
from spm.embedded.processes import Identity

WRITERS = 4
WRITING_SECONDS = 0.5
TABLE = "hard_kills"


@dataclass(frozen=True)
class Round:
    """What one round measured."""

    killed: str
    started_seconds: float
    gone_seconds: float
    acknowledged: int


class Writers:
    """Threads that commit rows one by one and remember which were acknowledged."""

    def __init__(self, urls: dict[str, str]) -> None:
        """Make the table as the owner, and see what is in it."""
        self.url = urls["DATABASE_URL"]
        self.acknowledged: list[int] = []
        with psycopg.connect(urls["DATABASE_OWNER_URL"], autocommit=True) as owner:
            owner.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} (id bigserial PRIMARY KEY)")
            owner.execute(f"GRANT SELECT, INSERT ON {TABLE} TO spm")
            owner.execute(f"GRANT USAGE ON SEQUENCE {TABLE}_id_seq TO spm")
            rows = owner.execute(f"SELECT id FROM {TABLE}").fetchall()
        self.present = {int(row[0]) for row in rows}
        self.threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]

    def begin(self) -> None:
        """Begin to write."""
        for thread in self.threads:
            thread.start()

    def _write(self) -> None:
        try:
            with psycopg.connect(self.url, autocommit=True) as connection:
                while True:
                    row = connection.execute(
                        f"INSERT INTO {TABLE} DEFAULT VALUES RETURNING id"
                    ).fetchone()
                    assert row is not None
                    self.acknowledged.append(row[0])
        except psycopg.Error:
            return  # the kill

    def end(self) -> list[int]:
        """Wait until the kill has ended them all; the acknowledged rows."""
        for thread in self.threads:
            thread.join()
        return self.acknowledged


def victims(product: Product, turn: int) -> tuple[str, list[Identity]]:
    """Who is killed in this turn."""
    running = product.running
    if turn % 3 == 0:
        return "the supervisor", [running.supervisor]
    if turn % 3 == 1:
        both = [running.supervisor, running.parts["postgresql"]]
        return "the supervisor and PostgreSQL", both
    return "everything", product.everything()


def one_round(home: Path, turn: int, expected: set[int]) -> Round:
    """Start, check what must be there, write, kill.

    Args:
        home: the home of all rounds.
        turn: number of the round, which decides whom to kill.
        expected: rows acknowledged so far; this round's are added.

    Raises:
        RuntimeError: if it does not come up, does not verify, or has lost a row.
    """
    product = Product(home, "--no-demo")
    try:
        started = product.wait_until_ready()
        writers = Writers(_urls(product))
        if lost := expected - writers.present:
            raise RuntimeError(f"{len(lost)} acknowledged rows are lost")
        verify(home)
        writers.begin()
        time.sleep(WRITING_SECONDS)
        name, seconds = kill(product, turn)
    finally:
        product.process.kill()
    acknowledged = writers.end()
    expected.update(acknowledged)
    return Round(name, started, seconds, len(acknowledged))


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


def verify(home: Path) -> None:
    """Run `manage.py verify` against the running database.

    Raises:
        RuntimeError: with what it said, if it found anything.
    """
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


def _urls(product: Product) -> dict[str, str]:
    lines = product.home.services_file.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rounds and print what each has measured."""
    parser = argparse.ArgumentParser(description="Start and kill the product, over and over.")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args(arguments)
    expected: set[int] = set()
    with tempfile.TemporaryDirectory(prefix="spm-kills-") as scratch:
        home = options.home or Path(scratch) / "home"
        for turn in range(options.rounds):
            done = one_round(home, turn, expected)
            print(
                f"{turn + 1:3}  up after {done.started_seconds:4.1f} s  "
                f"{done.acknowledged:6} rows acknowledged  killed {done.killed}  "
                f"nothing left after {done.gone_seconds:4.2f} s",
                flush=True,
            )
        last = Product(home, "--no-demo")
        last.wait_until_ready()
        lost = expected - Writers(_urls(last)).present
        verify(home)
        print(f"stopped after {last.stop():.1f} s; {len(expected)} acknowledged, {len(lost)} lost")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
