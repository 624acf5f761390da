"""`python -m allocation.engine < snapshot.json`: the solution as JSON on standard output.

Exit code 0 with a solution, 2 with one line on standard error for input that cannot be solved.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from allocation.engine.reading import SnapshotError, read_snapshot
from allocation.engine.solve import solve
from allocation.engine.study import study

BAD_INPUT = 2
FLAGS = {
    "levers": "what structural changes are worth, each solved again",
    "frontier": "the best objective for caps on turnover from 0 to 100 %% of the envelope",
    "robustness": "in how many of 10,000 futures the proposal beats doing nothing",
    "information": "what it is worth to know whether a hypothesis holds before deciding",
}


class _OneLineParser(argparse.ArgumentParser):
    """A parser that refuses what it does not know in one line."""

    def error(self, message: str) -> None:  # type: ignore[override]
        """End with exit code 2."""
        print(f"{self.prog}: {message}; run with --help for what there is", file=sys.stderr)
        raise SystemExit(BAD_INPUT)


def main(arguments: list[str] | None = None) -> int:
    """Read a snapshot from standard input, solve it, print the solution; returns the exit code."""
    parser = _OneLineParser(
        prog="python -m allocation.engine",
        description="Work out the best allocation for the snapshot (JSON) on standard input.",
        allow_abbrev=False,
    )
    for name, says in FLAGS.items():
        parser.add_argument(f"--{name}", action="store_true", help=f"add {says}")
    wanted = [name for name, given in vars(parser.parse_args(arguments)).items() if given]
    try:
        snapshot = read_snapshot(sys.stdin.buffer.read())
    except SnapshotError as fault:
        print(fault, file=sys.stderr)
        return BAD_INPUT
    with _nothing_else_on_standard_output():
        solution = solve(snapshot)
        document = solution.as_dict()
        if wanted and solution.status != "infeasible":
            working = {bet: held.working for bet, held in solution.positions.items()}
            document |= study(snapshot, working, wanted)
    json.dump(document, sys.stdout, indent=2)
    print()
    return 0


@contextmanager
def _nothing_else_on_standard_output() -> Iterator[None]:
    """Send to standard error what the solver prints by itself now and then, log or no log."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        ctypes.CDLL(None).fflush(None)
        os.dup2(kept, 1)
        os.close(kept)


if __name__ == "__main__":
    raise SystemExit(main())
