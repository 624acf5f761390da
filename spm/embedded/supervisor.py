"""Keeping every part up, and stopping them in order."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Protocol

from spm.embedded.home import EmbeddedError
from spm.embedded.parts import Ours
from spm.embedded.processes import LINUX, Identity, start
from spm.embedded.services import EmbeddedServices

GUARD = ("-m", "spm.embedded.guard")
FIRST_DELAY_SECONDS = 0.25
LONGEST_DELAY_SECONDS = 15.0
STEADY_AFTER_SECONDS = 30.0
# What each part is given to stop by itself; together with PostgreSQL's and Valkey's own less
# than ten seconds.
WEB_SECONDS, BEAT_SECONDS, WORKER_SECONDS = 2.5, 0.7, 2.5

Say = Callable[[str], None]


class Part(Protocol):
    """Something that is kept running: a server of ours or a process with our code."""

    name: str
    process: subprocess.Popen[bytes] | None

    def prepare(self) -> None:
        """Put in order what a start needs."""

    def start(self) -> Identity:
        """Start it."""


@dataclass
class Watched:
    """A part with the history of its crashes."""

    part: Part
    started_at: float = 0.0
    crashes: int = 0
    start_at: float | None = None  # when it is to be started again; none while it runs

    def delay_after_crash(self, now: float) -> float:
        """Seconds to wait before the next start: doubling, and short again once it was steady."""
        if now - self.started_at > STEADY_AFTER_SECONDS:
            self.crashes = 0
        self.crashes += 1
        return min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2.0 ** (self.crashes - 1))


class Supervisor:
    """Runs the parts of one home until it is told to stop."""

    def __init__(self, services: EmbeddedServices, ours: Ours, say: Say) -> None:
        """Describe what is to be kept up.

        Args:
            services: the embedded servers, started already.
            ours: the parts with our own code, not started yet.
            say: takes one line for the operator.
        """
        self.services = services
        self.ours = ours
        self.say = say
        self._guard_pipe: int | None = None
        now = time.monotonic()
        own = [ours.worker, ours.beat, *ours.web]
        self.watched = [Watched(part, now) for part in services.parts]
        self.watched += [Watched(part, now, start_at=now) for part in own]

    def run(self, stop: StopSignal, announce: Callable[[], bool]) -> None:
        """Start everything, keep it up until asked to stop, then stop it in order.

        Args:
            stop: says when.
            announce: called over and over until it returns true, to tell when the site answers.
        """
        announced = False
        try:
            self._start_guard()
            while not stop.asked:
                self.tend(time.monotonic())
                announced = announced or announce()
                stop.wait(self._seconds_to_next(time.monotonic()) if announced else 0.05)
            self.say("Stopping ...")
        finally:
            self.stop()

    def tend(self, now: float) -> None:
        """Notice what has crashed, and start what is due."""
        for watched in self.watched:
            if watched.start_at is None and _has_ended(watched.part):
                self._note_crash(watched, now)
            if watched.start_at is not None and watched.start_at <= now:
                self._start(watched, now)

    def _note_crash(self, watched: Watched, now: float) -> None:
        process, delay = watched.part.process, watched.delay_after_crash(now)
        how = _how_it_ended(process.returncode if process else None)
        watched.start_at = now + delay
        log = self.services.home.log(watched.part.name)
        self.say(f"{watched.part.name} {how}; starting it again in {delay:g} s. Log: {log}")

    def _start(self, watched: Watched, now: float) -> None:
        try:
            watched.part.prepare()
            identity = watched.part.start()
        except (EmbeddedError, OSError) as error:
            delay = watched.delay_after_crash(now)
            watched.start_at = now + delay
            self.say(f"{watched.part.name}: {error} Trying again in {delay:g} s.")
            return
        watched.start_at, watched.started_at = None, now
        self.services.note(watched.part.name, identity)

    def _seconds_to_next(self, now: float) -> float:
        due = [watched.start_at - now for watched in self.watched if watched.start_at is not None]
        return max(0.0, min([*due, 60.0]))

    def _start_guard(self) -> None:
        """Where the kernel does not tie children to us, a process does; see `guard`."""
        if LINUX:
            return
        reading, self._guard_pipe = os.pipe()
        start(
            [sys.executable, *GUARD, os.fspath(self.services.home.path), "--fd", str(reading)],
            log=self.services.home.log("guard"),
            death_signal=signal.SIGKILL,
            descriptors=[reading],
        )
        os.close(reading)

    def stop(self) -> None:
        """Stop everything, those first who need the others: web, beat, worker; then the servers."""
        for group, seconds in (
            (self.ours.web, WEB_SECONDS),
            ((self.ours.beat,), BEAT_SECONDS),
            ((self.ours.worker,), WORKER_SECONDS),
        ):
            for part in group:
                part.ask_to_stop()
            deadline = time.monotonic() + seconds
            for part in group:
                part.stop(max(0.0, deadline - time.monotonic()))
        self.services.stop()
        if self._guard_pipe is not None:
            os.close(self._guard_pipe)


def _has_ended(part: Part) -> bool:
    return part.process is None or part.process.poll() is not None


def _how_it_ended(code: int | None) -> str:
    if code is None:
        return "is not running"
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


class StopSignal:
    """Ctrl-C, SIGTERM and SIGHUP as a question one can ask, and a sleep they interrupt.

    While `quiet` is false they raise `KeyboardInterrupt`, so that a start under way is abandoned.
    """

    def __init__(self) -> None:
        """Take the signals over."""
        self.asked = False
        self.quiet = False
        self._reading, self._writing = socket.socketpair()
        self._reading.setblocking(False)
        self._writing.setblocking(False)
        signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as it is under nohup
            signal.signal(signal.SIGHUP, self._on_signal)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)  # only to be woken by it

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        first, self.asked = not self.asked, True
        if first and not self.quiet:
            raise KeyboardInterrupt

    def wait(self, seconds: float) -> None:
        """Sleep until a signal comes or a child ends, but no longer than this."""
        if self.asked:
            return
        ready, _, _ = select.select([self._reading], [], [], seconds)
        if ready:
            with contextlib.suppress(BlockingIOError):
                self._reading.recv(4096)
