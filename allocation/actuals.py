"""Actual spend: the one door for the page, the API, files and the command; and what it adds up to.

Rows are only added. Of a bet, a month and a source the latest row counts, so a correction is a row
like any other, and the same said again adds none.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from allocation.models import ActualSpend
from bets.edit import Editor, Office
from bets.models import Bet, Portfolio
from spm import amounts, live, reading
from spm.accounts.models import ApiKey
from spm.accounts.permissions import person_behind, require
from spm.errors import Invalid
from spm.fields import MONEY_LIMIT

FIELDS = ("month", "amount", "source", "external_id")
LONGEST_SOURCE = 60
DEFAULT_SOURCE = "Accounts"
FIRST_YEAR = 2000
LOCK_SPACE = 0x41C7
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


@dataclass(frozen=True)
class Said:
    """One amount as it was read; ``month`` is the first day."""

    month: date
    amount: Decimal
    source: str = DEFAULT_SOURCE
    external_id: str = ""


@dataclass(frozen=True)
class Outcome:
    """The row that counts now, whether it is new, or why it was not taken."""

    row: ActualSpend | None = None
    created: bool = False
    refusal: Invalid | None = None


def read(given: Mapping[str, Any], today: date | None = None) -> Said:
    """What is said of one month.

    Args:
        given: ``month`` such as ``2026-03``, ``amount`` in the portfolio's currency, ``source``
            and ``external_id``, which is what the source calls it.
        today: a month after this one's cannot have been spent in.

    Raises:
        Invalid: with the fields that cannot be taken.
    """
    fields = reading.Fields(given, FIELDS)
    for name, text in (("month", "Give a month such as 2026-03."), ("amount", "Give an amount.")):
        if name not in given:
            fields.wrong[name] = text
    fields.read("month", _month_until(today or timezone.localdate()))
    fields.read("amount", signed_money)
    fields.read("source", reading.or_default(reading.text(LONGEST_SOURCE), DEFAULT_SOURCE))
    fields.read("external_id", reading.text(255))
    values = fields.done()
    return Said(**{**values, "source": values.get("source") or DEFAULT_SOURCE})


def signed_money(value: Any, field: str) -> Decimal:
    """An amount that may be below zero, as a credit is."""
    amount = value if isinstance(value, Decimal) else amounts.money(value, field)
    if not amount.is_finite() or abs(amount) >= MONEY_LIMIT or amount != round(amount, 2):
        raise Invalid({field: amounts.NOT_MONEY})
    return round(amount, 2) + 0


def _month_until(today: date) -> reading.Reader:
    def read_month(value: Any, field: str) -> date:
        matched = _MONTH.fullmatch(value) if isinstance(value, str) else None
        if matched is None or not 1 <= int(matched[2]) <= 12:
            raise Invalid({field: "Write a month such as 2026-03."})
        return spent_in(date(max(1, int(matched[1])), int(matched[2]), 1), field, today)

    return read_month


def spent_in(month: date, field: str, today: date) -> date:
    """The month, if something can have been spent in it."""
    if month > today:
        raise Invalid({field: f"{month:%Y-%m} has not begun: nothing was spent in it yet."})
    if month.year < FIRST_YEAR:
        raise Invalid({field: f"Write a month from {FIRST_YEAR} on."})
    return month


def record(principal: Editor, bet_id: int, said: Said) -> Outcome:
    """Record what a bet cost in a month.

    Raises:
        Bet.DoesNotExist: there is none that the principal may see.
        NotAllowed: they may not record what was spent.
    """
    bets = Bet.objects.all() if isinstance(principal, Office) else Bet.objects.visible_to(principal)
    bet = bets.select_related("portfolio").get(pk=bet_id)
    [outcome] = record_many(principal, bet.portfolio, [(bet_id, said)])
    return outcome


@transaction.atomic
def record_many(
    principal: Editor, portfolio: Portfolio, rows: Sequence[tuple[int, Said]]
) -> list[Outcome]:
    """Record many amounts of one portfolio; one outcome for each, in their order.

    A bet of another portfolio is refused by itself. A fixed number of queries.

    Raises:
        NotAllowed: they may not record what was spent.
    """
    if not isinstance(principal, Office):
        require(principal, "record_actuals", portfolio.pk)
    with connection.cursor() as cursor:  # the same said twice at once is said once
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_SPACE, portfolio.pk])
    wanted = {bet_id for bet_id, _ in rows}
    known = set(Bet.objects.filter(portfolio=portfolio, pk__in=wanted).values_list("pk", flat=True))
    spelling = _spelling(portfolio)
    latest = {_key(row): row for row in current(known)}
    outcomes, new = [], []
    for bet_id, said in rows:
        if bet_id not in known:
            no_such = Invalid({"bet": "There is no such bet in this portfolio."})
            outcomes.append(Outcome(refusal=no_such))
            continue
        row = _row(principal, portfolio, bet_id, said, spelling)
        before = latest.get(_key(row))
        if before is not None and _same(before, row):
            outcomes.append(Outcome(before))
            continue
        latest[_key(row)] = row
        new.append(row)
        outcomes.append(Outcome(row, created=True))
    ActualSpend.objects.bulk_create(new, batch_size=2_000)
    if new:
        live.say(portfolio.pk, "actuals", *(f"bet:{pk}" for pk in sorted({r.bet_id for r in new})))
    return outcomes


def _spelling(portfolio: Portfolio) -> dict[str, str]:
    """How the sources of the portfolio are spelt, so that 'sap' adds nothing to 'SAP'."""
    names = ActualSpend.objects.filter(portfolio=portfolio).order_by().values_list("source")
    return {name.casefold(): name for (name,) in names.distinct()}


def _row(
    principal: Editor, portfolio: Portfolio, bet_id: int, said: Said, spelling: dict[str, str]
) -> ActualSpend:
    source = " ".join(said.source.split())
    return ActualSpend(
        portfolio=portfolio,
        bet_id=bet_id,
        month=said.month,
        amount=said.amount,
        source=spelling.setdefault(source.casefold(), source),
        external_id=said.external_id,
        recorded_at=timezone.now(),
        recorded_by=None if isinstance(principal, Office) else person_behind(principal),
        api_key=principal if isinstance(principal, ApiKey) else None,
    )


def _key(row: ActualSpend) -> tuple[int, date, str]:
    return row.bet_id, row.month, row.source


def _same(one: ActualSpend, other: ActualSpend) -> bool:
    return (one.amount, one.external_id) == (other.amount, other.external_id)


# --- what it adds up to ---------------------------------------------------------------------------


def current(bet_ids: Iterable[int]) -> Any:
    """The rows that count: the latest of each bet, month and source; one query."""
    rows = ActualSpend.objects.filter(bet_id__in=list(bet_ids))
    order = ("bet_id", "month", "source")
    return rows.order_by(*order, "-id").distinct(*order)


def spent_by_month(bet_ids: Iterable[int], until: date) -> dict[int, dict[date, Decimal]]:
    """What each bet really cost, by the first day of the month; currency, one query.

    Args:
        bet_ids: which bets; each is a key of the answer.
        until: months that begin after this day do not count.

    Returns:
        For each bet the months for which anybody has said anything, all sources together.
    """
    wanted = list(bet_ids)
    spent: dict[int, dict[date, Decimal]] = {bet_id: defaultdict(Decimal) for bet_id in wanted}
    for row in current(wanted).filter(month__lte=until):
        spent[row.bet_id][row.month] += row.amount
    return {bet_id: dict(by_month) for bet_id, by_month in spent.items()}
