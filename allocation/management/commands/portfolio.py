"""``manage.py portfolio``: open a portfolio, divide it, and give people roles in it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from allocation.opening import open_portfolio
from bets import structure
from bets.models import Portfolio
from spm import amounts
from spm.accounts.models import Role
from spm.accounts.people import SignIn, bring_in
from spm.errors import Invalid


class Command(BaseCommand):
    """Open a portfolio, add to it, or bring somebody into it."""

    help = "Open a portfolio; add a theme, value stream or team; give somebody a role."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """``open NAME …``, ``theme|stream|team SLUG NAME …``, ``member SLUG EMAIL ROLE``."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        opening = verbs.add_parser("open", help="open a portfolio")
        opening.add_argument("name")
        opening.add_argument("--envelope", required=True, help="what it may commit a month")
        opening.add_argument("--currency", default="EUR")
        for role in Role:
            opening.add_argument(
                f"--{role.value}", action="append", default=[], metavar="EMAIL", help=role.label
            )
        for kind in ("theme", "stream", "team"):
            part = verbs.add_parser(kind, help=f"add a {kind}")
            part.add_argument("slug")
            part.add_argument("name")
            if kind == "team":
                part.add_argument("--capacity", required=True, help="what it can absorb a month")
                part.add_argument("--stream", default="", help="the value stream it works in")
        member = verbs.add_parser("member", help="give somebody a role")
        member.add_argument("slug")
        member.add_argument("email")
        member.add_argument("role", choices=Role.values)
        member.add_argument(
            "--team", action="append", default=[], help="on whose bets a contributor may act"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say how to sign in."""
        do = {"open": self.open, "member": self.member}.get(options["verb"], self.part)
        try:
            sign_ins = do(options)
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

    def part(self, options: dict[str, Any]) -> list[SignIn]:
        """Add a theme, a value stream or a team."""
        portfolio, name = self.portfolio(options["slug"]), options["name"]
        if options["verb"] == "team":
            capacity = amounts.money_as_typed(options["capacity"], "capacity")
            structure.add_team(portfolio, name, capacity, options["stream"])
        elif options["verb"] == "theme":
            structure.add_theme(portfolio, name)
        else:
            structure.add_stream(portfolio, name)
        self.stdout.write(f"{portfolio} has the {options['verb']} '{name}'.")
        return []

    def portfolio(self, slug: str) -> Portfolio:
        """The portfolio that is meant."""
        portfolio = Portfolio.objects.filter(slug=slug).first()
        if portfolio is None:
            known = ", ".join(Portfolio.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no portfolio '{slug}'. There are: {known}.")
        return portfolio

    def member(self, options: dict[str, Any]) -> list[SignIn]:
        """Give somebody a role."""
        portfolio = self.portfolio(options["slug"])
        teams = {team.name.lower(): team.pk for team in portfolio.teams.all()}
        unknown = [name for name in options["team"] if name.lower() not in teams]
        if unknown:
            raise CommandError(f"There is no team {unknown[0]!r}. There are: {', '.join(teams)}.")
        team_ids = [teams[name.lower()] for name in options["team"]]
        return [bring_in(portfolio.pk, options["email"], options["role"], team_ids=team_ids)]
