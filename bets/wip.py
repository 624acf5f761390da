"""Limits on work in progress, and the lock under which they and the needs between bets are kept.

How many bets stand in a stage can only be judged together with the move that adds one. Whoever
moves a card, changes its stream or what it needs holds the lock of the portfolio's board until
the transaction ends; it is taken before any row is locked, so that nobody waits in a circle.
"""

from dataclasses import dataclass

from django.db import connection
from django.db.models import Q

from bets.models import Bet, Stage, WipLimit

LOCK_SPACE = 0x4B42


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
