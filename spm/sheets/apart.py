"""Taking a stranger's file apart at arm's length: in a process that may run out of memory or time
without anybody else noticing.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from spm.sheets.grid import Grid
from spm.sheets.problems import Unusable

ROOT = Path(__file__).resolve().parents[2]
MOST_SECONDS = 60
_OVER_THE_LIMITS = (
    "The file could not be taken apart within the limits of memory and time: it unpacks to far "
    "more than it seems. Save the table alone as CSV."
)


def read_apart(content: bytes) -> Grid:
    """``read_grid`` in a process of its own.

    Raises:
        Unusable: the file cannot be used, or takes more memory or time than it may.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "spm.sheets"],
            input=content,
            capture_output=True,
            cwd=ROOT,
            # Nothing of ours: it needs no secret to read a table.
            env={"PATH": os.environ.get("PATH", ""), "PYTHONUTF8": "1"},
            timeout=MOST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        raise Unusable(_OVER_THE_LIMITS) from expired
    if done.returncode == 2:
        raise Unusable(done.stderr.decode(errors="replace").strip())
    if done.returncode != 0:
        raise Unusable(_OVER_THE_LIMITS)
    return Grid.from_json(json.loads(done.stdout))
