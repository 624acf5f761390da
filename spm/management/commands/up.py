"""`manage.py up`: everything the product needs, started, watched and stopped together."""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Become the supervisor, which runs without Django and so in a tenth of the memory."""

    help = "Run everything: database, broker, worker, beat and site, until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options.

        Raises:
            CommandError: on a system that has no Unix signals.
        """
        if os.name != "posix":
            raise CommandError(
                "`up` runs on Linux and macOS: on Windows use WSL, or run the parts as "
                "docker-compose.yml does, with DATABASE_URL and REDIS_URL set."
            )
        from spm.embedded.up import add_arguments

        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Check the options by having parsed them, then hand over."""
        home = {"SPM_HOME": os.fspath(Path(settings.SPM_HOME).absolute())}
        arguments = ["--port", str(options["port"]), "--host", options["host"]]
        if options["no_demo"]:
            arguments.append("--no-demo")
        command = [sys.executable, "-m", "spm.embedded.up", *arguments]
        os.chdir(settings.BASE_DIR)
        os.execve(sys.executable, command, {**os.environ, **home})
