"""The directory everything of one installation lives in."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from spm.embedded.noted import SERVICES_FILE

SOCKET_PATH_LIMIT = 100  # bytes; the kernels stop at 107 (Linux) and 103 (macOS)
LONGEST_SOCKET_NAME = "/postgresql/.s.PGSQL.5432.lock"
ROTATE_LOGS_ABOVE_BYTES = 20_000_000


class EmbeddedError(Exception):
    """Something the operator can put right; the message is one line and says how."""


class Home:
    """One installation's directory: data, logs, secrets and the lock that keeps it to one `up`.

    Everything in it belongs to the user who started it and to nobody else (mode 0700).
    """

    def __init__(self, path: Path | str) -> None:
        """Point at a home; nothing is created before `prepare`."""
        self.path = Path(path).expanduser().absolute()
        self._lock_descriptor: int | None = None

    @property
    def logs(self) -> Path:
        """The directory of the log files, one for each part."""
        return self.path / "log"

    @property
    def state_file(self) -> Path:
        """The list of running processes, see `leftovers`."""
        return self.path / "running.json"

    @property
    def services_file(self) -> Path:
        """Lines `NAME=value` (mode 0600) with the URLs of the embedded services.

        Other commands (`manage.py verify` beside a running `up`) read the URLs from here.
        """
        return self.path / SERVICES_FILE

    def prepare(self) -> None:
        """Create the directory.

        Raises:
            EmbeddedError: if it cannot be created or written to.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._check_owner()
            self.path.chmod(0o700)
            self.logs.mkdir(mode=0o700, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path):
                pass
        except OSError as error:
            raise EmbeddedError(
                f"Cannot write to {self.path} ({error.strerror}): "
                "set SPM_HOME to a directory that you may write to."
            ) from error

    def _check_owner(self) -> None:
        owner = self.path.stat().st_uid
        if owner != os.geteuid():
            raise EmbeddedError(
                f"{self.path} belongs to user {owner}, not to you ({os.geteuid()}): "
                "start as that user, or set SPM_HOME to a directory of your own."
            )

    def lock(self) -> bool:
        """Take the lock that only one process at a time can hold; false if another has it.

        The kernel lets go of it when the process ends, however it ends.
        """
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._lock_descriptor = descriptor
        return True

    def unlock(self) -> None:
        """Let go of the lock."""
        if self._lock_descriptor is not None:
            os.close(self._lock_descriptor)
            self._lock_descriptor = None

    def secret(self, name: str) -> str:
        """Read a secret of this home, made from the system's random source the first time.

        Args:
            name: the file's name; it has mode 0600 from its first moment.
        """
        file = self.path / name
        if file.exists() and (kept := file.read_text("ascii").strip()):
            return kept
        value = secrets.token_urlsafe(48)
        write_private(file, value + "\n")
        return value

    def write_services(self, urls: Mapping[str, str]) -> None:
        """Note the services' URLs for other commands in this home."""
        write_private(self.services_file, "".join(f"{k}={v}\n" for k, v in urls.items()))

    def log(self, name: str) -> Path:
        """The log file of one part; one that has grown large is set aside first."""
        file = self.logs / f"{name}.log"
        if file.exists() and file.stat().st_size > ROTATE_LOGS_ABOVE_BYTES:
            file.replace(file.with_suffix(".log.1"))
        return file

    def socket_directory(self) -> Path:
        """The short private directory for this home's sockets, created if need be.

        A socket's whole path ends at 107 bytes, which a home's own path easily exceeds; the name
        is derived from the home's path, so that it is the same after every start.

        Raises:
            EmbeddedError: if there is no short directory to be had.
        """
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        name = f"spm-{os.geteuid()}-{digest}"
        reasons = []
        for base in ("/tmp", os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir()):
            directory = Path(base) / name
            if (
                not base
                or len(os.fsencode(f"{directory}{LONGEST_SOCKET_NAME}")) > SOCKET_PATH_LIMIT
            ):
                continue
            try:
                return private_directory(directory)
            except OSError as error:
                reasons.append(f"{directory}: {error.strerror}")
        raise EmbeddedError(
            f"No short directory for the sockets ({'; '.join(reasons)}): "
            "make /tmp writable or set XDG_RUNTIME_DIR to a short path."
        )

    def remove_socket_directory(self) -> None:
        """Take the sockets' directory away after a clean stop."""
        shutil.rmtree(self.socket_directory(), ignore_errors=True)


def private_directory(directory: Path) -> Path:
    """Create a directory that is ours alone, or take the one that already is.

    Root's may be passed through by others, since PostgreSQL then runs as another user and has its
    own private directory inside.

    Raises:
        PermissionError: if someone else was there first.
    """
    mode = 0o711 if os.geteuid() == 0 else 0o700
    directory.mkdir(mode=mode, exist_ok=True)
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise PermissionError(1, "it belongs to someone else", str(directory))
    directory.chmod(mode)
    return directory


def write_private(file: Path, text: str) -> None:
    """Write a file of mode 0600 in one step: readers see the old text or the new one."""
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:  # mkstemp makes it 0600
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    Path(temporary).replace(file)
