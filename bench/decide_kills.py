"""Kill whoever books, at random moments: a decision and its transfers are both there, or neither.

    python -m bench.decide_kills [--rounds 40] [--seed 1]

In each round a process (`bench.decider`) draws up proposals and approves them one after the other,
and is killed with SIGKILL at a random moment after it has begun its first, second or third
approval. Afterwards every decision that it has acknowledged must be there, every decision that is
there must have its transfers, every proposal that counts as decided its decision, and the whole
must verify.
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
from collections.abc import Sequence
from pathlib import Path

import django

from bench.decider import DECIDING
from bench.product import PROJECT
from spm.embedded.services import EmbeddedServices

LONGEST_SECONDS = 1.0
MOST_DECISIONS = 3


def one_round(chance: random.Random) -> set[int]:
    """Let somebody decide, and kill them while they decide; the ids of what was acknowledged."""
    decider = subprocess.Popen(
        [sys.executable, "-m", "bench.decider"],
        cwd=PROJECT,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert decider.stdout is not None and decider.stderr is not None
    said: list[str] = []
    for _ in range(chance.randint(1, MOST_DECISIONS)):
        while line := decider.stdout.readline():
            said.append(line)
            if line.strip() == DECIDING:
                break
    time.sleep(chance.uniform(0.0, LONGEST_SECONDS))
    ended = decider.poll()
    decider.send_signal(signal.SIGKILL)
    rest, wrong = decider.communicate()
    if ended is not None:
        raise RuntimeError(f"it ended by itself: {wrong}")
    # A line that the kill has cut off names nothing.
    whole = [line for line in (*said, *rest.splitlines(keepends=True)) if line.endswith("\n")]
    return {int(line) for line in whole if line.strip() != DECIDING}


def check(acknowledged: set[int]) -> tuple[int, int]:
    """See that decisions and transfers belong together, and that everything ties out.

    Returns:
        How many decisions there are, and how many proposals were drawn up and not decided.

    Raises:
        RuntimeError: with what is missing or does not tie out.
    """
    from allocation.models import Decision, Proposal
    from allocation.verify import verify

    approved = Decision.objects.filter(kind=Decision.Kind.APPROVED)
    there = set(approved.values_list("pk", flat=True))
    booked = set(approved.filter(transfers__isnull=False).values_list("pk", flat=True))
    if lost := acknowledged - there:
        raise RuntimeError(f"acknowledged and lost: {sorted(lost)}")
    if there != booked:
        raise RuntimeError(f"decided and not booked: {sorted(there - booked)}")
    undecided = Proposal.objects.filter(status=Proposal.Status.APPROVED, decision=None)
    if undecided.exists():
        raise RuntimeError(f"closed as approved without a decision: {list(undecided)}")
    if findings := verify():
        raise RuntimeError(f"verify: {findings}")
    open_ = Proposal.objects.filter(status=Proposal.Status.OPEN, drawn_up_by__isnull=False)
    return len(there), open_.count()


def run(rounds: int, chance: random.Random) -> None:
    """Make the demo, then decide, kill and check, over and over."""
    from django.core.management import call_command

    from allocation.demo.make import make_demo

    call_command("migrate", database="owner", verbosity=0, interactive=False)
    make_demo()
    before, cut_off = check(set())
    acknowledged: set[int] = set()
    there = before
    for turn in range(rounds):
        acknowledged |= one_round(chance)
        there, cut_off = check(acknowledged)
        if (turn + 1) % 10 == 0:
            print(
                f"{turn + 1:4} kills  {there - before:5} decisions  {cut_off} cut off", flush=True
            )
    unheard = there - before - len(acknowledged)
    print(
        f"{rounds} kills: {len(acknowledged)} acknowledged, none lost; {unheard} committed and "
        f"never acknowledged; {cut_off} cut off before they were decided; all verified"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rounds on servers of their own."""
    parser = argparse.ArgumentParser(description="Kill whoever books, over and over.")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="spm-decide-") as scratch:
        home = Path(scratch) / "home"
        with EmbeddedServices(home) as services:
            os.environ.update(services.urls)
            os.environ |= {"SPM_HOME": str(home), "DJANGO_SETTINGS_MODULE": "spm.settings"}
            os.environ["SPM_SECRET_KEY"] = services.home.secret("secret-key")
            django.setup()
            run(options.rounds, random.Random(options.seed))
            close()
    return 0


def close() -> None:
    """Let go of the database before it is stopped."""
    from django.db import connections

    connections.close_all()


if __name__ == "__main__":
    sys.exit(main())
