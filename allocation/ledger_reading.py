"""What the ledger's page, files and API read of transfers: which, with what a row shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from allocation.models import Decision, LedgerHead, Transfer
from allocation.positions import Positions
from bets.models import Portfolio
from evidence.models import Evidence

MOST_KNOWN = 100


def transfers(
    portfolio: Portfolio, wanted: Mapping[str, Any] | None = None, today: date | None = None
) -> QuerySet[Transfer]:
    """Transfers, newest first, with what a row of the ledger shows.

    Args:
        portfolio: whose.
        wanted: ``bet`` (its id), ``kind``, ``scheduled`` (only what has yet to take effect) and
            ``before`` (a number in the chain); each may be missing or empty.
        today: what has yet to take effect lies behind this day.
    """
    wanted = wanted or {}
    rows = with_causes(Transfer.objects.filter(portfolio=portfolio))
    if wanted.get("bet"):
        of_bet = Q(from_account__bet_id=wanted["bet"]) | Q(to_account__bet_id=wanted["bet"])
        rows = rows.filter(of_bet)
    if wanted.get("kind"):
        rows = rows.filter(kind=wanted["kind"])
    if wanted.get("scheduled") and today is not None:
        rows = rows.filter(effective_on__gt=today)
    if wanted.get("before"):
        rows = rows.filter(sequence__lt=wanted["before"])
    return rows.order_by("-sequence")


def with_causes(rows: QuerySet[Transfer]) -> QuerySet[Transfer]:
    """With accounts, people, decision and change of the envelope, in the same query."""
    return rows.select_related(
        "from_account__bet",
        "to_account__bet",
        "booked_by",
        "api_key",
        "decision__proposal",
        "decision__decided_by",
        "limit_change",
    ).defer("decision__proposal__snapshot", "decision__proposal__solution")


def scheduled_between(portfolio: Portfolio, after: date, until: date) -> int:
    """How many transfers take effect after one day and up to another."""
    rows = Transfer.objects.filter(portfolio=portfolio)
    return rows.filter(effective_on__gt=after, effective_on__lte=until).count()


@dataclass(frozen=True)
class Known:
    """The evidence that a decision was taken on: the newest events, and how many there are."""

    events: list[Evidence]
    count: int

    @property
    def beyond(self) -> int:
        """How many are not listed."""
        return self.count - len(self.events)


def known_to(decision: Decision) -> Known:
    """What was known when a decision was taken, newest first; one query."""
    rows = Evidence.objects.filter(pk__in=decision.evidence_seen, portfolio=decision.portfolio_id)
    newest = rows.select_related("bet", "source", "retracts").order_by("-recorded_at", "-id")
    return Known(list(newest[:MOST_KNOWN]), len(decision.evidence_seen))


COLUMNS = (
    "number",
    "booked at",
    "effective on",
    "kind",
    "from",
    "to",
    "amount per month",
    "one-off",
    "proposal",
    "booked by",
    "note",
    "sha256",
    "decided by",
    "authority",
    "reason",
)


def cells_of(row: Transfer) -> tuple[Any, ...]:
    """A transfer as typed cells, in the order of ``COLUMNS``."""
    decision = row.decision
    return (
        row.sequence,
        row.booked_at,
        row.effective_on,
        row.get_kind_display(),
        str(row.from_account),
        str(row.to_account),
        row.amount,
        row.one_off,
        decision.proposal.number if decision else "",
        who_booked(row),
        row.note,
        row.sha256,
        str(decision.decided_by or "") if decision else "",
        decision.authority if decision else "",
        reason_of(row),
    )


def who_booked(row: Transfer) -> str:
    """The person, with the key if it was by one; empty for the product itself."""
    person = str(row.booked_by or "")
    return f"{person}, by the key ‘{row.api_key.name}’" if row.api_key else person


def reason_of(row: Transfer) -> str:
    """Why it was booked, in somebody's words, where they said so."""
    if row.limit_change is not None:
        return row.limit_change.reason
    if row.decision is not None:
        return row.decision.reason
    return row.note


def table(rows: QuerySet[Transfer]) -> Iterable[Sequence[Any]]:
    """Transfers as rows of a text table, the head first; one query, read a thousand at a time."""
    yield COLUMNS
    for row in rows.iterator(chunk_size=1000):
        yield [cell.isoformat() if hasattr(cell, "isoformat") else cell for cell in cells_of(row)]


def balances_table(positions: Positions) -> Iterable[Sequence[Any]]:
    """The balances at a date as typed cells: the portfolio's accounts, then each bet's."""
    yield ("account", "working", "entangled", "together")
    yield ("Envelope", "", "", -positions.envelope)
    yield ("Reserve", "", "", positions.reserve)
    for row in positions.bets:
        yield (row.bet.title, row.working, row.entangled, row.total)
    yield ("All accounts together", "", "", positions.balance)


def proof_table(
    portfolio: Portfolio, positions: Positions, head: LedgerHead | None, sheet: str
) -> Iterable[Sequence[Any]]:
    """What the books prove and when that was last done, as (what, value); ``sheet`` says what the
    sheet of transfers holds.
    """
    yield ("what", "value")
    yield ("Portfolio", portfolio.name)
    yield ("Currency", portfolio.currency)
    yield ("Balances on", positions.on)
    yield ("All accounts together", positions.balance)
    yield ("Transfers in the chain", head.sequence if head else 0)
    yield ("Digest of the last one (SHA-256)", head.sha256 if head else "")
    yield ("Last proved", head.verified_at if head and head.verified_at else "not yet")
    yield ("Proved up to transfer", head.verified_sequence if head else 0)
    yield ("Sheet of transfers", sheet)
