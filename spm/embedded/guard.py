"""Ends everything when the supervisor dies, where the system itself cannot see to that.

    python -m spm.embedded.guard HOME --fd 5

Linux signals a child whose parent dies; elsewhere this small process holds the reading end of a
pipe whose writing end is the supervisor's alone. The pipe ends with the supervisor, however it
ends, and then whatever is on the home's list of running processes is ended.
"""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Sequence

from spm.embedded.home import Home
from spm.embedded.leftovers import end_leftovers


def main(arguments: Sequence[str] | None = None) -> None:
    """Wait for the supervisor's end, then clear up."""
    parser = argparse.ArgumentParser(description="End what a killed supervisor leaves.")
    parser.add_argument("home", help="the home whose processes are guarded")
    parser.add_argument("--fd", type=int, required=True, help="the pipe's reading end")
    options = parser.parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(options.fd, 1):
        pass
    end_leftovers(Home(options.home))


if __name__ == "__main__":
    main()
