"""The parts of the product itself: the processes that run our own code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spm.embedded.home import EmbeddedError, Home
from spm.embedded.processes import Identity, start

PROJECT = Path(__file__).resolve().parent.parent.parent
CELERY = ("-m", "celery", "-A", "spm.celery:app")
WORKER_THREADS = 2
WEB_PROCESSES = 2


class PythonPart:
    """A process running a module of ours, started and stopped like the embedded servers."""

    def __init__(
        self,
        home: Home,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        descriptors: Sequence[int] = (),
    ) -> None:
        """Describe the process; nothing is started yet.

        Args:
            home: where its log lies.
            name: what it is called in messages and logs.
            arguments: for the Python interpreter.
            environment: all its variables.
            descriptors: open files it inherits.
        """
        self.home = home
        self.name = name
        self.arguments = tuple(arguments)
        self.environment = dict(environment)
        self.descriptors = tuple(descriptors)
        self.process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Nothing needs to be put in order before a start."""

    def start(self) -> Identity:
        """Start it."""
        self.process = start(
            [sys.executable, *self.arguments],
            log=self.home.log(self.name),
            death_signal=signal.SIGKILL,
            environment=self.environment,
            directory=PROJECT,
            descriptors=self.descriptors,
        )
        identity = Identity.of(self.process.pid)
        if identity is None:
            raise EmbeddedError(f"{self.name} did not start: see {self.home.log(self.name)}")
        return identity

    def ask_to_stop(self) -> None:
        """Ask it to finish what it is doing and go."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def stop(self, seconds: float = 0.0) -> None:
        """Ask it to stop, and end it when it takes longer than it may."""
        if self.process is None:
            return
        self.ask_to_stop()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


@dataclass(frozen=True)
class Ours:
    """The parts that run our own code, in the order of starting."""

    worker: PythonPart
    beat: PythonPart
    web: tuple[PythonPart, ...]


def our_parts(home: Home, urls: Mapping[str, str], listener: int) -> Ours:
    """Describe a worker, beat and the web processes.

    Args:
        home: the home they run in.
        urls: addresses of PostgreSQL and Valkey.
        listener: descriptor of the listening socket the web processes share.
    """
    environment = environment_of(home, urls)
    worker = (*CELERY, "worker", "--pool", "threads", "--concurrency", str(WORKER_THREADS))
    quiet = ("--without-gossip", "--without-mingle", "--loglevel", "INFO")
    schedule = home.path / "beat"
    schedule.mkdir(mode=0o700, exist_ok=True)
    beat = (*CELERY, "beat", "--schedule", os.fspath(schedule / "schedule"), "--pidfile", "")
    serve = ("-m", "spm.embedded.serve", "--fd", str(listener))
    return Ours(
        worker=PythonPart(home, "worker", (*worker, *quiet), environment),
        beat=PythonPart(home, "beat", (*beat, "--loglevel", "INFO"), environment),
        web=tuple(
            PythonPart(home, f"web-{number}", serve, environment, (listener,))
            for number in range(1, WEB_PROCESSES + 1)
        ),
    )


def environment_of(home: Home, urls: Mapping[str, str]) -> dict[str, str]:
    """The environment that our processes are started with."""
    return {
        **os.environ,
        **urls,
        "SPM_HOME": os.fspath(home.path),
        "DJANGO_SETTINGS_MODULE": "spm.settings",
        "PYTHONUNBUFFERED": "1",
    }
