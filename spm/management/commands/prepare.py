"""`manage.py prepare`: bring the database and the static files up to this version."""

import hashlib
from argparse import ArgumentParser
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand

from spm.embedded.home import write_private


class Command(BaseCommand):
    """Migrate as the owner, collect static files if they have changed, load the demo if asked."""

    help = "Migrate (as the owner role), collect static files, and with --demo load the demo."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--demo",
            type=Path,
            metavar="FILE",
            help="load the demo portfolio too and write its sign-ins into FILE",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what is needed; doing it again changes nothing."""
        call_command("migrate", database="owner", interactive=False, verbosity=1)
        collect_static_files()
        if options["demo"] and "demo" in get_commands():
            said = StringIO()
            call_command("demo", stdout=said)
            write_private(options["demo"], said.getvalue())


def collect_static_files() -> None:
    """Collect and compress the static files, unless that was done for these very files."""
    mark = Path(settings.STATIC_ROOT) / ".collected"
    fingerprint = _fingerprint()
    if mark.exists() and mark.read_text() == fingerprint:
        return
    call_command("collectstatic", interactive=False, clear=mark.exists(), verbosity=0)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(fingerprint)


def _fingerprint() -> str:
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
