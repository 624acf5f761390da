"""From evidence to money: how long after a thesis broke or revived the money followed.

A wait begins when the break or revival became known (``ThesisBreak.known_at``, the moment at which
the evidence behind it was taken) and ends with the first decision after it that moved money the
way it points: for a break a transfer out of the bet's working money, what became entangled
included; for a revival one into it. It ends without one where the thesis turns again beforehand.
Opening balances, corrections and other bookings that nobody decided follow from nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from allocation.booked import Booked, booked_in
from bets.models import Portfolio
from evidence.models import ThesisBreak

SECONDS_IN_A_DAY = 86_400


@dataclass(frozen=True)
class Wait:
    """One break or revival, and the decision that followed; None, and no days, where none did."""

    turn: ThesisBreak
    decision_id: int | None = None
    decided_at: datetime | None = None
    turned_again: bool = False

    @property
    def days(self) -> float | None:
        """From the evidence to the decision, in days."""
        if self.decided_at is None:
            return None
        return (self.decided_at - self.turn.known_at).total_seconds() / SECONDS_IN_A_DAY


def waits(portfolio: Portfolio, booked: Iterable[Booked]) -> list[Wait]:
    """Every break and revival with what followed, the oldest first; one query."""
    turns = ThesisBreak.objects.filter(portfolio=portfolio).select_related("bet", "evidence")
    by_bet: dict[int, list[ThesisBreak]] = defaultdict(list)
    for turn in turns.order_by("known_at", "id"):
        by_bet[turn.bet_id].append(turn)
    decided = _decided_changes(booked)
    found = [
        _wait(turn, following, decided)
        for of_bet in by_bet.values()
        for turn, following in pairwise([*of_bet, None])
        if turn is not None
    ]
    return sorted(found, key=lambda wait: (wait.turn.known_at, wait.turn.pk))


def evidence_to_money(portfolio: Portfolio) -> list[float]:
    """The days of every wait that ended with a transfer."""
    found = waits(portfolio, booked_in(portfolio))
    return [wait.days for wait in found if wait.days is not None]


_Decided = Mapping[tuple[int, bool], list[tuple[datetime, int]]]


def _decided_changes(booked: Iterable[Booked]) -> _Decided:
    """When decisions took money out of a bet (True) or put it in (False), the first one first."""
    changes: dict[tuple[int, bool], list[tuple[datetime, int]]] = defaultdict(list)
    for row in booked:
        if row.decision_id is not None:
            for bet_id, change in row.working_changes:
                changes[bet_id, change < 0].append((row.at, row.decision_id))
    return {key: sorted(moments) for key, moments in changes.items()}


def _wait(turn: ThesisBreak, following: ThesisBreak | None, decided: _Decided) -> Wait:
    until = following.known_at if following is not None else None
    for moment, decision_id in decided.get((turn.bet_id, turn.kind == "break"), ()):
        if moment >= turn.known_at and (until is None or moment < until):
            return Wait(turn, decision_id, moment)
    return Wait(turn, turned_again=until is not None)
