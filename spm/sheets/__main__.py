"""Takes a file apart in a process of its own: bytes on the standard input, JSON on the output.

    python -m spm.sheets < report.xlsx

Ends with 2 and one line where the file cannot be used. Memory and time are limited, since the
file comes from strangers.
"""

import json
import sys

from spm.sheets.grid import MOST_BYTES, read_grid
from spm.sheets.problems import Unusable

MOST_MEMORY = 1_500_000_000
MOST_SECONDS = 30


def _limit_ourselves() -> None:
    try:
        import resource
    except ImportError:  # not on this system: the caller's clock is what is left
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> int:
    """Read, take apart, write."""
    _limit_ourselves()
    try:
        grid = read_grid(sys.stdin.buffer.read(MOST_BYTES + 1))
    except Unusable as problem:
        print(problem, file=sys.stderr)
        return 2
    json.dump(grid.as_json(), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
