"""The whole product, started by `manage.py up` in a home of its own, to be tried and killed."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from spm.embedded.home import Home
from spm.embedded.leftovers import Running, read
from spm.embedded.processes import Identity

PROJECT = Path(__file__).resolve().parent.parent
READY = "Strategic portfolio office: "
START_WITHIN_SECONDS = 60.0


class Product:
    """One running `manage.py up`."""

    def __init__(
        self,
        home: Path,
        *options: str,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Start it, with these variables beside; it is not ready yet, see `wait_until_ready`."""
        self.home = Home(home)
        self.port = port or free_port()
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            command(*options, port=self.port),
            cwd=PROJECT,
            env=environment(home) | dict(settings or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said: list[str] = []

    def wait_until_ready(self) -> float:
        """Wait for the line that says so.

        Returns:
            The seconds since the start.
        """
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if line.startswith(READY):
                return time.monotonic() - self.started
        raise RuntimeError(f"it ended with {self.process.wait()}: {self.said}")

    @property
    def running(self) -> Running:
        """Its list of running processes."""
        running = read(self.home)
        assert running is not None
        return running

    def everything(self) -> list[Identity]:
        """Every process it consists of, the supervisor and PostgreSQL's many included."""
        known = [self.running.supervisor, *self.running.parts.values()]
        family = {pid for part in known for pid in descendants(part.pid)}
        return [identity for pid in family if (identity := Identity.of(pid))]

    def stop(self) -> float:
        """Ask it to stop.

        Returns:
            The seconds it took.
        """
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.rest()
        return time.monotonic() - began

    def rest(self) -> None:
        """Read what it still says, and wait for its end; once is enough."""
        assert self.process.stdout is not None
        if not self.process.stdout.closed:
            with self.process.stdout:
                self.said += [line.rstrip() for line in self.process.stdout]
        self.process.wait()

    def end(self) -> None:
        """End it the hard way if it still runs, so that nothing is left of a failed trial."""
        self.process.kill()
        self.rest()

    def answers(self) -> bool:
        """Whether the site answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.closing(connection):
            try:
                connection.request("GET", "/healthz")
                return connection.getresponse().read() == b"ok"
            except (OSError, http.client.HTTPException):
                return False


def command(*options: str, port: int) -> list[str]:
    """The command line of `manage.py up`."""
    return [sys.executable, "manage.py", "up", "--port", str(port), *options]


def environment(home: Path) -> dict[str, str]:
    """Our environment without anything that says where to run, and with this home."""
    names = ("SPM_", "DATABASE_", "REDIS_", "DJANGO_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(names)}
    return kept | {"SPM_HOME": str(home)}


@contextlib.contextmanager
def running(
    home: Path, *options: str, settings: Mapping[str, str] | None = None
) -> Iterator[Product]:
    """A product that is ready, and stopped in the end whatever happened."""
    product = Product(home, *options, settings=settings)
    try:
        product.wait_until_ready()
        yield product
    finally:
        if product.process.poll() is None:
            product.stop()


def gone(processes: list[Identity], seconds: float) -> bool:
    """Whether all of these end within some time."""
    deadline = time.monotonic() + seconds
    while any(process.alive() for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def descendants(pid: int) -> set[int]:
    """A process and all that came from it."""
    listing = subprocess.run(
        ["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    pairs = [line.split() for line in listing.splitlines()]
    parents = {int(child): int(parent) for child, parent in pairs}
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return family


def free_port() -> int:
    """A port of the loopback that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
