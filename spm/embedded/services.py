"""The embedded PostgreSQL and Valkey together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from spm.embedded import leftovers
from spm.embedded.home import EmbeddedError, Home
from spm.embedded.postgresql import PostgreSQL
from spm.embedded.processes import Identity
from spm.embedded.valkey import Valkey


class EmbeddedServices:
    """PostgreSQL and Valkey in a home, both or one of them; a context manager.

    with EmbeddedServices("/some/directory") as services:
        os.environ.update(services.urls)
    """

    def __init__(
        self,
        home: Home | Path | str,
        *,
        given: Mapping[str, str] | None = None,
        disposable: bool = False,
    ) -> None:
        """Describe the services; nothing is started yet.

        Args:
            home: the directory they live in.
            given: environment with `DATABASE_URL` or `REDIS_URL` if such a server exists already
                and must be used instead of our own.
            disposable: for tests, see `PostgreSQL`.
        """
        self.home = home if isinstance(home, Home) else Home(home)
        self.given = dict(given or {})
        self.disposable = disposable
        self.postgresql: PostgreSQL | None = None
        self.valkey: Valkey | None = None
        self.running = leftovers.Running(_myself())
        self._claimed = False

    @property
    def parts(self) -> list[PostgreSQL | Valkey]:
        """What we run, in the order of starting."""
        return [part for part in (self.postgresql, self.valkey) if part is not None]

    @property
    def urls(self) -> dict[str, str]:
        """`DATABASE_URL` (runtime role), `DATABASE_OWNER_URL` and `REDIS_URL`."""
        urls = {
            name: self.given[name]
            for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
            if self.given.get(name)
        }
        if self.postgresql:
            urls |= {
                "DATABASE_URL": self.postgresql.url,
                "DATABASE_OWNER_URL": self.postgresql.owner_url,
            }
        if self.valkey:
            urls["REDIS_URL"] = self.valkey.url
        return urls

    @property
    def newly_created(self) -> bool:
        """Whether this start has made the database."""
        return bool(self.postgresql and self.postgresql.newly_created)

    def claim(self) -> None:
        """Take the home for ourselves, and clear what a dead supervisor left in it.

        Raises:
            EmbeddedError: if it cannot be written to, or another process has it.
        """
        self.home.prepare()
        if not self.home.lock():
            raise EmbeddedError(already_running(self.home))
        self._claimed = True
        leftovers.end_leftovers(self.home)
        self.running.write(self.home)

    def start(self, address: str = "") -> None:
        """Start both and wait for them.

        Args:
            address: of the site that is going to use them, for whoever starts a second time.

        Raises:
            EmbeddedError: with one line on what to do.
        """
        if not self._claimed:
            self.claim()
        self.running.address = address
        try:
            self._describe()
            for part in self.parts:
                part.prepare()
                self.note(part.name, part.start())
            for part in self.parts:
                part.wait()
            self.home.write_services(self.urls)
        except BaseException:
            self.stop()
            raise

    def _describe(self) -> None:
        if not self.given.get("DATABASE_URL"):
            self.postgresql = PostgreSQL(self.home, disposable=self.disposable)
        if not self.given.get("REDIS_URL"):
            self.valkey = Valkey(self.home)

    def note(self, name: str, process: Identity) -> None:
        """Put a process on the list of what runs, for whoever must clear up after a kill."""
        self.running.parts[name] = process
        self.running.write(self.home)

    def forget(self, name: str) -> None:
        """Take a process that has done its work off the list."""
        self.running.parts.pop(name, None)
        self.running.write(self.home)

    def stop(self) -> None:
        """Stop both in order and let go of the home; once is enough."""
        if not self._claimed:
            return
        for part in reversed(self.parts):
            part.stop()
        if self.parts:
            self.home.remove_socket_directory()
        self.home.services_file.unlink(missing_ok=True)
        self.home.state_file.unlink(missing_ok=True)
        self._claimed = False
        self.home.unlock()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()


def already_running(home: Home) -> str:
    """The line for someone who starts a second time in the same home."""
    running = leftovers.read(home)
    if running is None:
        return f"Another start is under way in {home.path}: wait a moment and try again."
    where = f" at {running.address}" if running.address else ""
    return (
        f"Already running in {home.path} as pid {running.supervisor.pid}{where}: open that, stop "
        "it with Ctrl-C there, or set SPM_HOME to another directory."
    )


def _myself() -> Identity:
    myself = Identity.of(os.getpid())
    assert myself is not None
    return myself
