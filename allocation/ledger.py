"""The ledger: money is moved between accounts, never made, and every transfer is chained.

A booking locks the end of the portfolio's chain, then the accounts that it touches in id order,
appends its transfers and brings the balances up to date, all in one transaction. What decides when
two bookings want the same money is the CHECK on the account, never a balance read beforehand.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, Sum
from django.utils import timezone

from allocation.models import Account, Decision, LedgerHead, LimitChange, Transfer
from allocation.requests import ask
from bets.models import Bet, Portfolio
from spm import live
from spm.accounts.models import ApiKey, User
from spm.errors import Conflict, Invalid

Kind = Account.Kind
NOTHING = Decimal("0.00")
NOON = time(12)


@dataclass(frozen=True, order=True)
class Place:
    """An account by what it is: of the portfolio (``bet_id`` 0), or of a bet."""

    kind: str
    bet_id: int = 0


ENVELOPE = Place(Kind.ENVELOPE)
RESERVE = Place(Kind.RESERVE)


def working(bet_id: int) -> Place:
    """The account of a bet's working money."""
    return Place(Kind.WORKING, bet_id)


def entangled(bet_id: int) -> Place:
    """The account of a bet's entangled money."""
    return Place(Kind.ENTANGLED, bet_id)


@dataclass(frozen=True)
class Entry:
    """A transfer to be booked; ``amount`` in currency per month, ``one_off`` in currency."""

    kind: str
    from_place: Place
    to_place: Place
    amount: Decimal
    effective_on: date
    one_off: Decimal = NOTHING
    note: str = ""


@dataclass(frozen=True)
class Cause:
    """Who books, and what for; all empty for the product itself."""

    person: User | None = None
    decision: Decision | None = None
    limit_change: LimitChange | None = None
    api_key: ApiKey | None = None


class Overdrawn(Conflict):
    """An account would fall below zero: the money has gone elsewhere, or never was there."""


def book(
    portfolio_id: int,
    entries: Sequence[Entry],
    *,
    on: date | None = None,
    booked_by: User | None = None,
    decision: Decision | None = None,
    limit_change: LimitChange | None = None,
    api_key: ApiKey | None = None,
) -> list[Transfer]:
    """Book transfers, all or none.

    Args:
        portfolio_id: whose books.
        entries: what is moved; an entry of amount zero is left out.
        on: the day of booking, today unless books of the past are made up.
        booked_by: the person, or None for the product itself.
        decision: what it was decided by.
        limit_change: the change of the envelope that it books.
        api_key: the key by which the person booked it.

    Raises:
        Invalid: an amount below zero or finer than a cent, or a date in closed books.
        Overdrawn: an account would fall below zero at some date.
    """
    day = on or timezone.localdate()
    entries = [checked(entry, day) for entry in entries if entry.amount != 0]
    if not entries:
        return []
    with transaction.atomic():
        head = _locked_head(portfolio_id)
        accounts = _locked_accounts(portfolio_id, entries, day)
        cause = Cause(booked_by, decision, limit_change, api_key)
        transfers = _chained(head, entries, accounts, _moment_of(day), cause)
        Transfer.objects.bulk_create(transfers)
        _write_balances(entries, accounts)
        head.save(update_fields=["sequence", "sha256"])
        project(portfolio_id, accounts.values())
        live.say(portfolio_id, "ledger", "allocation", "board")
    return transfers


def hold(portfolio_id: int) -> None:
    """Keep the books still until the transaction ends: what is read of them now stays true."""
    _locked_head(portfolio_id)


def checked(entry: Entry, day: date) -> Entry:
    """The entry, with its amount in cents; raises Invalid if it cannot be booked on the day."""
    cents = entry.amount.quantize(Decimal("0.01"))
    if entry.amount < 0 or cents != entry.amount:
        raise Invalid(
            {"amount": f"{entry.amount} is not an amount above zero in cents, such as 1250.00."}
        )
    if entry.effective_on < day:
        raise Invalid(
            {
                "effective_on": f"{entry.effective_on} lies before the day of booking, {day}: "
                "a transfer takes effect on that day or later."
            }
        )
    return entry


def _locked_head(portfolio_id: int) -> LedgerHead:
    LedgerHead.objects.get_or_create(portfolio_id=portfolio_id)
    return LedgerHead.objects.select_for_update().get(portfolio_id=portfolio_id)


