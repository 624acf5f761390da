"""Actual spend beside what was funded, month by month: a signal, never a fault."""

import calendar
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import groupby
from typing import Any

from allocation.actuals import current
from allocation.after_break import Steps, funding_steps
from allocation.models import ActualSpend
from bets.models import Bet, Portfolio
from spm import formats

CENT = Decimal("0.01")
MONTHS_ON_A_BET = 12


@dataclass(frozen=True)
class MonthOfBet:
    """One bet in one month, in currency: what it cost, and what it was funded with."""

    bet: Bet
    month: date
    actual: Decimal
    funded: Decimal
    sources: list[ActualSpend]
    is_over: bool
    """Whether the month is over, so that what it cost can be held against all of it."""

    @property
    def difference(self) -> Decimal:
        """Actual minus funded."""
        return self.actual - self.funded

    @property
    def signal(self) -> str:
        """In words, such as '€12k under what was funded'."""
        return in_words(self.difference, self.bet.portfolio.currency, is_over=self.is_over)


def in_words(difference: Decimal, currency: str, *, is_over: bool = True) -> str:
    """How what was spent compares with what was funded."""
    if not is_over:
        return "the month is not over"
    if not difference:
        return "what was funded"
    way = "over" if difference > 0 else "under"
    return f"{formats.money(abs(difference), currency)} {way} what was funded"


def funded_in(steps: Steps, month: date) -> Decimal:
    """What a rate that changes in steps comes to in a month: each rate by its share of the days.

    Args:
        steps: (from this day on, currency per month), in order.
        month: its first day.
    """
    days = calendar.monthrange(month.year, month.month)[1]
    begins, ends = month.toordinal(), month.toordinal() + days
    total = Decimal(0)
    for place, (day, rate) in enumerate(steps):
        until = steps[place + 1][0].toordinal() if place + 1 < len(steps) else ends
        share = min(until, ends) - max(day.toordinal(), begins)
        if share > 0:
            total += rate * share / days
    return total.quantize(CENT, rounding=ROUND_HALF_EVEN)


def last_day(month: date) -> date:
    """The last day of a month, by its first."""
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def page(
    portfolio: Portfolio, today: date, rows: int, *, after: str = "", bet_id: int | None = None
) -> tuple[list[MonthOfBet], str]:
    """Months of bets of which something was spent, newest first; a fixed number of queries.

    Args:
        portfolio: whose.
        today: what month is not over yet.
        rows: how many at most.
        after: where the page before ended, as it said; empty for the first.
        bet_id: of one bet only.

    Returns:
        The rows, and where the next page begins; empty if there is none.
    """
    pairs = ActualSpend.objects.filter(portfolio=portfolio)
    if bet_id is not None:
        pairs = pairs.filter(bet_id=bet_id)
    cursor = _cursor(after)
    if cursor is not None:
        month, last_bet = cursor
        pairs = pairs.filter(month__lt=month) | pairs.filter(month=month, bet_id__gt=last_bet)
    in_order = pairs.order_by("-month", "bet_id").values_list("month", "bet_id").distinct()
    found = list(in_order[: rows + 1])
    shown = found[:rows]
    more = f"{shown[-1][0]:%Y-%m}.{shown[-1][1]}" if len(found) > rows else ""
    return list(_months(portfolio, shown, today)), more


def _cursor(text: str) -> tuple[date, int] | None:
    month, _, bet_id = text.partition(".")
    try:
        return date.fromisoformat(f"{month}-01"), int(bet_id[:18])
    except ValueError:
        return None


def _months(
    portfolio: Portfolio, pairs: Sequence[tuple[date, int]], today: date
) -> Iterator[MonthOfBet]:
    """The months of the pairs, in their order; three queries."""
    if not pairs:
        return
    bets = Bet.objects.in_bulk({bet_id for _, bet_id in pairs})
    months = [month for month, _ in pairs]
    steps = funding_steps(bets, last_day(max(months)))
    said: dict[tuple[date, int], list[ActualSpend]] = {}
    rows = current(bets).filter(month__gte=min(months), month__lte=max(months))
    by_pair = groupby(rows, key=lambda row: (row.month, row.bet_id))
    said = {pair: list(group) for pair, group in by_pair}
    for month, bet_id in pairs:
        bet = bets[bet_id]
        bet.portfolio = portfolio
        sources = said[month, bet_id]
        yield MonthOfBet(
            bet,
            month,
            sum((row.amount for row in sources), Decimal(0)),
            funded_in(steps[bet_id], month),
            sources,
            last_day(month) < today,
        )


def of_bet(bet: Bet, today: date) -> list[MonthOfBet]:
    """The last months of a bet of which something was said, newest first."""
    rows, _ = page(bet.portfolio, today, MONTHS_ON_A_BET, bet_id=bet.pk)
    return rows


COLUMNS = (
    "month",
    "bet number",
    "bet",
    "actual",
    "funded",
    "actual minus funded",
    "signal",
    "sources",
)


def table(portfolio: Portfolio, today: date, bet_id: int | None = None) -> Iterable[Sequence[Any]]:
    """Everything as rows of a text table, the head first; read a page at a time."""
    yield COLUMNS
    after = ""
    while True:
        rows, after = page(portfolio, today, 500, after=after, bet_id=bet_id)
        for row in rows:
            yield (
                f"{row.month:%Y-%m}",
                row.bet.pk,
                row.bet.title,
                row.actual,
                row.funded,
                row.difference,
                row.signal,
                ", ".join(each.source for each in row.sources),
            )
        if not after:
            return
