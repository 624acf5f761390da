"""The embedded Valkey: the bell that wakes workers, the live channel and the cache.

It may forget everything: what is owed stands in PostgreSQL. So it writes nothing to disk.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from spm.embedded import binaries
from spm.embedded.home import EmbeddedError, Home, write_private
from spm.embedded.processes import Identity, start

READY_WITHIN_SECONDS = 10.0


class Valkey:
    """A private Valkey server in a home."""

    name = "valkey"

    def __init__(self, home: Home) -> None:
        """Describe the server; nothing is started yet."""
        self.home = home
        self.directory = home.path / self.name
        self.socket = home.socket_directory() / self.name / "valkey.sock"
        self.process: subprocess.Popen[bytes] | None = None
        self._program: Path | None = None

    @property
    def url(self) -> str:
        """URL of its database 0."""
        password = self.home.secret("password-valkey")
        return f"unix://{quote(os.fspath(self.socket))}?db=0&password={password}"

    def prepare(self) -> None:
        """Write its configuration; the password stands there and not among the arguments."""
        self._program = binaries.valkey_server()
        self.directory.mkdir(mode=0o700, exist_ok=True)
        self.socket.parent.mkdir(mode=0o700, exist_ok=True)
        settings = (
            "port 0",
            f'unixsocket "{self.socket}"',
            "unixsocketperm 700",
            f"requirepass {self.home.secret('password-valkey')}",
            "maxmemory 256mb",
            "maxmemory-policy noeviction",
            'save ""',
            "appendonly no",
            "daemonize no",
            "databases 4",
        )
        write_private(self.directory / "valkey.conf", "\n".join(settings) + "\n")

    def start(self) -> Identity:
        """Start the server process; it is not ready yet, see `wait`."""
        assert self._program is not None
        self.process = start(
            [os.fspath(self._program), os.fspath(self.directory / "valkey.conf")],
            log=self.home.log(self.name),
            death_signal=signal.SIGKILL,
            directory=self.directory,
        )
        identity = Identity.of(self.process.pid)
        if identity is None:
            raise EmbeddedError(f"Valkey did not start: see {self.home.log(self.name)}")
        return identity

    def wait(self) -> None:
        """Wait until the server answers.

        Raises:
            EmbeddedError: if it ends instead, or does not answer in time.
        """
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while not self._answers():
            ended = self.process is None or self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                raise EmbeddedError(f"Valkey did not start: see {self.home.log(self.name)}")
            time.sleep(0.01)

    def _answers(self) -> bool:
        """Whether it answers to its password (a plain socket, so that no client is loaded)."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1.0)
                connection.connect(os.fspath(self.socket))
                password = self.home.secret("password-valkey")
                connection.sendall(f"AUTH {password}\r\n".encode())
                return connection.recv(64).startswith(b"+OK")
        except OSError:
            return False

    def stop(self, seconds: float = 0.5) -> None:
        """Stop the server."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