def _locked_accounts(
    portfolio_id: int, entries: Sequence[Entry], day: date
) -> dict[Place, Account]:
    """The accounts that the entries touch, made where missing, locked in id order, matured."""
    places = sorted({place for entry in entries for place in (entry.from_place, entry.to_place)})
    Account.objects.bulk_create(
        [
            Account(
                portfolio_id=portfolio_id,
                kind=place.kind,
                bet_id=place.bet_id or None,
                matured_on=day,
            )
            for place in places
        ],
        ignore_conflicts=True,
    )
    bet_ids = [place.bet_id for place in places if place.bet_id]
    locked = (
        Account.objects.filter(portfolio_id=portfolio_id)
        .filter(Q(bet_id__in=bet_ids) | Q(bet__isnull=True))
        .order_by("id")
        .select_for_update()
    )
    found = {Place(account.kind, account.bet_id or 0): account for account in locked}
    accounts = {place: found[place] for place in places}
    for account in accounts.values():
        if account.matured_on > day:
            raise Invalid(
                {
                    "effective_on": f"The books of {account} already stand at "
                    f"{account.matured_on}; nothing can be booked on {day}."
                }
            )
    _mature(list(accounts.values()), day)
    return accounts


def _chained(
    head: LedgerHead,
    entries: Sequence[Entry],
    accounts: Mapping[Place, Account],
    now: datetime,
    cause: Cause,
) -> list[Transfer]:
    """The rows, each carrying the digest of the one before it; moves the head along."""
    transfers = []
    for entry in entries:
        transfer = Transfer(
            portfolio_id=head.portfolio_id,
            sequence=head.sequence + 1,
            kind=entry.kind,
            from_account=accounts[entry.from_place],
            to_account=accounts[entry.to_place],
            amount=entry.amount,
            effective_on=entry.effective_on,
            one_off=entry.one_off,
            booked_at=now,
            booked_by=cause.person,
            decision=cause.decision,
            limit_change=cause.limit_change,
            api_key=cause.api_key,
            note=entry.note,
            previous_sha256=head.sha256,
        )
        transfer.sha256 = digest(transfer)
        head.sequence, head.sha256 = transfer.sequence, transfer.sha256
        transfers.append(transfer)
    return transfers


def _moment_of(day: date) -> datetime:
    """Now, or noon of a day of the past whose books are made up."""
    if day == timezone.localdate():
        return timezone.now()
    return timezone.make_aware(datetime.combine(day, NOON))


def digest(transfer: Transfer) -> str:
    """SHA-256 over everything that a transfer says, the digest of the one before it included.

    What later versions let a transfer say besides is covered where it says so, which leaves the
    digests of those that were booked before as they are.
    """
    content: list[Any] = [
        transfer.portfolio_id,
        transfer.sequence,
        transfer.kind,
        transfer.from_account_id,
        transfer.to_account_id,
        f"{transfer.amount:.2f}",
        transfer.effective_on.isoformat(),
        f"{transfer.one_off:.2f}",
        _utc(transfer.booked_at),
        transfer.booked_by_id,
        transfer.decision_id,
        transfer.note,
        transfer.previous_sha256,
    ]
    besides = {"api_key": transfer.api_key_id, "limit_change": transfer.limit_change_id}
    said = {name: value for name, value in besides.items() if value is not None}
    content += [said] if said else []
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def _utc(moment: datetime) -> str:
    return moment.astimezone(timezone.get_default_timezone()).isoformat(timespec="microseconds")


def _write_balances(entries: Sequence[Entry], accounts: Mapping[Place, Account]) -> None:
    """Update the locked accounts; their CHECK refuses what would overdraw one."""
    for entry in entries:
        giver, taker = accounts[entry.from_place], accounts[entry.to_place]
        giver.booked -= entry.amount
        taker.booked += entry.amount
        giver.available -= entry.amount
        if entry.effective_on <= giver.matured_on:
            giver.effective -= entry.amount
        if entry.effective_on <= taker.matured_on:
            taker.available += entry.amount
            taker.effective += entry.amount
    _save_balances(list(accounts.values()))


def _save_balances(accounts: Sequence[Account]) -> None:
    try:
        # A savepoint, so that the refusal leaves the caller's transaction usable.
        with transaction.atomic():
            Account.objects.bulk_update(
                accounts, ["booked", "available", "effective", "matured_on"]
            )
    except IntegrityError as error:
        if "account_not_overdrawn" not in str(error):
            raise
        short = [
            f"{account} is short of {-min(account.available, account.effective)} a month"
            for account in accounts
            if account.kind != Kind.ENVELOPE and min(account.available, account.effective) < 0
        ]
        raise Overdrawn("There is not enough money where it should come from.", short) from error


