"""How long bets stay in a stage, and from when on that is unusual.

A stay begins with the move into a stage and is completed by the next move of the same bet. What
is unusual is measured against the stays that were completed: no target, no calendar.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db.models import QuerySet

from bets.models import Bet, Stage, StageChange
from bets.models.bet import EXITS

SECONDS_PER_DAY = 86_400
UNUSUAL_SHARE = 0.85
# A percentile of fewer stays says more about them than about the stage.
LEAST_STAYS = 5
KEEP_SECONDS = 600

#: Bet id, stage entered, when.
Move = tuple[int, str, datetime]


@dataclass(frozen=True)
class Stay:
    """One bet in one stage, from its move there to its next move; it is there still without one."""

    bet_id: int
    stage: Stage
    entered_at: datetime
    left_at: datetime | None = None
    went_to: Stage | None = None

    @property
    def is_completed(self) -> bool:
        """Whether the bet has moved on."""
        return self.left_at is not None

    def days(self, now: datetime) -> float:
        """How long it lasted, or has lasted so far."""
        return ((self.left_at or now) - self.entered_at).total_seconds() / SECONDS_PER_DAY


@dataclass(frozen=True)
class Patience:
    """From when on a stay in a stage is unusually long: more than ``days`` whole days.

    ``stays``: how many completed ones that is the 85th percentile of.
    """

    days: int
    stays: int


def moves_of(bets: QuerySet[Bet]) -> list[Move]:
    """Every move of these bets, bet by bet in the order of time; one query."""
    rows = StageChange.objects.filter(bet__in=bets).order_by("bet_id", "changed_at", "id")
    return list(rows.values_list("bet_id", "to_stage", "changed_at"))


def stays_of(moves: Iterable[Move]) -> list[Stay]:
    """The stays between the moves, which are in the order of ``moves_of``.

    What was entered and left at the same moment was not a stay: so a journal says where a bet
    stood when the books were opened.
    """
    stays = []
    last: Move | None = None
    for move in moves:
        if last is not None:
            stays.append(_between(last, move))
        last = move
    if last is not None:
        stays.append(Stay(last[0], Stage(last[1]), last[2]))
    return [stay for stay in stays if stay.left_at != stay.entered_at]


def _between(move: Move, following: Move) -> Stay:
    bet_id, stage, moment = move
    if following[0] != bet_id:
        return Stay(bet_id, Stage(stage), moment)
    return Stay(bet_id, Stage(stage), moment, following[2], Stage(following[1]))


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies, between the two nearest in proportion.

    ``values`` are in rising order and not empty; ``share`` is from 0 to 1.
    """
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (place - below) * (values[above] - values[below])


def completed_days(stays: Iterable[Stay], now: datetime) -> dict[Stage, list[float]]:
    """How long the completed stays lasted, in days, in rising order, for each stage."""
    days: dict[Stage, list[float]] = defaultdict(list)
    for stay in stays:
        if stay.is_completed:
            days[stay.stage].append(stay.days(now))
    return {stage: sorted(values) for stage, values in days.items()}


def patience_of(completed: Mapping[Stage, Sequence[float]]) -> dict[Stage, Patience]:
    """What is unusual in each stage that says so; never in an exit, where bets stay for good."""
    return {
        stage: Patience(int(percentile(days, UNUSUAL_SHARE)), len(days))
        for stage, days in completed.items()
        if stage not in EXITS and len(days) >= LEAST_STAYS
    }


def patience_in(portfolio_id: int, now: datetime) -> dict[Stage, Patience]:
    """The same for a portfolio; worked out every ten minutes, one query."""
    key = f"patience:{portfolio_id}"
    kept: dict[str, tuple[int, int]] | None = cache.get(key)
    if kept is None:
        stays = stays_of(moves_of(Bet.objects.filter(portfolio_id=portfolio_id)))
        patience = patience_of(completed_days(stays, now))
        kept = {stage.value: (each.days, each.stays) for stage, each in patience.items()}
        cache.set(key, kept, KEEP_SECONDS)
    return {Stage(stage): Patience(*figures) for stage, figures in kept.items()}


def unusually_long(bet: Bet, patience: Mapping[Any, Patience], now: datetime) -> Patience | None:
    """What the bet's stay in its stage is longer than, or None if it is not unusual."""
    limit = patience.get(bet.stage)
    days = int((now - bet.stage_entered_at).total_seconds() // SECONDS_PER_DAY)
    return limit if limit is not None and days > limit.days else None
