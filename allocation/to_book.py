"""What would be booked if a proposal, or a part of it, were approved, as far as it is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.db.models import QuerySet, Sum

from allocation.models import Move, Proposal, ProposalChange
from allocation.outline import TAKES
from allocation.part import WorkedOut
from bets.models import Bet

NOTHING = Decimal(0)


@dataclass(frozen=True)
class Booking:
    """What would be booked: a proposal, or a part of it that was worked out.

    Nothing is read before it is asked for: where a role decides, that is two sums, however many
    bets change.
    """

    proposal: Proposal
    part: WorkedOut | None = None
    """The part; None for the whole."""

    @cached_property
    def changes(self) -> Sequence[ProposalChange]:
        """What changes, with of each bet what a mandate asks of it; one query."""
        if self.part is None:
            rows = self.proposal.changes.select_related("bet")
            return list(rows.only("bet", "working_before", "working_after", *_ASKED_OF_BETS))
        bets = Bet.objects.in_bulk([change.bet_id for change in self.part.changes])
        for change in self.part.changes:
            change.bet = bets[change.bet_id]
        return self.part.changes

    @cached_property
    def moves(self) -> Sequence[Move]:
        """What would be moved; one query at most."""
        return list(self.proposal.moves.all()) if self.part is None else self.part.moves

    @cached_property
    def owners_of_what_gains(self) -> set[int | None]:
        """The owners of the bets that are given money; nobody decides what they alone gain by."""
        bets = Bet.objects.filter(pk__in=self.part.raised if self.part else self._raised)
        return set(bets.order_by().values_list("owner_id", flat=True).distinct())

    @property
    def _raised(self) -> QuerySet[ProposalChange, int]:
        raised = self.proposal.changes.filter(TAKES)
        return raised.order_by().values_list("bet_id", flat=True)

    @property
    def part_sha256(self) -> str:
        """The digest of the part; empty for the whole."""
        return self.part.sha256 if self.part else ""

    @cached_property
    def moved(self) -> Decimal:
        """The money moved, currency per month; one query at most."""
        if self.part is None:
            total: Decimal | None = self.proposal.moves.aggregate(total=Sum("amount"))["total"]
            return total or NOTHING
        return sum((move.amount for move in self.part.moves), NOTHING)


_ASKED_OF_BETS = tuple(
    f"bet__{name}"
    for name in ("title", "owner_id", "theme_id", "stream_id", "horizon", "liquidity", "stage")
)
