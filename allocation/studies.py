"""Studies: what is said of a proposal beyond its moves, worked out after it is published.

A proposal appears as soon as it is solved; what would do better if the structure changed, in how
many futures it is better, value against turnover and what to learn next follow part by part, each
told on the live channel as it is there. What is owed stands in PostgreSQL: an open proposal whose
study is not finished, and a run that is newer than what is known of its information (once that
has rested in proportion to what it took). New evidence
goes first: a study that is under way when a recomputation is owed stops, and is taken up after it.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import (
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.utils import timezone

from allocation import requests
from allocation.engine import NoSolutionError, SnapshotError, parse_snapshot, study
from allocation.models import Proposal, ProposalChange, Study
from allocation.snapshot import snapshot_of
from bets.models import Portfolio
from spm import live

logger = logging.getLogger(__name__)

LOCK_SPACE = 0x5351  # one study of a portfolio at a time, beside its recomputations
LOOK_SECONDS = 0.25
REST = timedelta(seconds=20)
"""After each second of work on what to learn next so much passes before it is brought up to date,
so that a large portfolio in which evidence streams in keeps no worker busy. A proposal's study
does not wait."""
PARTS = ("robustness", "levers", "gain_alone", "frontier", "information")
"""In the order in which they are worked out: what is quick and asked first comes first."""


class Overtaken(Exception):
    """A recomputation is owed, which goes first."""


def run_owed_studies(portfolio_id: int) -> int:
    """Work out what is owed, unless another worker is at it; returns how many were finished."""
    finished = 0
    while owing().filter(pk=portfolio_id).exists():
        with _portfolio_lock(portfolio_id) as mine:
            if not mine:
                return finished
            try:
                finished += _run(portfolio_id, _pause_for(portfolio_id))
            except Overtaken:
                return finished
    return finished


def owing() -> QuerySet[Portfolio]:
    """Portfolios with something to study and no recomputation before it."""
    unstudied = Q(pk__in=_unstudied().values("portfolio"))
    newest = Study.objects.filter(portfolio=OuterRef("pk"), finished_at__isnull=False)
    rest = ExpressionWrapper(F("seconds") * Value(REST), output_field=DurationField())
    rested = newest.annotate(rest_ends=F("finished_at") + rest)
    behind = Q(known_as_of__lt=F("latest_run__finished_at"), rest_ends__lte=timezone.now())
    return (
        Portfolio.objects.annotate(
            known_as_of=Subquery(newest.values("as_of")[:1]),
            rest_ends=Subquery(rested.values("rest_ends")[:1], output_field=DateTimeField()),
        )
        .filter(
            unstudied | Q(latest_run__problem="") & (behind | Q(known_as_of__isnull=True)),
        )
        .order_by("id")
    )


def _unstudied() -> QuerySet[Proposal]:
    """Open proposals whose study is not finished."""
    return Proposal.objects.filter(status=Proposal.Status.OPEN, study__finished_at__isnull=True)


@contextmanager
def _portfolio_lock(portfolio_id: int) -> Iterator[bool]:
    """Try the lock on a portfolio's studies; it outlives transactions."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_SPACE, portfolio_id])
        (mine,) = cursor.fetchone()
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_SPACE, portfolio_id])


def _pause_for(portfolio_id: int) -> Callable[[], None]:
    """What the engine calls before each solve: looks now and then whether something is owed."""
    looked = time.monotonic()

    def pause() -> None:
        nonlocal looked
        if time.monotonic() - looked < LOOK_SECONDS:
            return
        looked = time.monotonic()
        if requests.owed(portfolio_id):
            raise Overtaken

    return pause


def _run(portfolio_id: int, pause: Callable[[], None]) -> int:
    finished = 0
    for proposal in _unstudied().filter(portfolio_id=portfolio_id).order_by("id"):
        study_proposal(proposal, pause)
        finished += 1
    for portfolio in owing().filter(pk=portfolio_id).select_related("latest_run"):
        study_portfolio(portfolio, portfolio.latest_run.finished_at, pause)
        finished += 1
    return finished


def newest_information(portfolio_id: int) -> Study | None:
    """The newest study of a portfolio that says what to learn next."""
    rows = Study.objects.filter(portfolio_id=portfolio_id, information__isnull=False)
    found: Study | None = rows.defer("levers", "frontier", "robustness").first()
    return found


def study_proposal(proposal: Proposal, pause: Callable[[], None]) -> Study:
    """Work out what a proposal's study lacks, part by part. Raises Overtaken."""
    row, _ = Study.objects.get_or_create(
        proposal=proposal,
        defaults={"portfolio_id": proposal.portfolio_id, "as_of": proposal.created_at},
    )
    positions = proposal.solution["positions"]
    working = {bet: position["working"] for bet, position in positions.items()}
    # What a change is worth alone compares optima, and what a person chose is none.
    is_ours = proposal.drawn_up_by_id is None
    parts = tuple(part for part in PARTS if is_ours or part != "gain_alone")
    _fill(row, proposal.snapshot, working, parts, pause)
    return row


def study_portfolio(portfolio: Portfolio, as_of: datetime, pause: Callable[[], None]) -> Study:
    """Work out what to learn next in a portfolio as it stands. Raises Overtaken."""
    snapshot = snapshot_of(portfolio)
    row, _ = Study.objects.update_or_create(
        portfolio=portfolio,
        proposal=None,
        defaults={"as_of": as_of, "finished_at": None, "seconds": 0.0, "problem": ""},
    )
    row.information = None
    _fill(row, snapshot, {}, ("information",), pause)
    return row


def _fill(
    row: Study,
    snapshot: dict[str, Any],
    working: dict[str, float],
    parts: tuple[str, ...],
    pause: Callable[[], None],
) -> None:
    """Work out the parts that are missing, and write each down as soon as it is there."""
    try:
        parsed = parse_snapshot(snapshot)
        for part in parts:
            if getattr(row, part, None) is None:
                pause()
                began = time.perf_counter()
                found = study(parsed, working, [part], pause)[part]
                row.seconds += time.perf_counter() - began
                _write(row, part, found)
    except (SnapshotError, NoSolutionError) as error:
        logger.warning("the study of portfolio %s ended: %s", row.portfolio_id, error)
        row.problem = str(error)
    row.finished_at = timezone.now()
    row.save(update_fields=["finished_at", "seconds", "problem"])
    _tell(row)


@transaction.atomic
def _write(row: Study, part: str, found: Any) -> None:
    """One part, and everybody who looks at it is told."""
    if part == "gain_alone":
        _write_gains(row, found)
        return
    setattr(row, part, found)
    row.save(update_fields=[part, "seconds"])
    _tell(row)


def _write_gains(row: Study, gains: dict[str, float | None]) -> None:
    """The exact gain of each change alone, in place of the estimate it was published with.

    It decides nothing: an approval names the version and the digest, which stay.
    """
    changes = list(ProposalChange.objects.filter(proposal=row.proposal_id))
    for change in changes:
        change.gain_alone = gains.get(str(change.bet_id), change.gain_alone)
    ProposalChange.objects.bulk_update(changes, ["gain_alone"])


def _tell(row: Study) -> None:
    names = ["information"] if row.information is not None else []
    if row.proposal_id is not None:
        names.append(f"study:{row.proposal_id}")
    live.say(row.portfolio_id, *names)
