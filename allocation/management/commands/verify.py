"""``manage.py verify``: prove the books, or name what does not tie out."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from allocation import checkpoint
from allocation.verify import Checked, Finding, checked
from bets.models import Portfolio


class Command(BaseCommand):
    """Check chains, balances, projections, decisions, evidence and beliefs."""

    help = (
        "Prove that the books tie out; ends with 1 and a line for each row that does not. With "
        "--checkpoint the chains are held against what the file says of them, and where they end "
        "now is added to it, signed. Keep the file where nobody who owns the database can write."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One portfolio, or all; a file of checkpoints."""
        parser.add_argument("--portfolio", metavar="SLUG", help="one portfolio instead of all")
        parser.add_argument("--checkpoint", metavar="FILE", type=Path, help="compare, then append")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check and report."""
        slug, file = options["portfolio"], options["checkpoint"]
        portfolio = Portfolio.objects.filter(slug=slug).first() if slug else None
        if slug and portfolio is None:
            known = ", ".join(Portfolio.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no portfolio '{slug}'. There are: {known}.")
        done = checked(portfolio)
        findings = [finding for each in done for finding in each.findings]
        try:
            if file is not None:
                findings += self._held_against(file, done)
            for finding in findings:
                self.stderr.write(str(finding))
            if findings:
                raise CommandError(f"{len(findings)} rows do not tie out.", returncode=1)
            self.stdout.write(f"The books of {len(done)} portfolios tie out.")
            if file is not None:
                self.stdout.write(f"{checkpoint.append(file, done)} checkpoints added to {file}.")
        except checkpoint.Unreadable as error:
            raise CommandError(str(error), returncode=2) from error

    def _held_against(self, file: Path, done: list[Checked]) -> list[Finding]:
        if not file.exists():
            self.stdout.write(f"{file} is new: there is nothing yet to hold the chains against.")
        known = Portfolio.objects.values_list("id", flat=True)
        return checkpoint.compare(file, done) + checkpoint.missing_portfolios(file, known)
