"""`manage.py reseal`: seal stored secrets under the present data key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from spm.sealed import Unreadable, reseal_all


class Command(BaseCommand):
    """After a new data key: let the earlier one be forgotten."""

    help = "Encrypt stored secrets anew under the present data key (SPM_DATA_KEY)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many there were."""
        try:
            done = reseal_all()
        except Unreadable as error:
            raise CommandError(f"Nothing of that table was changed. {error}") from error
        self.stdout.write(f"{done} secrets are sealed under the present key.")
