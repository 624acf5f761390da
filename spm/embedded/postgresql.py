"""The embedded PostgreSQL: one cluster, one database, two roles.

The superuser exists for the set-up alone. `spm_owner` owns the database and migrates it; `spm`
serves every request and task and owns nothing, so that what is append-only stays so whatever
the code above does.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from spm.embedded import binaries
from spm.embedded.home import EmbeddedError, Home, write_private
from spm.embedded.processes import LINUX, Account, Identity, end, start

DATABASE = "spm"
SUPERUSER = "postgres"
OWNER = "spm_owner"
RUNTIME = "spm"
PORT = 5432  # names the socket file; nothing listens on the network
READY_WITHIN_SECONDS = 30.0

# Modest, for a laptop; written into postgresql.conf once, where an operator may change them.
INITIAL_SETTINGS = {
    "shared_buffers": "64MB",
    "max_connections": "100",
    "max_wal_size": "256MB",
    "min_wal_size": "32MB",
    "autovacuum_max_workers": "2",
    "max_parallel_workers": "2",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# Set at each start, whatever postgresql.conf says.
DURABLE = {"fsync": "on", "full_page_writes": "on"}
DISPOSABLE = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
}


class PostgreSQL:
    """A private PostgreSQL server in a home."""

    name = "postgresql"

    def __init__(self, home: Home, *, disposable: bool = False) -> None:
        """Describe the server; nothing is started yet.

        Args:
            home: where its data, passwords and log lie.
            disposable: for tests: nothing is forced to disk, so a power cut would lose it, and
                the owner may create databases.
        """
        self.home = home
        self.data = home.path / self.name
        self.sockets = home.socket_directory() / self.name
        self.disposable = disposable
        self.process: subprocess.Popen[bytes] | None = None
        self.newly_created = False
        self._account: Account | None = None
        self._programs: Path | None = None

    @property
    def url(self) -> str:
        """URL for the role that serves requests and owns nothing."""
        return self._url(RUNTIME)

    @property
    def owner_url(self) -> str:
        """URL for the role that migrates."""
        return self._url(OWNER)

    def _url(self, role: str) -> str:
        password = self.home.secret(f"password-{role}")
        directory = quote(os.fspath(self.sockets), safe="/")
        return f"postgresql://{role}:{password}@/{DATABASE}?host={directory}&port={PORT}"

    def prepare(self) -> None:
        """Make the cluster the first time, and clear the way for a start.

        Raises:
            EmbeddedError: if the data are of another version, or someone else works in them.
        """
        self._account = self._choose_account()
        self._programs = binaries.reachable_programs(self._account)
        self._make_socket_directory()
        self._check_version()
        if not self.data.exists():
            self._create_cluster()
        self.clear_the_way()

    def _choose_account(self) -> Account | None:
        """Whoever owns the data, when we are root; nobody special otherwise."""
        if os.geteuid() != 0:
            return None
        if not LINUX:
            raise EmbeddedError(
                "PostgreSQL does not run as root on this system: "
                "start as an ordinary user, or set DATABASE_URL."
            )
        if self.data.exists():
            status = self.data.stat()
            return Account(status.st_uid, status.st_gid)
        return binaries.unprivileged_account()

    def _make_socket_directory(self) -> None:
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        if self._account:
            os.chown(self.sockets, self._account.uid, self._account.gid)

    def _check_version(self) -> None:
        file = self.data / "PG_VERSION"
        if not self.data.exists():
            return
        found = file.read_text("ascii").strip() if file.exists() else "an unknown version"
        if found != str(binaries.POSTGRESQL_MAJOR):
            raise EmbeddedError(
                f"{self.data} holds data of PostgreSQL {found}, this is PostgreSQL "
                f"{binaries.POSTGRESQL_MAJOR}: move it aside, or upgrade it with pg_upgrade "
                "(docs/deployment.md, 'Another PostgreSQL')."
            )

    def _create_cluster(self) -> None:
        """Run initdb beside the final place and rename, so that a kill leaves no half cluster."""
        assert self._programs is not None
        scratch = self.data.with_name(f"{self.name}.new")
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700)
        if self._account:
            os.chown(scratch, self._account.uid, self._account.gid)
        password_file = self.sockets / "initial-password"
        write_private(password_file, self.home.secret(f"password-{SUPERUSER}") + "\n")
        if self._account:
            os.chown(password_file, self._account.uid, self._account.gid)
        try:
            self._run_initdb(scratch, password_file)
        finally:
            password_file.unlink()
        scratch.rename(self.data)
        self.newly_created = True

    def _run_initdb(self, directory: Path, password_file: Path) -> None:
        assert self._programs is not None
        with tempfile.TemporaryDirectory(dir=self.sockets) as scratch:
            programs, environment = self._programs, dict(os.environ)
            uid = self._account.uid if self._account else os.geteuid()
            if not binaries.has_passwd_entry(uid):
                environment["LD_LIBRARY_PATH"] = binaries.library_path(programs)
                programs = binaries.initdb_without_passwd_entry(programs, Path(scratch))
            settings = [f"--set={name}={value}" for name, value in INITIAL_SETTINGS.items()]
            answer = subprocess.run(
                [
                    os.fspath(programs / "initdb"),
                    f"--pgdata={self._data_argument(directory)}",
                    f"--username={SUPERUSER}",
                    f"--pwfile={password_file}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    *(["--no-sync"] if self.disposable else []),
                    *settings,
                ],
                cwd=directory,
                env=environment,
                user=self._account.uid if self._account else None,
                group=self._account.gid if self._account else None,
                extra_groups=[] if self._account else None,
                capture_output=True,
                text=True,
                check=False,
            )
        if answer.returncode:
            log = self.home.log(self.name)
            log.write_text(answer.stdout + answer.stderr)
            lines = answer.stderr.strip().splitlines() or ["no reason given"]
            reason = next(
                (line for line in lines if "error" in line or "could not" in line), lines[0]
            )
            raise EmbeddedError(f"PostgreSQL could not create its data ({reason}): see {log}")

    def _data_argument(self, directory: Path) -> str:
        """How the data directory is named to the server, which is started inside it.

        Under another account its path may be out of reach (beneath /root, say), while the working
        directory it was born with is not.
        """
        return "/proc/self/cwd" if self._account else os.fspath(directory)

    def clear_the_way(self) -> None:
        """End a server of ours that outlived its supervisor, then drop its lock files.

        PostgreSQL believes a stale lock if the pid in it is in use again (even by a zombie), and
        would refuse to start. The files go only once no process works in the directory.

        Raises:
            EmbeddedError: if a server works there that is not ours or cannot be ended.
        """
        workers = list(self._working_here())
        foreign = [worker for worker, ours in workers if not ours]
        if foreign:
            raise EmbeddedError(
                f"Another PostgreSQL (pid {foreign[0].pid}) works in {self.data}: stop it first."
            )
        steps = ((signal.SIGINT, 3.0), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 2.0))
        if left := end([worker for worker, _ in workers], steps):
            raise EmbeddedError(
                f"An earlier PostgreSQL (pid {left[0].pid}) in {self.data} does not end: end it "
                "yourself, then start again."
            )
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for lock in self.sockets.glob(".s.PGSQL.*"):
            lock.unlink(missing_ok=True)

    def _working_here(self) -> Iterator[tuple[Identity, bool]]:
        """Processes that work in the data directory, and whether they were started by us.

        A server of ours names our sockets in its arguments. What a dead server leaves behind
        (its backends, orphaned for a moment) has no arguments to go by and counts as ours.
        """
        mark = os.fspath(self.sockets)
        for pid, arguments in _processes_in(self.data):
            identity = Identity.of(pid)
            if identity is not None:
                yield identity, mark in arguments or not arguments.startswith("/")

    def start(self) -> Identity:
        """Start the server process; it is not ready yet, see `wait`."""
        assert self._programs is not None
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": os.fspath(self.sockets),
            "unix_socket_permissions": "0700",
            "port": str(PORT),
            "password_encryption": "scram-sha-256",
            "synchronous_commit": "on",
            **(DISPOSABLE if self.disposable else DURABLE),
        }
        arguments = [part for item in settings.items() for part in ("-c", "=".join(item))]
        self.process = start(
            [
                os.fspath(self._programs / "postgres"),
                "-D",
                self._data_argument(self.data),
                *arguments,
            ],
            log=self.home.log(self.name),
            death_signal=signal.SIGINT,
            account=self._account,
            directory=self.data,
        )
        identity = Identity.of(self.process.pid)
        if identity is None:
            raise EmbeddedError(self._why_not())
        return identity

    def wait(self) -> None:
        """Wait until the server answers, and see to its roles and its database.

        Raises:
            EmbeddedError: if it ends instead, or does not answer in time.
        """
        with self._connect_when_ready() as connection:
            self._ensure_roles(connection)
        with self._connect(DATABASE) as connection:
            connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
            connection.execute(
                sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(sql.Identifier(RUNTIME))
            )

    def _connect_when_ready(self) -> psycopg.Connection[tuple[object, ...]]:
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while True:
            try:
                return self._connect("postgres")
            except psycopg.OperationalError as error:
                ended = self.process is None or self.process.poll() is not None
                if ended or time.monotonic() > deadline:
                    raise EmbeddedError(self._why_not()) from error
            time.sleep(0.02)

    def _connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=os.fspath(self.sockets),
            port=PORT,
            user=SUPERUSER,
            password=self.home.secret(f"password-{SUPERUSER}"),
            dbname=database,
            autocommit=True,
        )

    def _ensure_roles(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        """Bring roles and database to what they must be; the same on every start."""
        for role in (OWNER, RUNTIME):
            exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            verb = "ALTER" if exists.fetchone() else "CREATE"
            create_databases = "CREATEDB" if self.disposable and role == OWNER else "NOCREATEDB"
            connection.execute(
                sql.SQL(
                    "{} ROLE {} LOGIN NOSUPERUSER {} NOCREATEROLE NOBYPASSRLS PASSWORD {}"
                ).format(
                    sql.SQL(verb),
                    sql.Identifier(role),
                    sql.SQL(create_databases),
                    sql.Literal(self.home.secret(f"password-{role}")),
                )
            )
        if self.disposable:
            # Whoever empties it again has triggers set aside.
            connection.execute(
                sql.SQL("GRANT SET ON PARAMETER session_replication_role TO {}").format(
                    sql.Identifier(OWNER)
                )
            )
        exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if not exists.fetchone():
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(DATABASE), sql.Identifier(OWNER)
                )
            )
        connection.execute(
            sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(DATABASE))
        )
        connection.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                sql.Identifier(DATABASE), sql.Identifier(RUNTIME)
            )
        )

    def _why_not(self) -> str:
        log = self.home.log(self.name)
        lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
        reason = next((line for line in reversed(lines) if "FATAL:" in line), "FATAL: no answer")
        return f"PostgreSQL did not start ({reason.partition('FATAL:')[2].strip()}): see {log}"

    def stop(self, seconds: float = 2.0) -> None:
        """Stop fast and clean; when that takes too long, at once (it recovers by itself)."""
        if self.process is None:
            return
        for number, patience in ((signal.SIGINT, seconds), (signal.SIGQUIT, 0.5)):
            if self.process.poll() is None:
                self.process.send_signal(number)
            try:
                self.process.wait(patience)
                break
            except subprocess.TimeoutExpired:
                continue
        else:
            self.process.kill()
            self.process.wait()
        self.process = None


def _processes_in(directory: Path) -> Iterator[tuple[int, str]]:
    """Pids and command lines of the processes that work in a directory."""
    if not LINUX:
        yield from _processes_naming(directory)
        return
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if Path(os.readlink(entry / "cwd")) != directory:
                continue
            arguments = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:
            continue
        yield int(entry.name), os.fsdecode(arguments).strip()


def _processes_naming(directory: Path) -> Iterator[tuple[int, str]]:
    answer = subprocess.run(
        ["ps", "-axo", "pid=,command="], capture_output=True, text=True, check=False
    )
    for line in answer.stdout.splitlines():
        pid, _, arguments = line.strip().partition(" ")
        if f"-D {directory}" in arguments:
            yield int(pid), arguments.strip()
