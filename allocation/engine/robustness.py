"""In how many futures a proposal beats doing nothing: Monte Carlo over theses and values.

In each future every thesis holds or fails (Bernoulli of its belief: the hypotheses of one bet are
independent, and so are the bets), and each that holds is worth an amount drawn from a lognormal
distribution through its P10 and P90. Each future is lived through twice, with today's funding and
with the proposed one, so that chance is the same for both and the difference is the proposal's.

Everything but the value is certain: the money, notice, exit, ramp-up and switching cost. The draws
belong to the seed and the place of a bet in id order: another belief changes that bet alone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from allocation.engine.book import Allocation, Book, Floats
from allocation.engine.snapshot import Bet
from allocation.engine.solution import digits
from allocation.engine.terms import FundingValue, objective

FUTURES = 10_000
SEED = 20_261
BLOCK = 128
"""Bets that are drawn at once: the memory that it takes is this × the futures."""
Z90 = 1.2815515655446004
"""The standard normal distribution's 90th percentile."""
STEPS = tuple(range(0, 101, 5))
"""Percentiles that tell a whole distribution."""


@dataclass(frozen=True)
class Spread:
    """What an outcome may come to, currency over the horizon."""

    mean: float
    p10: float
    p50: float
    p90: float
    percentiles: tuple[float, ...]
    """The least, then every fifth percentile, then the most."""

    @classmethod
    def of(cls, outcomes: Floats) -> Spread:
        """The distribution of outcomes, one for each future."""
        found = [digits(value) for value in np.percentile(outcomes, STEPS)]
        middle = dict(zip(STEPS, found, strict=True))
        return cls(digits(outcomes.mean()), middle[10], middle[50], middle[90], tuple(found))


@dataclass(frozen=True)
class Robustness:
    """The futures of a proposal against those of doing nothing."""

    futures: int
    seed: int
    today: Spread
    proposed: Spread
    difference: Spread
    probability_better: float
    """The share of futures in which the proposal is worth more than today's allocation."""
    probability_worse: float
    standard_error: float
    """Of the probability, from drawing so many futures and no more."""

    def as_dict(self) -> dict[str, Any]:
        """The JSON."""
        return asdict(self)


def robustness(proposed: Allocation, *, futures: int = FUTURES, seed: int = SEED) -> Robustness:
    """Live through `futures` futures with today's allocation and with the proposed one."""
    today = Allocation.today(proposed.book)
    worth_today, worth = outcomes((today, proposed), futures, seed)
    difference = worth - worth_today
    noise = 1e-9 * max(1.0, float(np.abs(worth).max(initial=0.0)))
    better = float((difference > noise).mean())
    return Robustness(
        futures=futures,
        seed=seed,
        today=Spread.of(worth_today),
        proposed=Spread.of(worth),
        difference=Spread.of(difference),
        probability_better=better,
        probability_worse=float((difference < -noise).mean()),
        standard_error=digits(np.sqrt(better * (1.0 - better) / futures)),
    )


def outcomes(allocations: tuple[Allocation, ...], futures: int, seed: int) -> list[Floats]:
    """What each allocation comes to in each future, currency over the horizon."""
    book = allocations[0].book
    certain = [objective(each) - float(FundingValue().of(each).sum()) for each in allocations]
    found = [np.full(futures, amount) for amount in certain]
    shares = [_earned_shares(each) for each in allocations]
    dice = np.random.Generator(np.random.PCG64(seed))
    for first in range(0, book.size, BLOCK):
        block = slice(first, first + BLOCK)
        values = _values(book, block, futures, dice)
        for total, share in zip(found, shares, strict=True):
            total += share[block] @ values
    return found


def _earned_shares(allocation: Allocation) -> Floats:
    """g_j(x_j/F_j), for each bet; nothing where full funding is nothing."""
    return np.array(
        [
            bet.response.at(working / bet.full_funding) if bet.full_funding > 0 else 0.0
            for bet, working in zip(allocation.book.bets, allocation.working, strict=True)
        ]
    )


def _values(book: Book, block: slice, futures: int, dice: np.random.Generator) -> Floats:
    """What the bets of a block are worth in each future: shape (bets, futures), 0 if one fails."""
    bets = book.bets[block]
    drawn = dice.random((len(bets), futures))
    normal = dice.standard_normal((len(bets), futures))
    belief = np.array([bet.belief for bet in bets])
    values = np.empty_like(normal)
    for row, bet in enumerate(bets):
        values[row] = value_at(bet, normal[row])
    return np.where(drawn < belief[:, None], values, 0.0)


def value_at(bet: Bet, normal: Floats) -> Floats:
    """A bet's value if its thesis holds, at draws from the standard normal distribution.

    Lognormal through P10 and P90; normal through them where P10 is not above 0, which no lognormal
    distribution passes; always V where no percentiles are known.
    """
    spread = bet.percentiles
    if spread is None:
        return np.full(normal.shape, bet.value_if_true)
    if spread.p10 > 0:
        low, high = np.log(spread.p10), np.log(spread.p90)
        return np.asarray(np.exp((low + high) / 2 + (high - low) / (2 * Z90) * normal))
    middle, width = (spread.p10 + spread.p90) / 2, spread.p90 - spread.p10
    return np.asarray(middle + width / (2 * Z90) * normal)
