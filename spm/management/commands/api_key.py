"""`manage.py api_key`: make, list and revoke the keys that programs use."""

from argparse import ArgumentParser
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from spm.accounts.models import LONGEST_KEY_DAYS, ApiKey, Membership, Scope, User


class Command(BaseCommand):
    """Keys for programs. A key is shown once, when it is made."""

    help = "Make, list and revoke keys for programs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="make a key; it is printed once")
        create.add_argument("--owner", required=True, metavar="EMAIL", help="whose role it has")
        create.add_argument("--portfolio", required=True, metavar="SLUG", help="where it may act")
        create.add_argument("--name", default="", help="what it is for")
        create.add_argument(
            "--scopes", nargs="+", choices=Scope.values, default=[Scope.READ], help="what it may do"
        )
        create.add_argument(
            "--days", type=int, default=90, help=f"how long it lives, 1 to {LONGEST_KEY_DAYS}"
        )
        actions.add_parser("list", help="list the keys, without their secrets")
        revoke = actions.add_parser("revoke", help="end a key now")
        revoke.add_argument("identifier", help="the part between the two underscores")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked."""
        {"create": self.create, "list": self.list, "revoke": self.revoke}[options["action"]](
            **options
        )

    def create(self, **options: Any) -> None:
        """Make a key and print it; nothing keeps it in clear."""
        owner = User.objects.filter(email__iexact=options["owner"], is_active=True).first()
        if owner is None:
            raise CommandError(f"There is no active person {options['owner']}.")
        portfolios = apps.get_model("bets", "Portfolio")._default_manager
        portfolio = portfolios.filter(slug=options["portfolio"]).first()
        if portfolio is None:
            slugs = ", ".join(portfolios.order_by("slug").values_list("slug", flat=True)[:20])
            raise CommandError(f"There is no portfolio {options['portfolio']}. There are: {slugs}.")
        if not Membership.objects.filter(user=owner, portfolio=portfolio).exists():
            raise CommandError(f"{owner.email} has no role in {portfolio}; a key has its owner's.")
        name = options["name"] or f"Made on {timezone.localdate()}"
        try:
            key, clear = ApiKey.issue(
                owner, portfolio.pk, name, sorted(set(options["scopes"])), options["days"]
            )
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(clear)
        self.stderr.write(f"It ends on {key.expires_at:%d %B %Y}. It is not shown again.")

    def list(self, **options: Any) -> None:
        """Print one line for each key, newest first."""
        for key in ApiKey.objects.select_related("owner", "portfolio").order_by("-id"):
            used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never"
            state = "in force" if key.usable_at(timezone.now()) else "ended"
            self.stdout.write(
                f"{key.identifier}  {state}  {key.name}  {key.owner.email}  {key.portfolio}  "
                f"{','.join(key.scopes)}  until {key.expires_at:%Y-%m-%d}  last used {used}"
            )

    def revoke(self, **options: Any) -> None:
        """End a key; requests under it are refused from the next one on."""
        keys = ApiKey.objects.filter(identifier=options["identifier"], revoked_at__isnull=True)
        if not keys.update(revoked_at=timezone.now()):
            raise CommandError(f"There is no key {options['identifier']} in force.")
        self.stdout.write("Revoked.")
