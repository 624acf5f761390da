"""Starting processes that do not outlive us, and telling them from their namesakes."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LINUX = sys.platform.startswith("linux")
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if LINUX else None


@dataclass(frozen=True)
class Identity:
    """A process beyond doubt: pids are used again, a pid with its start time is not."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        """The process that has this pid now; none if there is none (a zombie counts as none)."""
        started = _started_linux(pid) if LINUX else _started_ps(pid)
        return cls(pid, started) if started else None

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return Identity.of(self.pid) == self

    def signal(self, number: int) -> None:
        """Send a signal, unless the process is gone and its pid perhaps someone else's."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, number)


def _started_linux(pid: int) -> str:
    """Clock ticks since boot, with the boot's own name: unaffected by the wall clock."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
    except OSError:
        return ""
    state, ticks = fields[0], fields[19]
    return "" if state in "ZX" else f"{boot}-{ticks}"


def _started_ps(pid: int) -> str:
    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = answer.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else started.strip()


def end(processes: Sequence[Identity], steps: Sequence[tuple[int, float]]) -> list[Identity]:
    """End processes with ever stronger signals.

    Args:
        processes: whom to end.
        steps: pairs of a signal and the seconds it is given.

    Returns:
        Those that are still there.
    """
    for number, seconds in steps:
        for process in processes:
            process.signal(number)
        deadline = time.monotonic() + seconds
        while any(p.alive() for p in processes) and time.monotonic() < deadline:
            time.sleep(0.02)
    return [process for process in processes if process.alive()]


@dataclass(frozen=True)
class Account:
    """The unprivileged user that a program runs as when we are root."""

    uid: int
    gid: int


def start(
    command: Sequence[str],
    *,
    log: Path,
    death_signal: int,
    environment: Mapping[str, str] | None = None,
    account: Account | None = None,
    directory: Path | None = None,
    descriptors: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a process that is signalled by the kernel (Linux) when we die.

    It gets a session of its own, so that a Ctrl-C in our terminal reaches us alone and we stop
    everything in order.

    Args:
        command: program and arguments.
        log: where its output is appended.
        death_signal: what it receives when we die.
        environment: variables; ours if none are given.
        account: whom it runs as; whoever we are if none is given.
        directory: where it works; entered before the account is changed, so the account need not
            be able to reach it by its path.
        descriptors: open files it inherits.
    """
    with log.open("ab") as output, warnings.catch_warnings():
        # Forking beside threads is warned of since Python 3.12. The supervisor has none, and
        # what tests run in the child before the program takes over touches no lock.
        warnings.simplefilter("ignore", DeprecationWarning)
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if environment is None else dict(environment),
            cwd=directory,
            start_new_session=True,
            pass_fds=tuple(descriptors),
            preexec_fn=_tie_to_parent(death_signal),
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )


def _tie_to_parent(death_signal: int) -> Callable[[], None] | None:
    """What the child does before it becomes the program.

    It runs after the change of account, which would undo it. A parent that died in between is
    noticed by its pid.
    """
    if _libc is None:
        return None
    parent, prctl = os.getpid(), _libc.prctl

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return tie
