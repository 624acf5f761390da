"""``manage.py demo``: make the demo portfolio and say how to sign in."""

from typing import Any

from django.core.management.base import BaseCommand

from allocation.demo.make import make_demo
from spm.accounts.models import Role


class Command(BaseCommand):
    """Make the demo portfolio, once."""

    help = "Make the demo portfolio with its people and print how to sign in; once."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it, or say that it is there."""
        sign_ins = make_demo()
        if not sign_ins:
            self.stderr.write("The demo portfolio is there already; nothing was changed.")
        for sign_in in sign_ins:
            who = Role(sign_in.role).label
            password = sign_in.password or "(as before)"
            self.stdout.write(f"{who}: {sign_in.email} / {password}")