def _mature(accounts: Sequence[Account], day: date) -> None:
    """Take into account what has become effective since each account was last looked at."""
    due = [account for account in accounts if account.matured_on < day]
    if not due:
        return
    since = {account.pk: account.matured_on for account in due}
    by_id = {account.pk: account for account in due}
    arriving = Transfer.objects.filter(effective_on__lte=day, effective_on__gt=min(since.values()))
    for transfer in arriving.filter(Q(from_account__in=by_id) | Q(to_account__in=by_id)).only(
        "from_account_id", "to_account_id", "amount", "effective_on"
    ):
        giver = by_id.get(transfer.from_account_id)
        taker = by_id.get(transfer.to_account_id)
        if giver is not None and transfer.effective_on > since[giver.pk]:
            giver.effective -= transfer.amount
        if taker is not None and transfer.effective_on > since[taker.pk]:
            taker.available += transfer.amount
            taker.effective += transfer.amount
    for account in due:
        account.matured_on = day


def mature(portfolio_id: int, on: date | None = None) -> int:
    """Make scheduled transfers effective up to a day; returns how many accounts were behind.

    What has arrived may be given out and withdrawn from now on, so a recomputation is owed.
    """
    day = on or timezone.localdate()
    with transaction.atomic():
        _locked_head(portfolio_id)
        behind = list(
            Account.objects.filter(portfolio_id=portfolio_id, matured_on__lt=day)
            .order_by("id")
            .select_for_update()
        )
        before = {account.pk: (account.available, account.effective) for account in behind}
        _mature(behind, day)
        _save_balances(behind)
        moved = [a for a in behind if before[a.pk] != (a.available, a.effective)]
        if moved:
            project(portfolio_id, moved)
            ask(portfolio_id, "Scheduled transfers have taken effect.")
            live.say(portfolio_id, "ledger", "allocation", "board")
    return len(behind)


def project(portfolio_id: int, accounts: Iterable[Account]) -> None:
    """Write effective balances to the columns that boards and pages read."""
    by_bet: dict[int, dict[str, Decimal]] = {}
    of_portfolio: dict[str, Decimal] = {}
    for account in accounts:
        if account.bet_id is not None:
            by_bet.setdefault(account.bet_id, {})[account.kind] = account.effective
        elif account.kind == Kind.ENVELOPE:
            of_portfolio["envelope"] = -account.effective
        else:
            of_portfolio["reserve"] = account.effective
    for bet_id in sorted(by_bet):
        Bet.objects.filter(pk=bet_id).update(version=F("version") + 1, **by_bet[bet_id])
    if of_portfolio:
        Portfolio.objects.filter(pk=portfolio_id).update(**of_portfolio)
    live.say(portfolio_id, *(f"bet:{bet_id}" for bet_id in sorted(by_bet)))


def set_envelope(
    portfolio_id: int,
    amount: Decimal,
    *,
    on: date | None = None,
    booked_by: User | None = None,
    limit_change: LimitChange | None = None,
) -> list[Transfer]:
    """Change what the portfolio may commit to ``amount`` a month; the reserve takes the difference.

    Raises:
        Overdrawn: the envelope would shrink by more than the reserve holds.
    """
    day = on or timezone.localdate()
    with transaction.atomic():
        _locked_head(portfolio_id)
        account = Account.objects.filter(portfolio_id=portfolio_id, kind=Kind.ENVELOPE).first()
        difference = amount - (-account.booked if account else NOTHING)
        places = (ENVELOPE, RESERVE) if difference > 0 else (RESERVE, ENVELOPE)
        entry = Entry(Transfer.Kind.ENVELOPE, *places, abs(difference), day)
        return book(portfolio_id, [entry], on=day, booked_by=booked_by, limit_change=limit_change)


def open_positions(
    portfolio_id: int,
    positions: Mapping[int, tuple[Decimal, Decimal]],
    *,
    on: date | None = None,
    booked_by: User | None = None,
) -> list[Transfer]:
    """Book what bets hold when the books are opened.

    Args:
        portfolio_id: whose books.
        positions: working and entangled money for each bet id, in currency per month; taken from
            the reserve.
        on: the day of opening.
        booked_by: the person.
    """
    day = on or timezone.localdate()
    entries = []
    for bet_id in sorted(positions):
        for place, amount in zip(
            (working(bet_id), entangled(bet_id)), positions[bet_id], strict=True
        ):
            entries.append(Entry(Transfer.Kind.OPENING, RESERVE, place, amount, day))
    return book(portfolio_id, entries, on=day, booked_by=booked_by)


def balances(portfolio_id: int, on: date) -> dict[int, Decimal]:
    """What each account holds at a date, by account id, worked out from the transfers alone."""
    effective = Transfer.objects.filter(portfolio_id=portfolio_id, effective_on__lte=on)
    totals = dict.fromkeys(
        Account.objects.filter(portfolio_id=portfolio_id).values_list("id", flat=True), NOTHING
    )
    for credit in effective.values("to_account_id").annotate(total=Sum("amount")):
        totals[credit["to_account_id"]] += credit["total"]
    for debit in effective.values("from_account_id").annotate(total=Sum("amount")):
        totals[debit["from_account_id"]] -= debit["total"]
    return totals
