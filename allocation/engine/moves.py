"""Which freed money goes where: withdrawals paired with additions, the reserve taking the rest.

The optimum fixes what each bet gives and takes, not who gives to whom. The pairing is for people:
money stays in its team where it can, then follows the lending that the proposal relies on, and
what is there sooner is used first. Entangled money is freed by nobody and is no move.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from allocation.engine.snapshot import Bet


@dataclass(frozen=True)
class Move:
    """One amount (currency per month) from a bet to a bet; None stands for the reserve."""

    source: str | None
    target: str | None
    amount: float
    available_in_months: float


@dataclass
class _Side:
    """A bet that gives or takes, and how many cents of it are not paired yet."""

    bet: Bet
    cents: int


def pair(
    freed: Iterable[tuple[Bet, float]],
    added: Iterable[tuple[Bet, float]],
    lending: Iterable[tuple[str, str]],
) -> list[Move]:
    """The moves for what bets free and add (currency per month each).

    `lending`: pairs of teams (lender, borrower) that the proposal uses. Σ of the moves out of a bet
    is what it frees, Σ of the moves into one what it adds, to the cent.
    """
    sources = [_Side(bet, round(amount * 100)) for bet, amount in freed]
    targets = [_Side(bet, round(amount * 100)) for bet, amount in added]
    sources.sort(key=lambda side: (side.bet.notice_months, side.bet.id))
    targets.sort(key=lambda side: side.bet.id)
    lent = set(lending)
    tiers: tuple[Callable[[Bet, Bet], bool], ...] = (
        lambda source, target: not source.teams.keys().isdisjoint(target.teams),
        lambda source, target: any((s, t) in lent for s in source.teams for t in target.teams),
        lambda source, target: True,
    )
    moves = [move for tier in tiers for move in _matched(sources, targets, tier)]
    moves += [_move(side, None, side.cents) for side in sources if side.cents]
    moves += [Move(None, side.bet.id, side.cents / 100, 0.0) for side in targets if side.cents]
    return sorted(moves, key=lambda m: (m.source is None, m.source or "", m.target or ""))


def _matched(
    sources: list[_Side], targets: list[_Side], fits: Callable[[Bet, Bet], bool]
) -> Iterable[Move]:
    """Moves between sides that fit, sooner money and lower ids first."""
    for source in sources:
        for target in targets:
            cents = min(source.cents, target.cents)
            if cents and fits(source.bet, target.bet):
                source.cents -= cents
                target.cents -= cents
                yield _move(source, target, cents)


def _move(source: _Side, target: _Side | None, cents: int) -> Move:
    return Move(
        source.bet.id,
        target.bet.id if target else None,
        cents / 100,
        source.bet.notice_months,
    )
