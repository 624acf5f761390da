"""``manage.py guardrail``: make a guardrail, change it, or take it out of force."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from allocation import limits
from allocation.engine.guardrails import KINDS
from bets.edit import OFFICE
from bets.models import Portfolio
from spm.errors import Invalid


class Command(BaseCommand):
    """Set one guardrail, by its name."""

    help = "Make or change the guardrail of a name; the same twice changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """``guardrail SLUG NAME --kind share --max 0.2 --scope horizon=H3 --reason WHY``."""
        parser.add_argument("slug", help="the portfolio")
        parser.add_argument("name")
        parser.add_argument("--kind", choices=list(KINDS), help="needed to make one")
        parser.add_argument("--min", dest="minimum", help="share (0 to 1), money a month, or bets")
        parser.add_argument("--max", dest="maximum", help="the same; 'none' for no such end")
        parser.add_argument(
            "--scope",
            action="append",
            metavar="ATTRIBUTE=VALUE",
            help="which bets it looks at, such as horizon=H3; may be given several times",
        )
        parser.add_argument("--off", action="store_true", help="take it out of force")
        parser.add_argument("--on", action="store_true", help="put it back")
        parser.add_argument("--reason", required=True, help="why; kept in the journal")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what was done."""
        portfolio = Portfolio.objects.filter(slug=options["slug"]).first()
        if portfolio is None:
            known = ", ".join(Portfolio.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no portfolio '{options['slug']}'. There are: {known}.")
        try:
            done = limits.upsert_guardrail(OFFICE, portfolio, options["name"], _given(options))
        except Invalid as error:
            raise CommandError(str(error)) from error
        did = "made" if done.created else "changed" if done.changed else "as it was"
        self.stdout.write(f"{portfolio}: guardrail '{done.guardrail.name}' is {did}.")


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """What was given, as ``allocation.limits`` takes it."""
    given: dict[str, Any] = {"reason": options["reason"]}
    if options["kind"]:
        given["kind"] = options["kind"]
    for side in ("minimum", "maximum"):
        if options[side] is not None:
            given[side] = None if options[side] == "none" else options[side]
    if options["scope"]:
        scope: dict[str, list[str]] = {}
        for pair in options["scope"]:
            attribute, _, value = pair.partition("=")
            scope.setdefault(attribute, []).append(value)
        given["scope"] = scope
    if options["on"] or options["off"]:
        given["active"] = options["on"]
    return given
