"""The evidence stream: what was learnt across all bets, newest first; filters, pages, export."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from bets.models import Portfolio
from evidence.attachments import FOR_PAGES
from evidence.models import BeliefPoint, Evidence, ThesisBreak
from evidence.taken_back import taken_back_by

ROWS = 50
FRESH_FOR = timedelta(seconds=20)

#: Where a page begins: the microseconds and the id of the last row of the page before it.
_CURSOR = re.compile(r"(?P<micros>[0-9]{1,17})-(?P<id>[0-9]{1,18})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Wanted:
    """Which evidence is to be shown; nothing means all."""

    text: str = ""
    bet: int | None = None
    stream: int | None = None
    kind: str = ""
    source: int | None = None
    only_breaks: bool = False


@dataclass(frozen=True)
class Row:
    """One event of the stream: with what was believed of the thesis afterwards, and its break.

    ``retraction`` is what takes it back, if that holds.
    """

    evidence: Evidence
    belief_after: float | None
    turned: ThesisBreak | None
    retraction: Evidence | None
    is_fresh: bool


@dataclass(frozen=True)
class Page:
    """Some rows, and where the next page begins (empty at the end)."""

    rows: list[Row]
    older: str


def stream(portfolio: Portfolio, wanted: Wanted) -> QuerySet[Any]:
    """The events, newest first."""
    rows = Evidence.objects.filter(portfolio=portfolio, **_equal(wanted))
    if wanted.text:
        rows = rows.filter(
            Q(note__icontains=wanted.text)
            | Q(bet__title__icontains=wanted.text)
            | Q(hypothesis__statement__icontains=wanted.text)
            | Q(source__name__icontains=wanted.text)
            | Q(external_id__icontains=wanted.text)
        )
    if wanted.only_breaks:
        rows = rows.filter(Exists(ThesisBreak.objects.filter(evidence=OuterRef("pk"))))
    return rows.select_related(
        "bet", "hypothesis", "source", "recorded_by", "api_key", "retracts"
    ).order_by("-recorded_at", "-id")


def page_of(rows: QuerySet[Any], cursor: str = "") -> Page:
    """One page of events, from a cursor on; eight queries at most, whatever they are."""
    found = list(_from(rows, cursor).prefetch_related(FOR_PAGES)[: ROWS + 1])
    shown = found[:ROWS]
    older = _cursor(shown[-1]) if len(found) > ROWS else ""
    return Page(_with_consequences(shown), older)


def table(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """The events as a table with a head: text as it stands, numbers as numbers."""
    yield list(_COLUMNS)
    for evidence in rows.iterator(chunk_size=1000):
        yield [_cell(read(evidence)) for read in _COLUMNS.values()]


def _equal(wanted: Wanted) -> dict[str, Any]:
    conditions = {
        "bet_id": wanted.bet,
        "bet__stream_id": wanted.stream,
        "kind": wanted.kind or None,
        "source_id": wanted.source,
    }
    return {name: value for name, value in conditions.items() if value is not None}


def _beliefs_after(shown: list[Evidence]) -> dict[Any, float]:
    """The belief in the thesis after each event: by its id, or, for events that were delivered
    together and judged as one, by the bet and the moment.
    """
    together = Q(
        evidence=None,
        bet_id__in={evidence.bet_id for evidence in shown},
        known_at__in={evidence.recorded_at for evidence in shown},
    )
    points = BeliefPoint.objects.filter(
        Q(evidence_id__in=[evidence.pk for evidence in shown]) | together, hypothesis=None
    )
    columns = points.order_by("id").values_list("evidence_id", "bet_id", "known_at", "belief")
    return {
        event_id or (bet_id, known_at): belief for event_id, bet_id, known_at, belief in columns
    }


def _with_consequences(shown: list[Evidence]) -> list[Row]:
    ids = [evidence.pk for evidence in shown]
    beliefs = _beliefs_after(shown)
    turned = {row.evidence_id: row for row in ThesisBreak.objects.filter(evidence_id__in=ids)}
    taken_back = taken_back_by(ids)
    fresh_since = timezone.now() - FRESH_FOR
    return [
        Row(
            evidence,
            beliefs.get(evidence.pk, beliefs.get((evidence.bet_id, evidence.recorded_at))),
            turned.get(evidence.pk),
            taken_back.get(evidence.pk),
            evidence.recorded_at > fresh_since,
        )
        for evidence in shown
    ]


def _cursor(evidence: Evidence) -> str:
    micros = (evidence.recorded_at - _EPOCH) // timedelta(microseconds=1)
    return f"{micros}-{evidence.pk}"


def _from(rows: QuerySet[Any], cursor: str) -> QuerySet[Any]:
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        return rows
    at = _EPOCH + timedelta(microseconds=int(match["micros"]))
    return rows.filter(
        Q(recorded_at__lt=at) | Q(recorded_at=at, id__lt=int(match["id"])), recorded_at__lte=at
    )


_COLUMNS: dict[str, Any] = {
    "id": lambda row: row.pk,
    "recorded_at": lambda row: row.recorded_at,
    "observed_at": lambda row: row.observed_at,
    "bet_id": lambda row: row.bet_id,
    "bet": lambda row: row.bet.title,
    "hypothesis_id": lambda row: row.hypothesis_id,
    "hypothesis": lambda row: row.hypothesis.statement,
    "kind": lambda row: row.kind,
    "direction": lambda row: row.direction,
    "strength": lambda row: row.strength,
    "likelihood_ratio": lambda row: row.likelihood_ratio,
    "successes": lambda row: row.successes,
    "trials": lambda row: row.trials,
    "mean": lambda row: row.mean,
    "standard_deviation": lambda row: row.standard_deviation,
    "sample_size": lambda row: row.sample_size,
    "retracts": lambda row: row.retracts_id,
    "source": lambda row: row.source.name if row.source else None,
    "reliability": lambda row: row.reliability,
    "external_id": lambda row: row.external_id,
    "recorded_by": lambda row: str(row.recorded_by or row.api_key or ""),
    "note": lambda row: row.note,
    "link": lambda row: row.link,
}


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return "" if value is None else value
