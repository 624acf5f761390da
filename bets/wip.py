"""Limits on work in progress, who set them and who went over them, and the lock of the board.

How many bets stand in a stage can only be judged together with the move that adds one. Whoever
moves a card, changes its stream or what it needs holds the lock of the portfolio's board until
the transaction ends; it is taken before any row is locked, so that nobody waits in a circle.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from bets.models import Bet, Portfolio, Stage, StageChange, ValueStream, WipLimit, WipLimitChange
from spm import live
from spm.accounts.models import ApiKey, User
from spm.accounts.permissions import Principal, require
from spm.errors import Conflict, Invalid

LOCK_SPACE = 0x4B42
HIGHEST_LIMIT = 999

Limits = Mapping[int | None, int | None]


@dataclass(frozen=True)
class FullLimit:
    """A limit that leaves no room: at most ``limit`` bets, of which there are ``count``."""

    stage: Stage
    stream: str
    limit: int
    count: int

    def __str__(self) -> str:
        where = f"{self.stage.label} of {self.stream}" if self.stream else self.stage.label
        held = "1 bet" if self.count == 1 else f"{self.count} bets"
        return f"{where} holds {held}, and its limit on work in progress is {self.limit}"


def lock_board(portfolio_id: int) -> None:
    """Hold the board of a portfolio until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_SPACE, portfolio_id])


def full_limits(
    portfolio_id: int, stage: str, stream_id: int | None, without: int | None = None
) -> list[FullLimit]:
    """The limits that one more bet in this stage and stream would go over.

    Args:
        portfolio_id: whose board; ``lock_board`` must be held for the answer to last.
        stage: the stage to be entered.
        stream_id: the value stream of the bet, or None.
        without: a bet that is not counted: the one that is moved.
    """
    limits = WipLimit.objects.filter(portfolio_id=portfolio_id, stage=stage).filter(
        Q(stream=None) | Q(stream=stream_id)
    )
    full = []
    for limit in limits.select_related("stream").order_by("id"):
        bets = Bet.objects.filter(portfolio_id=portfolio_id, stage=stage).exclude(pk=without)
        if limit.stream is not None:
            bets = bets.filter(stream=limit.stream)
        count = bets.count()
        if count >= limit.limit:
            name = limit.stream.name if limit.stream else ""
            full.append(FullLimit(Stage(stage), name, limit.limit, count))
    return full


@dataclass(frozen=True)
class Override:
    """A card that stands where it does by a move over a limit: who made it, and why."""

    stage: str
    stream_id: int | None
    bet_id: int
    title: str
    who: str
    reason: str
    at: datetime


def overrides_in(portfolio_id: int, stages: Iterable[str]) -> list[Override]:
    """The overrides by which cards stand in these stages now, newest first; one query."""
    changes = StageChange.objects.filter(
        bet__portfolio_id=portfolio_id,
        bet__stage__in=list(stages),
        to_stage=F("bet__stage"),
        changed_at=F("bet__stage_entered_at"),
    ).exclude(override_reason="")
    return [
        Override(
            change.to_stage,
            change.bet.stream_id,
            change.bet_id,
            change.bet.title,
            str(change.changed_by or change.api_key or "The office"),
            change.override_reason,
            change.changed_at,
        )
        for change in changes.select_related("bet", "changed_by", "api_key").order_by("-id")
    ]


def limits_in(portfolio_id: int, stage: str) -> dict[int | None, int]:
    """The limits of a stage by value stream; None is the stage as a whole."""
    rows = WipLimit.objects.filter(portfolio_id=portfolio_id, stage=stage)
    return dict(rows.values_list("stream_id", "limit"))


def field_of(stream_id: int | None) -> str:
    """What the limit of a stream, or of the whole stage, is called in a form and in a refusal."""
    return "limit" if stream_id is None else f"limit_{stream_id}"


