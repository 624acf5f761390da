"""The rows of the journal: each decision with what it moved and the evidence known then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from allocation.booked import NOTHING
from allocation.left_out import LeftOut, left_out_of
from allocation.models import Decision
from allocation.wording import sentences
from bets.models import Bet
from evidence.models import Evidence
from evidence.weighed import decibans_then
from reports.journal.authority import authority_of

STRONGEST = 3
MOST_CHANGES = 4


@dataclass(frozen=True)
class Seen:
    """One event that was known, and what it weighed then, in decibans; None if nothing."""

    event: Evidence
    decibans: float | None


@dataclass(frozen=True)
class Changed:
    """What a decision did to one bet's working money; currency per month."""

    bet: Bet
    amount: Decimal


@dataclass(frozen=True)
class Entry:
    """One decision; ``moved`` is currency per month.

    ``strongest`` are the events that weighed most then, of ``evidence_count``; ``changes`` the
    bets whose money moved most, of ``change_count``.
    """

    decision: Decision
    authority: str
    sentence: str
    moved: Decimal
    changes: list[Changed]
    change_count: int
    strongest: list[Seen]
    evidence_count: int
    left_out: list[LeftOut]

    @property
    def most_left_out(self) -> list[LeftOut]:
        """What was proposed and not booked of a part that was approved, as far as a row shows."""
        return self.left_out[:MOST_CHANGES]

    @property
    def more_left_out(self) -> int:
        """How many bets are not among those."""
        return len(self.left_out) - len(self.most_left_out)

    @property
    def more_evidence(self) -> int:
        """How many events are not among the strongest."""
        return self.evidence_count - len(self.strongest)

    @property
    def more_changes(self) -> int:
        """How many bets are not among those named."""
        return self.change_count - len(self.changes)


def entries(
    decisions: Sequence[Decision],
    moved: Mapping[int, Decimal],
    changes: Mapping[int, Mapping[int, Decimal]],
) -> list[Entry]:
    """The rows for some decisions; a fixed number of queries.

    Args:
        decisions: with their proposals.
        moved: by decision, from ``moved_by_decision``.
        changes: by decision and bet, from ``changes_by_decision``.
    """
    wanted = {bet_id for decision in decisions for bet_id in changes.get(decision.pk, {})}
    bets = Bet.objects.in_bulk(wanted)
    ids = {event_id for decision in decisions for event_id in decision.evidence_seen}
    known = Evidence.objects.select_related("bet", "source", "retracts").in_bulk(ids)
    seen = {
        decision.pk: (
            decision.decided_at,
            [known[event_id] for event_id in decision.evidence_seen if event_id in known],
        )
        for decision in decisions
    }
    weights = decibans_then(seen)
    said = sentences(decision.proposal for decision in decisions)
    missing = left_out_of(decisions)
    return [
        _entry(
            decision,
            said[decision.proposal_id],
            moved.get(decision.pk, NOTHING),
            [Changed(bets[bet_id], amount) for bet_id, amount in of_bets.items() if amount],
            _strongest(seen[decision.pk][1], weights[decision.pk]),
            missing.get(decision.pk, []),
        )
        for decision in decisions
        for of_bets in [changes.get(decision.pk, {})]
    ]


def _entry(
    decision: Decision,
    said: str,
    moved: Decimal,
    changes: list[Changed],
    strongest: list[Seen],
    left_out: list[LeftOut],
) -> Entry:
    largest = sorted(changes, key=lambda change: (-abs(change.amount), change.bet.pk))
    return Entry(
        decision,
        authority_of(decision),
        said,
        moved,
        largest[:MOST_CHANGES],
        len(changes),
        strongest,
        len(decision.evidence_seen),
        left_out,
    )


def _strongest(events: Sequence[Evidence], weights: Mapping[int, float]) -> list[Seen]:
    seen = [Seen(event, weights.get(event.pk)) for event in events]
    seen.sort(key=lambda each: (-abs(each.decibans or 0.0), -each.event.pk))
    return seen[:STRONGEST]
