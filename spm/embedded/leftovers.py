"""The list of what runs in a home, and ending what a killed supervisor left behind."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import asdict, dataclass, field

from spm.embedded.home import Home, write_private
from spm.embedded.processes import Identity, end

# PostgreSQL takes SIGINT as "fast shutdown" and SIGTERM as "wait for everybody to leave".
STEPS = ((signal.SIGINT, 3.0), (signal.SIGKILL, 3.0))


@dataclass
class Running:
    """What runs in a home: the supervisor, its address, and its parts by name."""

    supervisor: Identity
    address: str = ""
    parts: dict[str, Identity] = field(default_factory=dict)

    def write(self, home: Home) -> None:
        """Put the list on disk, before anything else can go wrong."""
        write_private(home.state_file, json.dumps(asdict(self), indent=1) + "\n")


def read(home: Home) -> Running | None:
    """The list as the last supervisor left it; none if there is none or it cannot be read."""
    try:
        data = json.loads(home.state_file.read_text("utf-8"))
        return Running(
            supervisor=Identity(**data["supervisor"]),
            address=data["address"],
            parts={name: Identity(**part) for name, part in data["parts"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def end_leftovers(home: Home) -> list[str]:
    """End what the last supervisor of this home left running; its pids alone prove nothing.

    Call this only with the home's lock, that is when the last supervisor is known to be gone.

    Returns:
        The names of the parts that were found alive.
    """
    running = read(home)
    if running is None:
        return []
    found = {name: part for name, part in running.parts.items() if part.alive()}
    mine = os.getpid()
    end([part for part in found.values() if part.pid != mine], STEPS)
    return sorted(found)
