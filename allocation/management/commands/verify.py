"""``manage.py verify``: prove the books, or name what does not tie out."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from allocation.verify import verify
from bets.models import Portfolio


class Command(BaseCommand):
    """Check chain, balances, projections, decisions, evidence and beliefs."""

    help = "Prove that the books tie out; ends with 1 and a line for each row that does not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One portfolio, or all."""
        parser.add_argument("--portfolio", metavar="SLUG", help="one portfolio instead of all")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check and report."""
        slug = options["portfolio"]
        portfolio = Portfolio.objects.filter(slug=slug).first() if slug else None
        if slug and portfolio is None:
            known = ", ".join(Portfolio.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no portfolio '{slug}'. There are: {known}.")
        findings = verify(portfolio)
        for finding in findings:
            self.stderr.write(str(finding))
        if findings:
            raise CommandError(f"{len(findings)} rows do not tie out.", returncode=1)
        checked = 1 if portfolio else Portfolio.objects.count()
        self.stdout.write(f"The books of {checked} portfolios tie out.")
