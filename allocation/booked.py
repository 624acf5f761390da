"""What was booked, transfer by transfer, with the decision behind it: what the journal reads."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models.functions import Coalesce

from allocation.models import Account, Transfer
from bets.models import Portfolio

NOTHING = Decimal("0.00")
REARRANGES = (Transfer.Kind.MOVE, Transfer.Kind.ENTANGLE, Transfer.Kind.CORRECTION)


@dataclass(frozen=True)
class Booked:
    """One transfer; ``amount`` is currency per month.

    ``at`` is the moment of the decision, or of the booking where nobody decided it. A bet is None
    where the portfolio's own account gives or takes.
    """

    sequence: int
    kind: str
    amount: Decimal
    effective_on: date
    decision_id: int | None
    at: datetime
    from_bet: int | None
    from_kind: str
    to_bet: int | None
    to_kind: str

    @property
    def working_changes(self) -> Iterable[tuple[int, Decimal]]:
        """By how much the working money of which bet changes."""
        if self.from_bet is not None and self.from_kind == Account.Kind.WORKING:
            yield self.from_bet, -self.amount
        if self.to_bet is not None and self.to_kind == Account.Kind.WORKING:
            yield self.to_bet, self.amount


def booked_in(portfolio: Portfolio) -> list[Booked]:
    """Every transfer of the books, in their order; one query."""
    rows = (
        Transfer.objects.filter(portfolio=portfolio)
        .order_by("sequence")
        .values_list(
            "sequence",
            "kind",
            "amount",
            "effective_on",
            "decision_id",
            Coalesce("decision__decided_at", "booked_at"),
            "from_account__bet_id",
            "from_account__kind",
            "to_account__bet_id",
            "to_account__kind",
        )
    )
    return [Booked(*row) for row in rows]


def changes_by_decision(rows: Iterable[Booked]) -> dict[int, dict[int, Decimal]]:
    """By how much each decision changed the working money of each bet; currency per month."""
    changes: dict[int, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in rows:
        if row.decision_id is not None:
            for bet_id, change in row.working_changes:
                changes[row.decision_id][bet_id] += change
    return {decision_id: dict(by_bet) for decision_id, by_bet in changes.items()}


def withdrawn_by_decision(changes: Mapping[int, Mapping[int, Decimal]]) -> dict[int, Decimal]:
    """What each decision took out of bets together, entangled money included."""
    return {
        decision_id: -sum((change for change in by_bet.values() if change < 0), NOTHING)
        for decision_id, by_bet in changes.items()
    }


def moved_by_decision(rows: Iterable[Booked]) -> dict[int, Decimal]:
    """The moves that each decision booked, added up; money between two bets counts once."""
    moved: dict[int, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row.decision_id is not None and row.kind == Transfer.Kind.MOVE:
            moved[row.decision_id] += row.amount
    return dict(moved)
