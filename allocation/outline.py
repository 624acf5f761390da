"""How many bets a proposal changes, and which way: what its sentence needs of its changes."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Count, F, Q, Sum

from allocation.models import Proposal, ProposalChange

NOTHING = Decimal("0.00")
GIVES, TAKES = Q(working_after__lt=F("working_before")), Q(working_after__gt=F("working_before"))


class Outline(NamedTuple):
    """Bets that give, bets that take, and what these are given together; currency per month."""

    reduced: int
    raised: int
    added: Decimal

    @property
    def changed(self) -> int:
        """How many bets change."""
        return self.reduced + self.raised


def outline_of(changes: Iterable[ProposalChange]) -> Outline:
    """That of changes which have been read, or worked out."""
    differences = [change.working_after - change.working_before for change in changes]
    given = [difference for difference in differences if difference > 0]
    taken = sum(difference < 0 for difference in differences)
    return Outline(taken, len(given), sum(given, NOTHING))


def outlines(proposals: Iterable[Proposal]) -> dict[int, Outline]:
    """Those of proposals whose changes have not been read; one query, whatever they change."""
    ids = [proposal.pk for proposal in proposals]
    rows = (
        ProposalChange.objects.filter(proposal__in=ids)
        .order_by()
        .values_list("proposal")
        .annotate(
            reduced=Count("pk", filter=GIVES),
            raised=Count("pk", filter=TAKES),
            added=Sum(F("working_after") - F("working_before"), filter=TAKES, default=NOTHING),
        )
    )
    found = {pk: Outline(reduced, raised, added) for pk, reduced, raised, added in rows}
    return {pk: found.get(pk, Outline(0, 0, NOTHING)) for pk in ids}
