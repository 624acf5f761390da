"""The processes that tests run beside themselves: a worker and a site, on the test servers."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from spm.embedded.processes import start

START_WITHIN_SECONDS = 30.0
WORKER = "-m celery -A spm.celery:app worker --pool threads --concurrency 2 --loglevel INFO"


@dataclass(frozen=True)
class Site:
    """A site that browsers and clients can talk to."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path


@contextmanager
def running_site(directory: Path) -> Iterator[Site]:
    """Serve `spm.asgi` from a process of its own, on a free port of the loopback."""
    log = directory / "site.log"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        process = start(
            [sys.executable, "-m", "spm.embedded.serve", "--fd", str(listener.fileno())],
            log=log,
            death_signal=signal.SIGKILL,
            environment=_environment(),
            descriptors=[listener.fileno()],
        )
        try:
            _wait(process, log, lambda: _answers(f"{url}/healthz"))
            yield Site(url, process, log)
        finally:
            _stop(process)


@contextmanager
def running_worker(directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Celery worker as `up` does."""
    log = directory / "worker.log"
    process = start(
        [sys.executable, *WORKER.split()],
        log=log,
        death_signal=signal.SIGKILL,
        environment=_environment(),
    )
    try:
        _wait(process, log, lambda: b"ready" in log.read_bytes())
        yield process
    finally:
        _stop(process)


def _environment() -> dict[str, str]:
    return dict(os.environ) | {"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONWARNINGS": ""}


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _wait(process: subprocess.Popen[bytes], log: Path, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_WITHIN_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"did not start:\n{log.read_text()[-3000:]}")
        time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
