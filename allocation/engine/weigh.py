"""What a given allocation is worth and which limits it breaks: nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter

import numpy as np

from allocation.engine.book import Allocation, Book
from allocation.engine.explain import Explanation
from allocation.engine.problem import build
from allocation.engine.program import ROUNDING
from allocation.engine.snapshot import Snapshot
from allocation.engine.solution import DoNothing, Objective, Seconds, Solution, cents, digits
from allocation.engine.terms import objective


def weigh(snapshot: Snapshot, working: Mapping[str, float] | None = None) -> Solution:
    """What it means to fund bets like this, said as `solve` says it.

    The bound is the allocation's own worth, since nothing was searched for; there are no prices.

    Args:
        snapshot: the portfolio.
        working: working funding by bet, currency per month; bets left out stay as they are, and
            without any this is what today's allocation is worth.
    """
    began = perf_counter()
    problem = build(snapshot)
    book = problem.book
    wanted = np.array([(working or {}).get(bet.id, bet.working) for bet in book.bets])
    said = Explanation(problem, _to_the_cent(Allocation.holding(book, wanted)), None)
    current, worth = objective(said.before), objective(said.after)
    moves = said.moves()
    return Solution(
        status="optimal" if said.after.changed.any() else "held",
        reason=None,
        objective=Objective(digits(current), digits(worth), digits(worth), 0.0),
        positions=said.positions(),
        reserve=said.reserve(),
        changes=said.changes(moves, {}),
        moves=moves,
        guardrails=said.guardrails,
        teams=said.teams,
        needs=said.needs,
        envelope=said.envelope,
        breach=said.breach,
        do_nothing=DoNothing(
            objective=digits(current),
            gain=digits(worth - current),
            gain_per_month_of_waiting=digits((worth - current) / snapshot.horizon_months),
        ),
        seconds=Seconds(build=0.0, solve=0.0, explain=round(perf_counter() - began, 6)),
    )


def _to_the_cent(allocation: Allocation) -> Allocation:
    """Newly entangled money in whole cents, as it is booked."""
    stuck = np.array([cents(amount) for amount in allocation.newly_entangled])
    return Allocation(allocation.book, allocation.working, allocation.book.entangled + stuck)


def beyond_terms(snapshot: Snapshot, working: Mapping[str, float]) -> list[tuple[str, str, float]]:
    """Bets whose own terms an allocation does not keep.

    Returns:
        For each the bet, which of its terms ("maximum", "withdrawable" or "minimum"), and the
        working funding that the term allows, currency per month.
    """
    book = Book(snapshot.in_id_order())
    found = []
    for place, bet in enumerate(book.bets):
        wanted = working.get(bet.id, bet.working)
        least_left = bet.working - float(book.withdrawal_limit[place])
        least_funded = float(book.minimum_if_funded[place])
        if wanted > float(book.maximum[place]) + ROUNDING:
            found.append((bet.id, "maximum", float(book.maximum[place])))
        elif wanted < least_left - ROUNDING:
            found.append((bet.id, "withdrawable", least_left))
        elif 0 < wanted < least_funded - ROUNDING:
            found.append((bet.id, "minimum", least_funded))
    return found
