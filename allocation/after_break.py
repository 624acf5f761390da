"""Capital after break: what a bet has gone on consuming since its thesis broke.

The integral of working and entangled money over the time for which the thesis was broken, from
the day of the break to that of the revival or to the day asked for. Money is a rate in currency
per month; a month here is a twelfth of 365.25 days.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from allocation.models import Account, Transfer
from bets.models import Portfolio
from evidence.models import ThesisBreak

DAYS_IN_A_MONTH = Decimal("30.4375")
HOLDS_MONEY = (Account.Kind.WORKING, Account.Kind.ENTANGLED)

Steps = list[tuple[date, Decimal]]
Spell = tuple[date, date]


@dataclass(frozen=True)
class AfterBreak:
    """One bet's money on a broken thesis: the rate at the end, the sum since, and since when."""

    bet_id: int
    rate: Decimal
    spent: Decimal
    broken_on: date | None


def after_break(portfolio: Portfolio, until: date) -> list[AfterBreak]:
    """Each bet whose thesis has ever broken, by the money spent since, most first.

    ``broken_on`` is None for a thesis that has revived. Three queries, however many bets.
    """
    spells = broken_spells(portfolio, until)
    return after_spells(spells, funding_steps(spells, until), until)


def after_spells(
    spells: Mapping[int, Sequence[Spell]], steps: Mapping[int, Steps], until: date
) -> list[AfterBreak]:
    """The same from what has been read already: the spells, and the funding of their bets."""
    rows = []
    for bet_id, intervals in spells.items():
        spent = sum((spent_between(steps[bet_id], *interval) for interval in intervals), Decimal(0))
        last_start, last_end = intervals[-1]
        broken_on = last_start if last_end >= until and last_start <= until else None
        rate = steps[bet_id][-1][1] if steps[bet_id] else Decimal(0)
        rows.append(AfterBreak(bet_id, rate if broken_on else Decimal(0), spent, broken_on))
    return sorted(rows, key=lambda row: (-row.spent, row.bet_id))


def broken_spells(portfolio: Portfolio, until: date) -> dict[int, list[Spell]]:
    """For each bet, the spells for which its thesis was broken, in order, cut off at ``until``."""
    events: dict[int, list[ThesisBreak]] = defaultdict(list)
    breaks = ThesisBreak.objects.filter(portfolio=portfolio, at__date__lte=until)
    for event in breaks.order_by("bet_id", "at", "id"):
        events[event.bet_id].append(event)
    spells: dict[int, list[Spell]] = {}
    for bet_id, changes in events.items():
        start: date | None = None
        for change in changes:
            if change.kind == "break":
                start = start or change.at.date()
            elif start is not None:
                spells.setdefault(bet_id, []).append((start, change.at.date()))
                start = None
        if start is not None:
            spells.setdefault(bet_id, []).append((start, until))
    return spells


def spent_in(spells: Iterable[Spell], steps: Steps, since: date) -> Decimal:
    """What was spent on the broken thesis from a day on, to the cent; currency."""
    return sum((spent_between(steps, max(start, since), end) for start, end in spells), Decimal(0))


def funding_steps(
    bet_ids: Iterable[int], until: date, kinds: Sequence[str] = HOLDS_MONEY
) -> dict[int, Steps]:
    """Money of each bet as steps: (from this date on, rate per month).

    Args:
        bet_ids: which bets.
        until: the last day that counts.
        kinds: which accounts are added up; working and entangled by default.
    """
    wanted = set(bet_ids)
    owner = dict(
        Account.objects.filter(bet_id__in=wanted, kind__in=kinds).values_list("id", "bet_id")
    )
    changes: dict[int, dict[date, Decimal]] = {bet_id: defaultdict(Decimal) for bet_id in wanted}
    rows = Transfer.objects.filter(effective_on__lte=until)
    touching = rows.filter(from_account__in=owner) | rows.filter(to_account__in=owner)
    for giver, taker, amount, day in touching.values_list(
        "from_account_id", "to_account_id", "amount", "effective_on"
    ):
        if giver in owner:
            changes[owner[giver]][day] -= amount
        if taker in owner:
            changes[owner[taker]][day] += amount
    return {bet_id: _cumulated(by_day) for bet_id, by_day in changes.items()}


def _cumulated(by_day: dict[date, Decimal]) -> Steps:
    total, steps = Decimal(0), []
    for day in sorted(by_day):
        total += by_day[day]
        steps.append((day, total))
    return steps


def spent_between(steps: Steps, start: date, end: date) -> Decimal:
    """Currency spent between two dates at the rates of the steps, to the cent."""
    spent = Decimal(0)
    for index, (day, rate) in enumerate(steps):
        until = steps[index + 1][0] if index + 1 < len(steps) else end
        days = (min(until, end) - max(day, start)).days
        if days > 0:
            spent += rate * days / DAYS_IN_A_MONTH
    return spent.quantize(Decimal("0.01"))
