"""What limits have measured and allowed over time, from the ledger and the journal of limits.

What bets held on a day is the ledger's; which of them a guardrail looked at is judged by what they
are today, since a bet's theme, stream and horizon hardly change. What a proposal withdrew counts on
the day of its approval.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from allocation.models import Account, Decision, Guardrail, LimitChange, Transfer
from bets.models import Bet, Portfolio

MOST_DAYS = 730
SAMPLES = 36

Kind = Guardrail.Kind
Attributes = Mapping[int, Mapping[str, str]]


@dataclass
class Held:
    """What stood where at the end of a day; currency per month."""

    envelope: float = 0.0
    working: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    entangled: dict[int, float] = field(default_factory=lambda: defaultdict(float))

    def of(self, bet_id: int) -> float:
        """Working and entangled money of a bet."""
        return self.working.get(bet_id, 0.0) + self.entangled.get(bet_id, 0.0)


@dataclass(frozen=True)
class Limits:
    """What a guardrail allowed; None where it had no such end."""

    minimum: float | None
    maximum: float | None


@dataclass(frozen=True)
class History:
    """One guardrail on each of the days, in the unit of its limits; None before it was made."""

    values: list[float | None]
    limits: list[Limits | None]

    @property
    def shown_limit(self) -> float | None:
        """The limit of today that is drawn across a sparkline: the most, or else the least."""
        last = self.limits[-1] if self.limits else None
        if last is None:
            return None
        return last.maximum if last.maximum is not None else last.minimum


def days_until(today: date, first: date) -> list[date]:
    """So many days up to today, evenly apart, from the opening of the books on or two years ago."""
    span = min(max((today - first).days, SAMPLES - 1), MOST_DAYS)
    return [today - timedelta(days=round(span * n / (SAMPLES - 1))) for n in range(SAMPLES)][::-1]


def value_of(guardrail: Guardrail, held: Held, attributes: Attributes) -> float | None:
    """What a guardrail measures, as the engine does for today (its kinds in engine.md, section 2).

    None for a turnover, which no position has, and for a share of an envelope of nothing.
    """
    inside = [bet_id for bet_id in attributes if covers(guardrail, attributes[bet_id])]
    whole = sum(held.of(bet_id) for bet_id in inside)
    if guardrail.kind == Kind.AMOUNT:
        return whole
    if guardrail.kind == Kind.COUNT:
        return float(sum(held.working.get(bet_id, 0.0) > 0 for bet_id in inside))
    if guardrail.kind == Kind.RESERVE:
        return held.envelope - sum(held.of(bet_id) for bet_id in attributes)
    if guardrail.kind == Kind.TURNOVER or held.envelope <= 0:
        return None
    if guardrail.kind == Kind.BET_SHARE:
        return max((held.of(bet_id) for bet_id in inside), default=0.0) / held.envelope
    return whole / held.envelope


def covers(guardrail: Guardrail, attributes: Mapping[str, str]) -> bool:
    """Whether a guardrail looks at a bet with these attributes."""
    return all(
        attributes.get(name) in {str(value) for value in values}
        for name, values in guardrail.scope.items()
    )


def histories(
    portfolio: Portfolio, guardrails: Sequence[Guardrail], days: Sequence[date]
) -> dict[int, History]:
    """The history of each guardrail on these days, by its id; four queries however many."""
    positions = _held_on(portfolio, days)
    attributes = {bet.pk: _words(bet) for bet in Bet.objects.filter(portfolio=portfolio)}
    allowed = _limits_by_guardrail(portfolio)
    turnover = _turnover_on(portfolio, days, positions)
    found = {}
    for guardrail in guardrails:
        limits = [_on(allowed.get(guardrail.pk, []), guardrail, day) for day in days]
        values = (
            turnover
            if guardrail.kind == Kind.TURNOVER
            else [value_of(guardrail, held, attributes) for held in positions]
        )
        found[guardrail.pk] = History(list(values), limits)
    return found


def opened_on(portfolio: Portfolio) -> date:
    """The day of the first transfer; today where there is none."""
    first = Transfer.objects.filter(portfolio=portfolio).order_by("effective_on")
    day: date | None = first.values_list("effective_on", flat=True).first()
    return day or timezone.localdate()


def _words(bet: Bet) -> dict[str, str]:
    return {name: str(value) for name, value in bet.attributes().items() if value is not None}


def _held_on(portfolio: Portfolio, days: Sequence[date]) -> list[Held]:
    """The positions at the end of each day, worked out from the transfers."""
    rows = list(
        Transfer.objects.filter(portfolio=portfolio)
        .order_by("effective_on", "sequence")
        .values_list(
            "effective_on",
            "amount",
            "from_account__kind",
            "from_account__bet_id",
            "to_account__kind",
            "to_account__bet_id",
        )
    )
    now, done, found = Held(), 0, []
    for day in days:
        while done < len(rows) and rows[done][0] <= day:
            _, amount, giver, giving_bet, taker, taking_bet = rows[done]
            _book(now, giver, giving_bet, -float(amount))
            _book(now, taker, taking_bet, float(amount))
            done += 1
        found.append(
            Held(now.envelope, defaultdict(float, now.working), defaultdict(float, now.entangled))
        )
    return found


def _book(held: Held, kind: str, bet_id: int | None, amount: float) -> None:
    if kind == Account.Kind.ENVELOPE:
        held.envelope -= amount
    elif bet_id is not None:
        of_kind = held.working if kind == Account.Kind.WORKING else held.entangled
        of_kind[bet_id] = round(of_kind[bet_id] + amount, 2)


def _turnover_on(
    portfolio: Portfolio, days: Sequence[date], positions: Sequence[Held]
) -> list[float | None]:
    """What was withdrawn by the last approval up to each day, as a share of the envelope."""
    approved = (Decision.Kind.APPROVED, Decision.Kind.PARTLY_APPROVED)
    rows = Decision.objects.filter(portfolio=portfolio, kind__in=approved).order_by("decided_at")
    decided = [
        (timezone.localdate(at), float(out))
        for at, out in rows.values_list("decided_at", "proposal__out_of_bets")
    ]
    values: list[float | None] = []
    for day, held in zip(days, positions, strict=True):
        place = bisect_right([on for on, _ in decided], day)
        known = place > 0 and held.envelope > 0
        values.append(decided[place - 1][1] / held.envelope if known else None)
    return values


def _limits_by_guardrail(portfolio: Portfolio) -> dict[int, list[tuple[date, LimitChange]]]:
    changes: dict[int, list[tuple[date, LimitChange]]] = defaultdict(list)
    rows = LimitChange.objects.filter(portfolio=portfolio, guardrail__isnull=False)
    for change in rows.order_by("changed_at", "id"):
        changes[change.guardrail_id or 0].append((timezone.localdate(change.changed_at), change))
    return changes


def _on(
    changes: Sequence[tuple[date, LimitChange]], guardrail: Guardrail, day: date
) -> Limits | None:
    """What a guardrail allowed at the end of a day.

    Before its first entry in the journal it is taken to have been as that entry found it, from the
    day on which it was made.
    """
    place = bisect_right([on for on, _ in changes], day)
    if place:
        return _limits_of(changes[place - 1][1].after)
    if day < timezone.localdate(guardrail.created_at):
        return None
    return _limits_of(changes[0][1].before) if changes else _limits_of_row(guardrail)


def _limits_of(terms: Mapping[str, Any]) -> Limits | None:
    if not terms or not terms["active"]:
        return None
    return Limits(_number(terms["minimum"]), _number(terms["maximum"]))


def _limits_of_row(guardrail: Guardrail) -> Limits | None:
    if not guardrail.active:
        return None
    return Limits(_number(guardrail.minimum), _number(guardrail.maximum))


def _number(figure: str | Decimal | None) -> float | None:
    return None if figure is None else float(figure)
