"""What broken theses really cost, from the actual spend that was imported by bet and month."""

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from allocation.after_break import Spell

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Actual:
    """Currency spent on a broken thesis, and for how many of its months anybody has said so."""

    spent: Decimal
    months_known: int
    months: int


def actual_after_break(by_month: Mapping[date, Decimal], spells: Sequence[Spell]) -> Actual | None:
    """What a bet really cost while its thesis was broken; None where no such month is known.

    A month that lies partly in a spell counts by its days.

    Args:
        by_month: what the bet cost, by the first day of the month.
        spells: when the thesis was broken; the last day of a spell is no longer in it.
    """
    months = sorted({month for spell in spells for month in _months_of(*spell)})
    known = [month for month in months if month in by_month]
    if not known:
        return None
    spent = sum((by_month[month] * _share(month, spells) for month in known), Decimal(0))
    return Actual(spent.quantize(CENT), len(known), len(months))


def _months_of(start: date, end: date) -> Iterable[date]:
    """The first days of the months that have a day in a spell."""
    month = start.replace(day=1)
    while month < end:
        yield month
        month = (month + timedelta(days=31)).replace(day=1)


def _share(month: date, spells: Iterable[Spell]) -> Decimal:
    """Which part of a month's days lies in the spells."""
    days = calendar.monthrange(month.year, month.month)[1]
    after = month + timedelta(days=days)
    inside = sum(max((min(end, after) - max(start, month)).days, 0) for start, end in spells)
    return Decimal(inside) / days
