"""Beliefs as they are written down: worked out from scratch, in one place, in one transaction.

Whatever happens to a bet's evidence or thesis, ``refresh`` (or ``write``, for who holds the lock
already) works out all of its beliefs anew and brings every projection up to date: the bet's
columns, the belief in each hypothesis, the points over time, breaks and revivals. It then tells
the floors above.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from bets.models import Bet
from evidence.differences import differences
from evidence.history import BetHistory, histories_of
from evidence.models import BeliefPoint, Evidence, HypothesisBelief, ThesisBreak
from evidence.moved import has_moved, matters_to_money, moved
from evidence.notices.requests import tell_of_answers
from evidence.notices.theses import Change, tell_of_theses
from evidence.signals import beliefs_changed
from evidence.standing import Standing, Turn, moment_for, standing_of, turns_of, turns_since
from evidence.webhooks import owe_theses
from spm import live
from spm.copying import write_over

__all__ = [
    "Written",
    "differences",
    "lock",
    "note_passing_time",
    "refresh",
    "write",
    "write_in_parts",
]

#: With more bets than these at once, open pages are told to fetch everything.
MOST_NAMES = 50

_PROJECTED = (
    "belief",
    "belief_before",
    "belief_changed_at",
    "freshest_evidence_at",
    "thesis_status",
    "broken_at",
    "evidence_decibans",
    "version",
)


@dataclass(frozen=True)
class Written:
    """What was written about one bet."""

    bet: Bet
    standing: Standing
    turns: list[ThesisBreak] = field(default_factory=list)


@dataclass(frozen=True)
class Cause:
    """Why beliefs are worked out anew.

    ``evidence`` is the single event that did it, ``touched`` the hypotheses that were spoken of;
    ``in_bulk`` says that a thesis may have broken and been revived within one writing.
    """

    reason: str
    known_at: datetime
    evidence: Evidence | None = None
    touched: Collection[int] = ()
    in_bulk: bool = False


def lock(bet_ids: Iterable[int]) -> list[Bet]:
    """The bets, in id order, kept from everybody else who writes until the transaction ends."""
    rows = Bet.objects.select_for_update(no_key=True).filter(pk__in=set(bet_ids))
    return list(rows.order_by("id"))


@transaction.atomic
def refresh(
    bet_ids: Iterable[int],
    as_of: datetime | None = None,
    evidence: Evidence | None = None,
    *,
    reason: str = "Beliefs were worked out anew.",
) -> list[Written]:
    """Work out the beliefs of some bets and write them, whether or not they have moved.

    Args:
        bet_ids: which bets.
        as_of: the moment to judge at; now by default.
        evidence: the event that is the cause, if there is one.
        reason: a short sentence for whoever recomputes.
    """
    now = timezone.now()
    bets = lock(bet_ids)
    cause = Cause(reason, now, evidence, in_bulk=evidence is None)
    return write(bets, histories_of(bets), as_of or now, cause)


def note_passing_time(bet_ids: Sequence[int], as_of: datetime) -> list[Written]:
    """Let time count: write the bets in which ageing or a deadline has changed something.

    A belief is written only when it has moved noticeably from what stands there, so that slow
    ageing adds up instead of being lost in small steps. Nothing is locked to find out.
    """
    bets = list(Bet.objects.filter(pk__in=bet_ids).order_by("id"))
    histories = histories_of(bets)
    older = [bet.pk for bet in bets if has_moved(bet, histories[bet.pk], as_of)]
    if not older:
        return []
    with transaction.atomic():
        bets = lock(older)
        cause = Cause("Time has passed: evidence has aged or a deadline is over.", as_of)
        return write(bets, histories_of(bets), as_of, cause)


def write(
    bets: Sequence[Bet], histories: Mapping[int, BetHistory], as_of: datetime, cause: Cause
) -> list[Written]:
    """Write the beliefs of bets that the caller has locked, and tell whoever listens."""
    return write_in_parts([(bets, histories)], as_of, cause)


def write_in_parts(
    parts: Iterable[tuple[Sequence[Bet], Mapping[int, BetHistory]]], as_of: datetime, cause: Cause
) -> list[Written]:
    """The same for so many bets that their histories are better not held all at once."""
    written: list[Written] = []
    changes: list[Change] = []
    matters: set[int] = set()
    for bets, histories in parts:
        was = {bet.pk: bet.thesis_status for bet in bets}
        standings = {
            bet.pk: standing_of(histories[bet.pk], moment_for(histories[bet.pk], as_of))
            for bet in bets
        }
        matters.update(bet.pk for bet in bets if matters_to_money(bet, standings[bet.pk]))
        turns = _write_turns(bets, histories, standings, cause)
        _write_points(bets, histories, standings, cause)
        _write_hypotheses(standings.values())
        for bet in bets:
            new = turns.get(bet.pk, [])
            _project(bet, standings[bet.pk], new, cause)
            changes.append(Change(bet, was[bet.pk], new))
            written.append(Written(bet, standings[bet.pk], new))
        write_over(bets, _PROJECTED)
    tell_of_theses(changes, cause.known_at)
    owe_theses(changes, cause.known_at)
    tell_of_answers(cause.touched, cause.known_at)
    _tell([each.bet for each in written], matters, cause)
    return written


# --- writing --------------------------------------------------------------------------------------


def _write_turns(
    bets: Sequence[Bet],
    histories: Mapping[int, BetHistory],
    standings: Mapping[int, Standing],
    cause: Cause,
) -> dict[int, list[ThesisBreak]]:
    """Append the breaks and revivals that are not on record yet, by bet."""
    turned = [
        bet
        for bet in bets
        if cause.in_bulk or (bet.thesis_status == "broken") != standings[bet.pk].is_broken
    ]
    known = _last_known([bet.pk for bet in turned])
    rows: dict[int, list[ThesisBreak]] = {}
    asked = [(histories[bet.pk], standings[bet.pk]) for bet in turned]
    for bet, (history, standing), turns in zip(turned, asked, turns_of(asked), strict=True):
        fresh = turns_since(turns, known.get(bet.pk), standing)
        rows[bet.pk] = [_break_row(bet, history, turn, cause) for turn in fresh]
    ThesisBreak.objects.bulk_create(row for fresh in rows.values() for row in fresh)
    return rows


def _last_known(bet_ids: list[int]) -> dict[int, Turn]:
    rows = ThesisBreak.objects.filter(bet_id__in=bet_ids).order_by("bet_id", "-id")
    return {
        row.bet_id: Turn(row.kind, row.at, row.belief, (), row.evidence_id)
        for row in rows.distinct("bet_id")
    }


def _break_row(bet: Bet, history: BetHistory, turn: Turn, cause: Cause) -> ThesisBreak:
    return ThesisBreak(
        portfolio_id=bet.portfolio_id,
        bet=bet,
        kind=turn.kind,
        at=turn.at,
        known_at=cause.known_at,
        belief=turn.belief,
        evidence_id=cause.evidence.pk if cause.evidence else turn.evidence,
        # In words too: criteria can be changed, what was met then cannot.
        kill_criteria=[{"id": each, "says": history.criteria.get(each, "")} for each in turn.kill],
    )


def _write_points(
    bets: Sequence[Bet],
    histories: Mapping[int, BetHistory],
    standings: Mapping[int, Standing],
    cause: Cause,
) -> None:
    """Append a point for each belief that was spoken of or has moved, once there is evidence."""
    points = []
    for bet in bets:
        standing, history = standings[bet.pk], histories[bet.pk]
        is_spoken_of = cause.in_bulk or bool(standing.hypotheses.keys() & set(cause.touched))
        if standing.newest is None and bet.belief_changed_at is None:
            continue
        if standing.belief is not None and (is_spoken_of or moved(bet.belief, standing.belief)):
            points.append(_point(bet, None, standing.belief, standing, cause))
        for identifier, now in standing.hypotheses.items():
            known = history.known.get(identifier)
            before = known.belief if known else None
            if identifier in cause.touched or moved(before, now.belief):
                points.append(_point(bet, int(identifier), now.belief, standing, cause))
    BeliefPoint.objects.bulk_create(points)


def _point(
    bet: Bet, hypothesis_id: int | None, belief: float, standing: Standing, cause: Cause
) -> BeliefPoint:
    return BeliefPoint(
        bet=bet,
        hypothesis_id=hypothesis_id,
        evidence=cause.evidence,
        at=standing.as_of,
        known_at=cause.known_at,
        belief=belief,
    )


def _write_hypotheses(standings: Iterable[Standing]) -> None:
    HypothesisBelief.objects.bulk_create(
        (
            HypothesisBelief(
                hypothesis_id=identifier,
                belief=now.belief,
                judgement_decibans=now.judgement_decibans,
                measurement_decibans=now.measurement_decibans,
                freshness=now.freshness,
                kill_criteria_met=list(now.kill),
                as_of=standing.as_of,
            )
            for standing in standings
            for identifier, now in standing.hypotheses.items()
        ),
        update_conflicts=True,
        unique_fields=["hypothesis"],
        update_fields=[
            "belief",
            "judgement_decibans",
            "measurement_decibans",
            "freshness",
            "kill_criteria_met",
            "as_of",
        ],
    )


def _project(bet: Bet, standing: Standing, turns: list[ThesisBreak], cause: Cause) -> None:
    """Bring the bet's own columns up to date; not saved."""
    if bet.belief is not None and moved(bet.belief, standing.belief):
        bet.belief_before = bet.belief
        bet.belief_changed_at = cause.known_at
    bet.belief = standing.belief
    bet.freshest_evidence_at = standing.newest
    bet.thesis_status = standing.status
    bet.evidence_decibans = standing.decibans
    if turns:
        bet.broken_at = turns[-1].at if turns[-1].kind == "break" else None
    bet.version += 1


def _tell(bets: Sequence[Bet], matters: set[int], cause: Cause) -> None:
    """Tell the floors above, in this transaction, and open pages after it."""
    by_portfolio: dict[int, list[int]] = {}
    for bet in bets:
        by_portfolio.setdefault(bet.portfolio_id, []).append(bet.pk)
    for portfolio_id, bet_ids in sorted(by_portfolio.items()):
        # What was learnt or restated is always looked at; ageing only where it can move money.
        is_ageing = cause.evidence is None and not cause.touched and not cause.in_bulk
        moving = [bet_id for bet_id in bet_ids if bet_id in matters] if is_ageing else bet_ids
        if moving:
            beliefs_changed.send(
                sender=Bet,
                portfolio_id=portfolio_id,
                evidence=cause.evidence,
                bet_ids=moving,
                reason=cause.reason,
            )
        names = [f"bet:{bet_id}" for bet_id in bet_ids] if len(bet_ids) <= MOST_NAMES else ["all"]
        live.say(portfolio_id, *names, "board", *(["evidence"] if cause.touched else []))
