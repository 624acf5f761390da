"""``manage.py actuals``: record what bets really cost, from a file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from allocation import actuals_file
from allocation.actuals_file import NAMES
from bets.models import Portfolio
from spm.accounts.models import User
from spm.accounts.permissions import NotAllowed
from spm.errors import Invalid


class Command(BaseCommand):
    """Hand a file in, and take its good rows."""

    help = "Record actual spend from CSV or XLSX; ends with 1 where rows could not be taken."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """``actuals SLUG FILE --by EMAIL --source SAP --month Period``."""
        parser.add_argument("slug", help="the portfolio")
        parser.add_argument("file", type=Path)
        parser.add_argument("--by", required=True, metavar="EMAIL", help="somebody of finance")
        parser.add_argument("--source", default="", help="who says so, such as SAP")
        for name in NAMES:
            parser.add_argument(f"--{name}", metavar="COLUMN", help="if its name does not tell")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and name each row that was not taken."""
        portfolio = Portfolio.objects.filter(slug=options["slug"]).first()
        person = User.objects.filter(email__iexact=options["by"]).first()
        if portfolio is None or person is None:
            who = f"portfolio '{options['slug']}'" if portfolio is None else f"'{options['by']}'"
            raise CommandError(f"There is no {who}.")
        try:
            content = options["file"].read_bytes()
            name, source = options["file"].name, options["source"]
            file = actuals_file.hand_in(person, portfolio, name, content, source)
            said = {name: options[name] for name in NAMES if options[name]}
            if said:
                actuals_file.choose(person, file, {**file.columns, **said})
            done = actuals_file.take(person, file)
        except (Invalid, NotAllowed, OSError) as error:
            raise CommandError(str(error)) from error
        for each in done.refused:
            self.stderr.write(f"line {each['line']}, {each['column']}: {each['reason']}")
        self.stdout.write(f"{done.taken} amounts recorded, {done.repeated} as before.")
        if done.refused:
            raise CommandError(f"{len(done.refused)} rows were not taken.", returncode=1)
