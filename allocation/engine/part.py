"""The best part of a proposal: solved again with some bets held and the others kept in a range.

A part is asked for as a range of working funding for each bet, lo_j ≤ c_j ≤ hi_j where the bet is
free, and a single amount a_j where it is fixed; every bet that is not named stays as it is. Free
bets keep within their range by their own terms:

    x_j ≤ hi_j   is a maximum,        w_j ≤ c_j − lo_j   is a share of c_j that may be withdrawn

What is fixed is done already when the free ones are decided: they are solved from where the fixed
bets stand then, u_j + (1−ρ_j)·w_j entangled and their w_j taken off every turnover guardrail. A
limit that the fixed amounts break is therefore mended as far as the free bets can mend it, and what
remains is told in `breach`, not refused. The answer is weighed against today, as a proposal is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from allocation.engine.program import HALF_A_CENT
from allocation.engine.snapshot import Bet, Guardrail, Snapshot
from allocation.engine.solution import Solution
from allocation.engine.solve import solve
from allocation.engine.weigh import weigh

ALMOST_HALF_A_CENT = 0.98 * HALF_A_CENT
"""Less than what rounding forgives, so that no amount is rounded to a cent beyond its range."""


@dataclass(frozen=True)
class Within:
    """The working funding that a bet may end with, currency per month; one amount if it is fixed.

    A range contains what the bet holds today.
    """

    least: float
    most: float

    @property
    def is_fixed(self) -> bool:
        """Whether there is nothing to decide."""
        return self.least == self.most


def best_within(snapshot: Snapshot, ranges: Mapping[str, Within]) -> Solution:
    """The best allocation in which each bet ends within its range.

    Args:
        snapshot: the portfolio.
        ranges: by bet; one that is left out stays as it is.

    Returns:
        What it means against today. `breach` says whether the fixed amounts can be kept.
    """
    free = solve(narrowed_to(snapshot, ranges), with_gains_alone=False)
    return weigh(snapshot, {bet: free.positions[bet].working for bet in ranges})


def narrowed_to(snapshot: Snapshot, ranges: Mapping[str, Within]) -> Snapshot:
    """The portfolio once the fixed bets are where they shall be, and the others in their range."""
    fixed = [
        (bet, max(bet.working - ranges[bet.id].least, 0.0))
        for bet in snapshot.bets
        if bet.id in ranges and ranges[bet.id].is_fixed
    ]
    return replace(
        snapshot,
        bets=tuple(_narrowed(bet, ranges.get(bet.id)) for bet in snapshot.bets),
        guardrails=tuple(_less_turnover(rail, fixed, snapshot) for rail in snapshot.guardrails),
    )


def _narrowed(bet: Bet, within: Within | None) -> Bet:
    if within is None:
        return replace(bet, withdrawable=0.0, may_grow=False)
    if within.is_fixed:
        withdrawn = max(bet.working - within.least, 0.0)
        stuck = bet.entangled + (1.0 - bet.reclaimable) * withdrawn
        return replace(bet, working=within.least, entangled=stuck, withdrawable=0.0, may_grow=False)
    most = within.most + ALMOST_HALF_A_CENT
    return replace(
        bet,
        maximum=most if bet.maximum is None else min(most, bet.maximum),
        withdrawable=min(_share_that_may_leave(bet, within.least), bet.withdrawable),
        may_grow=bet.may_grow and within.most > bet.working,
    )


def _share_that_may_leave(bet: Bet, least: float) -> float:
    """λ_j for which w_j ≤ λ_j·c_j leaves a bet with `least`."""
    if least >= bet.working:
        return 0.0
    return (bet.working - least + ALMOST_HALF_A_CENT) / bet.working


def _less_turnover(
    rail: Guardrail, fixed: list[tuple[Bet, float]], snapshot: Snapshot
) -> Guardrail:
    """A turnover guardrail less what the fixed bets in its scope give already."""
    if rail.kind != "turnover" or rail.maximum is None or snapshot.envelope <= 0:
        return rail
    given = sum(withdrawn for bet, withdrawn in fixed if rail.covers(bet))
    return replace(rail, maximum=rail.maximum - given / snapshot.envelope)