@transaction.atomic
def set_limits(
    principal: Principal,
    portfolio: Portfolio,
    stage: str,
    limits: Limits,
    seen: Limits | None = None,
) -> list[WipLimitChange]:
    """Set limits of a stage, and journal each that is another than before.

    Args:
        principal: who does it.
        portfolio: whose board.
        stage: of which stage.
        limits: by value stream, None for the stage as a whole; None as a limit takes it away.
            What stands there already stays, even where it is more than the new limit.
        seen: what the person saw; where somebody else has changed that, it is a conflict.

    Returns:
        The changes as journalled; none where everything was as given.

    Raises:
        NotAllowed: the role does not suffice.
        Invalid: no such stage or stream, or a limit that cannot be.
        Conflict: somebody else has changed one of them since.
    """
    require(principal, "set_wip_limits", portfolio.pk)
    lock_board(portfolio.pk)
    before = limits_in(portfolio.pk, stage)
    _refuse_limits(portfolio, stage, limits)
    clashes = [
        field_of(stream_id)
        for stream_id, limit in limits.items()
        if seen is not None and seen.get(stream_id) != before.get(stream_id) != limit
    ]
    if clashes:
        raise Conflict("Somebody else has changed this limit since you opened the form.", clashes)
    moment = timezone.now()
    changes = [
        WipLimitChange(
            portfolio=portfolio,
            stage=stage,
            stream_id=stream_id,
            from_limit=before.get(stream_id),
            to_limit=limit,
            changed_at=moment,
            changed_by=principal if isinstance(principal, User) else None,
            api_key=principal if isinstance(principal, ApiKey) else None,
        )
        for stream_id, limit in limits.items()
        if before.get(stream_id) != limit
    ]
    _write(portfolio, changes)
    return changes


def set_limit(
    principal: Principal,
    portfolio: Portfolio,
    stage: str,
    stream: int | None,
    limit: int | None,
    seen: Limits | None = None,
) -> list[WipLimitChange]:
    """Set one limit, as ``set_limits`` sets several.

    Args:
        principal: who does it.
        portfolio: whose board.
        stage: of which stage.
        stream: the id of a value stream, or None for the stage as a whole.
        limit: how many bets at most; None takes it away.
        seen: what the person saw there, by stream, if they say so.

    Raises:
        NotAllowed, Invalid, Conflict: as there; fields are called ``stream`` and ``limit``.
    """
    try:
        return set_limits(principal, portfolio, stage, {stream: limit}, seen)
    except Invalid as refusal:
        own = field_of(stream)
        right = "limit" if limit is not None and not 0 <= limit <= HIGHEST_LIMIT else "stream"
        fields = {right if name == own else name: text for name, text in refusal.fields.items()}
        raise Invalid(fields) from refusal
    except Conflict as conflict:
        raise Conflict("Somebody else has changed this limit.", ["limit"]) from conflict


def _refuse_limits(portfolio: Portfolio, stage: str, limits: Limits) -> None:
    wrong = {}
    if stage not in Stage.values:
        wrong["stage"] = f"Choose one of these: {', '.join(Stage.values)}."
    streams = set(ValueStream.objects.filter(portfolio=portfolio).values_list("pk", flat=True))
    for stream_id, limit in limits.items():
        if stream_id is not None and stream_id not in streams:
            wrong[field_of(stream_id)] = "This portfolio has no such value stream."
        elif limit is not None and not 0 <= limit <= HIGHEST_LIMIT:
            wrong[field_of(stream_id)] = f"A limit is a whole number from 0 to {HIGHEST_LIMIT}."
    if wrong:
        raise Invalid(wrong)


def _write(portfolio: Portfolio, changes: list[WipLimitChange]) -> None:
    for change in changes:
        of: dict[str, Any] = {
            "portfolio": portfolio,
            "stage": change.stage,
            "stream_id": change.stream_id,
        }
        if change.to_limit is None:
            WipLimit.objects.filter(**of).delete()
        else:
            WipLimit.objects.update_or_create(**of, defaults={"limit": change.to_limit})
    WipLimitChange.objects.bulk_create(changes)
    if changes:
        live.say(portfolio.pk, "board")
