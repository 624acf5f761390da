"""A cluster that is migrated already, kept in .pytest_cache: building the tables takes long.

It is made by the first test run and after each change of a migration, or ahead of it by
`python -m tests.prepared`; every later server of the tests starts as a copy of it.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spm.embedded.postgresql import SUPERUSER, PostgreSQL
from spm.embedded.services import EmbeddedServices

ROOT = Path(__file__).parent.parent
KEPT = ROOT / ".pytest_cache"
# What the tables and the cluster are made from.
MADE_FROM = ("*/migrations/*.py", "spm/*/migrations/*.py", "spm/embedded/*.py", "*.lock")
# The superuser's password stands in the cluster; the others are set anew at each start.
PASSWORD = f"password-{SUPERUSER}"


def prepared() -> Path:
    """The directory of the cluster, which is built first if nobody has yet."""
    kept = KEPT / f"migrated-{_digest()}"
    with _alone():
        if not kept.exists():
            for old in KEPT.glob("migrated-*"):
                shutil.rmtree(old)
            _prepare(kept)
    return kept


def put_prepared(home: Path) -> None:
    """Let the home start with the tables built."""
    kept = prepared()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copy2(kept / PASSWORD, home)
    _copy(kept / PostgreSQL.name, home / PostgreSQL.name)


@contextmanager
def _alone() -> Iterator[None]:
    KEPT.mkdir(exist_ok=True)
    with (KEPT / "migrated.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _digest() -> str:
    seen = hashlib.sha256()
    for pattern in MADE_FROM:
        for path in sorted(ROOT.glob(pattern)):
            seen.update(path.read_bytes())
    return seen.hexdigest()[:16]


def _prepare(kept: Path) -> None:
    """Build the tables in a home of their own, and keep its cluster, cleanly stopped."""
    scratch = kept.with_suffix(".new")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700)
    with tempfile.TemporaryDirectory(prefix="spm-test-") as directory:
        building = Path(directory)
        with EmbeddedServices(building, disposable=True) as services:
            _migrate(services)
        shutil.copy2(building / PASSWORD, scratch)
        _copy(building / PostgreSQL.name, scratch / PostgreSQL.name)
    scratch.rename(kept)


def _migrate(services: EmbeddedServices) -> None:
    secret = services.home.secret("secret-key")
    given = {"SPM_HOME": os.fspath(services.home.path), "SPM_SECRET_KEY": secret}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--database", "owner", "--verbosity", "0"],
        cwd=ROOT,
        env=dict(os.environ) | services.urls | given | {"DJANGO_SETTINGS_MODULE": "spm.settings"},
        check=True,
    )


def _copy(tree: Path, to: Path) -> None:
    """Copy a tree with its owner, whoever PostgreSQL runs as."""

    def copy(source: str, target: str) -> str:
        shutil.copy2(source, target)
        status = os.stat(source)
        os.chown(target, status.st_uid, status.st_gid)
        return target

    shutil.copytree(tree, to, copy_function=copy)
    for path in [tree, *(path for path in tree.rglob("*") if path.is_dir())]:
        status = path.stat()
        os.chown(to / path.relative_to(tree), status.st_uid, status.st_gid)


if __name__ == "__main__":
    prepared()
