"""``manage.py portfolio``: open a portfolio of one's own, and give people roles in it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from allocation.opening import open_portfolio
from bets.models import Portfolio
from spm import amounts
from spm.accounts.models import Role
from spm.accounts.people import SignIn, bring_in
from spm.errors import Invalid


class Command(BaseCommand):
    """Open a portfolio, or bring somebody into one."""

    help = "Open a portfolio with its people, or give somebody a role in one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """``open NAME --envelope SUM --lead EMAIL …`` and ``member SLUG EMAIL ROLE``."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        opening = verbs.add_parser("open", help="open a portfolio")
        opening.add_argument("name")
        opening.add_argument("--envelope", required=True, help="what it may commit a month")
        opening.add_argument("--currency", default="EUR")
        for role in Role:
            opening.add_argument(
                f"--{role.value}", action="append", default=[], metavar="EMAIL", help=role.label
            )
        member = verbs.add_parser("member", help="give somebody a role")
        member.add_argument("slug")
        member.add_argument("email")
        member.add_argument("role", choices=Role.values)
        member.add_argument(
            "--team", action="append", default=[], help="on whose bets a contributor may act"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say how to sign in."""
        try:
            sign_ins = self.open(options) if options["verb"] == "open" else self.member(options)
        except Invalid as error:
            raise CommandError(str(error)) from error
        for sign_in in sign_ins:
            password = sign_in.password or "(the password that they have)"
            self.stdout.write(f"{sign_in.role}: {sign_in.email} / {password}")

    def open(self, options: dict[str, Any]) -> list[SignIn]:
        """Open a portfolio."""
        people = {email: role.value for role in Role for email in options[role.value]}
        if not people:
            raise CommandError("Name at least one person, such as --lead ada@example.org.")
        envelope = amounts.money_as_typed(options["envelope"], "envelope")
        portfolio, sign_ins = open_portfolio(
            options["name"], envelope, people, currency=options["currency"]
        )
        self.stdout.write(f"Portfolio '{portfolio.slug}' is open.")
        return sign_ins

    def member(self, options: dict[str, Any]) -> list[SignIn]:
        """Give somebody a role."""
        portfolio = Portfolio.objects.filter(slug=options["slug"]).first()
        if portfolio is None:
            known = ", ".join(Portfolio.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no portfolio '{options['slug']}'. There are: {known}.")
        teams = {team.name.lower(): team.pk for team in portfolio.teams.all()}
        unknown = [name for name in options["team"] if name.lower() not in teams]
        if unknown:
            raise CommandError(f"There is no team {unknown[0]!r}. There are: {', '.join(teams)}.")
        team_ids = [teams[name.lower()] for name in options["team"]]
        return [bring_in(portfolio.pk, options["email"], options["role"], team_ids=team_ids)]
