"""Two browsers on one board and a flaky line: random moves by each, and all end as one.

    python -m bench.two_browsers [--moves 500] [--seed 1] [--loses 0.2]

The long form of the test in ``tests/browser/test_live_board.py``, on servers of its own. Requests
are lost before and after they are served, live streams are cut every few seconds; in the end both
pages must show what the database says, and the journal must lead there without a gap.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # the browser keeps a loop in this thread

import django

django.setup()

from playwright.sync_api import sync_playwright  # noqa: E402

from bets.models import StageChange  # noqa: E402
from tests import chromium, running  # noqa: E402
from tests.browser import two_boards  # noqa: E402
from tests.database import migrate_as_owner  # noqa: E402
from tests.factories import make_member  # noqa: E402
from tests.flaky_line import FlakyLine  # noqa: E402

SECONDS_FOR_EACH_MOVE = 3.0
CATCH_UP_SECONDS = 30.0


def main() -> None:
    """Move about, compare, and print what happened."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moves", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--loses", type=float, default=0.2)
    wanted = parser.parse_args()
    migrate_as_owner()
    with (
        tempfile.TemporaryDirectory(prefix="spm-bench-") as directory,
        running.running_site(Path(directory)) as site,
    ):
        _move_about(site, wanted)


def _move_about(site: running.Site, wanted: argparse.Namespace) -> None:
    portfolio = two_boards.make_board()
    people = [make_member(portfolio, name=name) for name in ("Anna Lead", "Ben Other")]
    port = urlsplit(site.url).port or 0
    with (
        FlakyLine(port, loses=wanted.loses, seed=wanted.seed) as line,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=chromium.arguments()
        )
        boards = [two_boards.Board(browser, line.url, person) for person in people]
        began = time.monotonic()
        for number, board in enumerate(boards):
            board.move_about(wanted.moves, wanted.seed * 10 + number)
        two_boards.wait_until_over(boards, within=60 + wanted.moves * SECONDS_FOR_EACH_MOVE)
        took = time.monotonic() - began
        line.calm = True
        calm = time.monotonic()
        two_boards.wait_until_equal([board.page for board in boards], portfolio, CATCH_UP_SECONDS)
        caught_up = time.monotonic() - calm
        browser.close()
    broken = two_boards.broken_chains(portfolio)
    faults = [fault for board in boards for fault in board.faults]
    own = [said for board in boards for said in board.said if f"{board.person.name} moved" in said]
    assert not (broken or faults or own), (broken, faults, own)
    made = StageChange.objects.filter(bet__portfolio=portfolio).count()
    conflicts = sum("That is where it is now" in said for board in boards for said in board.said)
    happened = ", ".join(f"{count} {fate}" for fate, count in sorted(line.happened.items()))
    print(f"2 browsers, {wanted.moves} moves tried by each in {took:.0f} s, {made} made")
    print(f"requests: {happened}; told that somebody else was first: {conflicts}")
    print(f"both as the database {caught_up:.1f} s after the line was calm, no move made twice")
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
