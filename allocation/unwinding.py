"""Unwinding: entangled money that something has set free goes back to the reserve.

What stays entangled when a bet is reduced goes on being spent because something depends on it.
Whoever may records the event that ended the dependence; the money is in the reserve from the date
that they give. The transfer is the journal: it names the person, their key and the reason.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from allocation import ledger
from allocation.after_break import funding_steps
from allocation.models import Account, Transfer
from allocation.requests import ask
from bets.models import Bet, Dependency, Portfolio
from spm import formats, reading
from spm.accounts.models import ApiKey
from spm.accounts.permissions import Principal, person_behind, require
from spm.errors import Conflict, Invalid

FIELDS = ("amount", "effective_on", "one_off", "reason")
LONGEST_REASON = 500
#: An agreement that ends later than this is no event of today.
FARTHEST = timedelta(days=3653)
NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class Stuck:
    """Entangled money of one bet, and which funded bets still need that bet.

    ``amount`` is what is booked as entangled, ``free_now`` the part of it that can be unwound (the
    rest is still to become entangled); both in currency per month. ``since`` is the day from which
    on the account has not been empty.
    """

    bet: Bet
    amount: Decimal
    free_now: Decimal
    since: date | None
    dependents: list[Bet] = field(default_factory=list)

    @property
    def is_needed(self) -> bool:
        """Whether a funded bet still depends on it."""
        return bool(self.dependents)


def unwind(
    principal: Principal,
    bet_id: int,
    given: Mapping[str, Any],
    *,
    seen: Decimal | None = None,
    today: date | None = None,
) -> Transfer:
    """Record that entangled money of a bet is free again, and book it back to the reserve.

    Args:
        principal: who records it.
        bet_id: of which bet.
        given: ``amount`` in currency per month; the ``reason``, which is what freed it;
            ``effective_on``, the day from which on it is free, today by default; ``one_off``, what
            that cost once in currency, nothing by default.
        seen: what was shown as entangled when the form was filled in; None where nothing was.
        today: the day of booking, where books of the past are made up.

    Raises:
        Bet.DoesNotExist: there is no such bet that the principal may see.
        NotAllowed: they may not unwind.
        Invalid: more than is entangled, a day in the past, or no reason.
        Conflict: it is not the amount that was shown any more.
    """
    bet = Bet.objects.visible_to(principal).select_related("portfolio").get(pk=bet_id)
    require(principal, "unwind", bet.portfolio_id)
    day = today or timezone.localdate()
    entry = _read(bet, given, day)
    with transaction.atomic():
        ledger.hold(bet.portfolio_id)
        ledger.mature(bet.portfolio_id, day)
        _refuse_if_not_there(bet, entry, seen)
        [booked] = ledger.book(
            bet.portfolio_id,
            [entry],
            on=day,
            booked_by=person_behind(principal),
            api_key=principal if isinstance(principal, ApiKey) else None,
        )
        ask(bet.portfolio_id, f"Entangled money of ‘{bet}’ was set free.")
    return booked


def _read(bet: Bet, given: Mapping[str, Any], today: date) -> ledger.Entry:
    fields = reading.Fields(given, FIELDS)
    fields.read("amount", reading.money)
    fields.read("one_off", reading.or_default(reading.money, NOTHING))
    fields.read("effective_on", reading.or_default(_not_before(today), today))
    fields.read("reason", reading.text(LONGEST_REASON, required=True))
    for name, text in (("amount", "Give an amount a month."), ("reason", "Say what freed it.")):
        if given.get(name) in (None, ""):
            fields.wrong[name] = text
    values = fields.done()
    if values["amount"] == 0:
        raise Invalid({"amount": "Give an amount above nothing."})
    return ledger.Entry(
        Transfer.Kind.UNWIND,
        ledger.entangled(bet.pk),
        ledger.RESERVE,
        values["amount"],
        values.get("effective_on", today),
        one_off=values.get("one_off", NOTHING),
        note=values["reason"],
    )


def _not_before(today: date) -> reading.Reader:
    def read(value: Any, field: str) -> date:
        day = reading.day(value, field)
        if day < today:
            raise Invalid({field: f"The books stand at {today}: give that day or a later one."})
        if day > today + FARTHEST:
            raise Invalid({field: "Give a day within the next ten years."})
        return day

    return read


def _refuse_if_not_there(bet: Bet, entry: ledger.Entry, seen: Decimal | None) -> None:
    account = Account.objects.filter(bet=bet, kind=Account.Kind.ENTANGLED).first()
    booked, free_now = (account.booked, account.available) if account else (NOTHING, NOTHING)
    if seen is not None and seen != booked:
        now = formats.exact_rate(booked, bet.portfolio.currency)
        raise Conflict(
            "What is entangled has changed since you opened the form.", [f"It is {now} now."]
        )
    if entry.amount > free_now:
        there = formats.exact_rate(free_now, bet.portfolio.currency)
        text = f"{there} is entangled with ‘{bet}’: give that or less."
        raise Invalid({"amount": text if free_now else f"Nothing is entangled with ‘{bet}’."})


# --- what is entangled ----------------------------------------------------------------------------


def stuck_of(bet: Bet, today: date) -> Stuck | None:
    """What is entangled with one bet, or None if nothing is."""
    rows = _stuck(Account.objects.filter(bet=bet), today)
    return rows[0] if rows else None


def stuck_in(portfolio: Portfolio, today: date) -> list[Stuck]:
    """Everything entangled: first what no funded bet needs any more, then the most money.

    A fixed number of queries, however many bets.
    """
    rows = _stuck(Account.objects.filter(portfolio=portfolio), today)
    return sorted(rows, key=lambda row: (row.is_needed, -row.amount, row.bet.pk))


def _stuck(accounts: Any, today: date) -> list[Stuck]:
    held = list(
        accounts.filter(kind=Account.Kind.ENTANGLED, booked__gt=0).select_related("bet__portfolio")
    )
    bet_ids = [account.bet_id for account in held]
    since, needed_by = _since(bet_ids, today), _needed_by(bet_ids)
    return [
        Stuck(
            account.bet,
            account.booked,
            account.available,
            since.get(account.bet_id),
            needed_by[account.bet_id],
        )
        for account in held
    ]


def _since(bet_ids: Iterable[int], today: date) -> dict[int, date]:
    """From which day on each bet's entangled account has not been empty."""
    since = {}
    for bet_id, steps in funding_steps(bet_ids, today, [Account.Kind.ENTANGLED]).items():
        for day, amount in steps:
            if amount and bet_id not in since:
                since[bet_id] = day
            elif not amount:
                since.pop(bet_id, None)
    return since


def _needed_by(bet_ids: Iterable[int]) -> dict[int, list[Bet]]:
    """The funded bets that need each of these."""
    links = Dependency.objects.filter(needs__in=list(bet_ids), bet__working__gt=0)
    needed_by: dict[int, list[Bet]] = defaultdict(list)
    for link in links.select_related("bet").order_by("bet_id"):
        needed_by[link.needs_id].append(link.bet)
    return needed_by
