"""`manage.py api_key`: make, list, rotate and revoke the keys that programs use."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from spm.accounts import keys
from spm.accounts.key_reading import state_of
from spm.accounts.models import LONGEST_KEY_DAYS, ApiKey, Scope, User
from spm.errors import Conflict, Invalid


class Command(BaseCommand):
    """Keys for programs. A key is shown once, when it is made."""

    help = "Make, list, rotate and revoke keys for programs."

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
        rotate = actions.add_parser("rotate", help="give a key a new secret; it is printed once")
        rotate.add_argument("identifier", help="the part between the two underscores")
        rotate.add_argument(
            "--overlap-hours", type=int, default=24, help="how long the secret of before opens too"
        )
        rotate.add_argument("--days", type=int, default=90, help="how long it lives from now on")
        revoke = actions.add_parser("revoke", help="end a key now")
        revoke.add_argument("identifier", help="the part between the two underscores")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked."""
        acts = {
            "create": self.create,
            "list": self.list,
            "rotate": self.rotate,
            "revoke": self.revoke,
        }
        acts[options["action"]](**options)

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
        given = {
            "owner": owner.pk,
            "name": options["name"] or f"Made on {timezone.localdate()}",
            "scopes": {Scope.READ.value, *options["scopes"]},
            "days": options["days"],
        }
        self.show(lambda: keys.make(None, portfolio.pk, given))

    def rotate(self, **options: Any) -> None:
        """Give a key a new secret and print it."""
        given = {name: options[name] for name in ("overlap_hours", "days")}
        self.show(lambda: keys.rotate(None, self.named(options["identifier"]), given))

    def show(self, act: Callable[[], tuple[ApiKey, str]]) -> None:
        """Print a key in clear; nothing keeps it so."""
        try:
            key, clear = act()
        except (Invalid, Conflict) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(clear)
        self.stderr.write(f"It ends on {key.expires_at:%d %B %Y}. It is not shown again.")

    def named(self, identifier: str) -> int:
        """The id of the key that is named so."""
        key_id = ApiKey.objects.filter(identifier=identifier).values_list("pk", flat=True).first()
        if key_id is None:
            raise CommandError(f"There is no key {identifier}.")
        return key_id

    def list(self, **options: Any) -> None:
        """Print one line for each key, newest first."""
        for key in ApiKey.objects.select_related("owner", "portfolio").order_by("-id"):
            used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never"
            state = state_of(key, timezone.now())
            self.stdout.write(
                f"{key.identifier}  {state}  {key.name}  {key.owner.email}  {key.portfolio}  "
                f"{','.join(key.scopes)}  until {key.expires_at:%Y-%m-%d}  last used {used}"
            )

    def revoke(self, **options: Any) -> None:
        """End a key; requests under it are refused from the next one on."""
        try:
            keys.revoke(None, self.named(options["identifier"]))
        except Conflict as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Revoked.")
