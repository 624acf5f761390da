"""What was reversed: decisions whose money, or half of it, came back within ninety days."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from allocation.booked import NOTHING, REARRANGES, Booked
from allocation.models import Decision

WITHIN = timedelta(days=90)


@dataclass(frozen=True)
class Reversal:
    """One bet whose money a decision moved and later transfers moved back.

    ``moved`` is what the decision did to its working money, ``back`` the net of what later
    transfers did the other way when they first came to half of it; currency per month. ``by`` is
    the decision that did it, None for a correction.
    """

    decision: Decision
    bet_id: int
    moved: Decimal
    back: Decimal
    at: datetime
    by: int | None

    @property
    def days(self) -> float:
        """How long it stood."""
        return (self.at - self.decision.decided_at).total_seconds() / 86_400


def reversals(
    decisions: Iterable[Decision],
    changes: Mapping[int, Mapping[int, Decimal]],
    booked: Iterable[Booked],
) -> list[Reversal]:
    """The bets of each decision that were reversed, in the order of the decisions.

    Args:
        decisions: which are looked at.
        changes: what each did to working money, from ``changes_by_decision``.
        booked: the whole books.
    """
    of_bet: dict[int, list[tuple[Booked, Decimal]]] = defaultdict(list)
    for row in booked:
        if row.kind in REARRANGES:
            for bet_id, change in row.working_changes:
                of_bet[bet_id].append((row, change))
    found = []
    for decision in decisions:
        for bet_id, moved in sorted(changes.get(decision.pk, {}).items()):
            reversal = _reversal(decision, bet_id, moved, of_bet[bet_id])
            if reversal is not None:
                found.append(reversal)
    return found


def _reversal(
    decision: Decision, bet_id: int, moved: Decimal, rows: Sequence[tuple[Booked, Decimal]]
) -> Reversal | None:
    if not moved:
        return None
    own = max(row.sequence for row, _ in rows if row.decision_id == decision.pk)
    last = decision.decided_at + WITHIN
    back = NOTHING
    for row, change in rows:
        if row.sequence <= own or row.at > last:
            continue
        back += -change if moved > 0 else change
        if 2 * back >= abs(moved):
            return Reversal(decision, bet_id, moved, back, row.at, row.decision_id)
    return None
