"""Which freed money goes where: withdrawals paired with additions, the reserve taking the rest.

The optimum fixes what each bet gives and takes, not who gives to whom. The pairing is for people:
money stays in its team where it can, then follows the lending that the proposal relies on, and
what is there sooner is used first. Entangled money is freed by nobody and is no move.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
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
    by_team: dict[str, list[int]] = defaultdict(list)
    for place, side in enumerate(targets):
        for team in side.bet.teams:
            by_team[team].append(place)
    borrowers: dict[str, list[str]] = defaultdict(list)
    for lender, borrower in lending:
        borrowers[lender].append(borrower)

    def in_its_teams(bet: Bet) -> set[int]:
        return {place for team in bet.teams for place in by_team[team]}

    def where_its_teams_lend(bet: Bet) -> set[int]:
        lent = {borrower for team in bet.teams for borrower in borrowers[team]}
        return {place for team in lent for place in by_team[team]}

    moves = [*_matched(sources, targets, in_its_teams)]
    moves += _matched(sources, targets, where_its_teams_lend)
    moves += _in_order(sources, targets)
    moves += [_move(side, None, side.cents) for side in sources if side.cents]
    moves += [Move(None, side.bet.id, side.cents / 100, 0.0) for side in targets if side.cents]
    return sorted(moves, key=lambda m: (m.source is None, m.source or "", m.target or ""))


def _matched(
    sources: list[_Side], targets: list[_Side], fitting: Callable[[Bet], set[int]]
) -> Iterator[Move]:
    """Moves between sides that fit, sooner money and lower ids first."""
    for source in sources:
        if not source.cents:
            continue
        for place in sorted(fitting(source.bet)):
            yield from _paired(source, targets[place])


def _in_order(sources: list[_Side], targets: list[_Side]) -> Iterator[Move]:
    """What is left on both sides, paired one after the other."""
    waiting = iter([side for side in targets if side.cents])
    target = next(waiting, None)
    for source in sources:
        while source.cents and target is not None:
            yield from _paired(source, target)
            if not target.cents:
                target = next(waiting, None)


def _paired(source: _Side, target: _Side) -> Iterator[Move]:
    """As much as one side has and the other takes."""
    cents = min(source.cents, target.cents)
    if cents:
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
