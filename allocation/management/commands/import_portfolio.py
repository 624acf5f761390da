"""``manage.py import_portfolio``: make a portfolio of the status rows that an office has."""

from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from allocation.portfolio_import import account
from allocation.portfolio_import.apply import Applied, apply_plan
from allocation.portfolio_import.identity import identify
from allocation.portfolio_import.mapping import ImportMapping
from allocation.portfolio_import.mapping_file import read_mapping
from allocation.portfolio_import.plan import plan_of
from allocation.portfolio_import.rows import read_rows
from allocation.portfolio_import.table import MOST_BYTES
from spm.accounts.models import Role
from spm.errors import Conflict, Invalid
from spm.sheets.problems import Unusable


class Command(BaseCommand):
    """Read, identify, plan, write; tell what was taken and what was not."""

    help = (
        "Import a CSV file of yearly status rows as a portfolio. docs/import.md explains the "
        "mapping, docs/examples holds whole ones. The same file again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file, the mapping, whether to replay, and who gets access."""
        parser.add_argument("file", type=Path, metavar="FILE", help="the CSV file")
        parser.add_argument(
            "--mapping", type=Path, required=True, metavar="MAPPING.toml", help="what it means"
        )
        parser.add_argument(
            "--replay",
            action="store_true",
            help="play each year in its own time, and run the engine after it",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only tell what would be read and joined"
        )
        for role in (Role.LEAD, Role.FINANCE):
            parser.add_argument(
                f"--{role.value}",
                action="append",
                default=[],
                metavar="EMAIL",
                help=f"give this person the role {role.value} in the portfolio",
            )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, or say in one line why not."""
        roles = [(email, role) for role in ("lead", "finance") for email in options[role]]
        try:
            self._import(
                options["file"],
                read_mapping(options["mapping"]),
                replay=options["replay"],
                dry_run=options["dry_run"],
                roles=roles,
            )
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}.", returncode=2) from error
        except Unusable as error:
            raise CommandError(str(error), returncode=2) from error
        except (Invalid, Conflict) as error:
            raise CommandError(f"Nothing was imported: {error}", returncode=1) from error

    def _import(
        self,
        path: Path,
        mapping: ImportMapping,
        *,
        replay: bool,
        dry_run: bool,
        roles: list[tuple[str, str]],
    ) -> None:
        with path.open("rb") as file:
            reading = read_rows(file.read(MOST_BYTES + 1), mapping)
        self._say(account.reading_lines(reading, path.name))
        identified = identify(reading.rows, mapping)
        self._say(account.identity_lines(identified, len(reading.rows)))
        plan = plan_of(identified, mapping)
        if dry_run:
            self.stdout.write("Nothing was written.")
            return
        applied = apply_plan(
            plan,
            mapping,
            replay=replay,
            roles=roles,
            today=timezone.localdate(),
            heard=self._say_at_once,
        )
        self._tell(applied, mapping)

    def _tell(self, applied: Applied, mapping: ImportMapping) -> None:
        currency = mapping.portfolio.currency
        self._say(applied.said)
        if applied.years:
            self._say(account.year_table(applied.years, currency))
            self._say(account.after_break_lines(applied.most_after_break, currency))
        self.stdout.write(
            f"{applied.bets_created} bets new, {applied.bets_changed} changes to bets, "
            f"{applied.evidence_created} pieces of evidence new, {applied.transfers} transfers, "
            f"{len(applied.periods)} periods new."
        )
        if not applied.portfolio.memberships.exists():
            self.stdout.write(
                "Nobody can see this portfolio yet. Run the same command again with "
                "--lead EMAIL --finance EMAIL."
            )

    def _say_at_once(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _say(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.stdout.write(line)
