"""Entangled money that something has set free goes back to the reserve, with who and why."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from allocation import ledger
from allocation.models import RecomputeRequest, Transfer
from allocation.unwinding import stuck_in, stuck_of, unwind
from allocation.verify import verify
from bets.models import Bet, Dependency, Portfolio
from spm.accounts.models import Role, User
from spm.accounts.permissions import NotAllowed
from spm.errors import Conflict, Invalid
from tests.allocation.test_limit_pages import signed_in, text_of
from tests.api_client import ApiClient, assert_problem, client_of
from tests.factories import make_bet, make_member, make_portfolio

pytestmark = pytest.mark.django_db

OPENED = date(2026, 1, 10)
WHY = "The last customer of the old gateway has left."


def books(entangled: int = 40_000) -> tuple[Portfolio, Bet]:
    """An envelope of 100,000 of which a bet holds 10,000 at work and this much entangled."""
    portfolio = make_portfolio(name="Office")
    bet = make_bet(portfolio, title="Old gateway")
    ledger.set_envelope(portfolio.pk, Decimal(100_000), on=OPENED)
    ledger.open_positions(portfolio.pk, {bet.pk: (Decimal(10_000), Decimal(entangled))}, on=OPENED)
    return portfolio, bet


def finance(portfolio: Portfolio) -> User:
    return make_member(portfolio, Role.FINANCE, name="Cleo")


def said(amount: Any = "15000.00", **more: Any) -> dict[str, Any]:
    return {"amount": amount, "reason": WHY, **more}


def test_what_is_free_again_is_in_the_reserve_with_who_recorded_it_and_why() -> None:
    portfolio, bet = books()
    person = finance(portfolio)
    booked = unwind(person, bet.pk, said(one_off="900.00"))
    bet.refresh_from_db()
    portfolio.refresh_from_db()
    assert (bet.working, bet.entangled, portfolio.reserve) == (10_000, 25_000, 65_000)
    assert (booked.kind, booked.booked_by, booked.note, booked.one_off) == (
        Transfer.Kind.UNWIND,
        person,
        WHY,
        900,
    )
    assert RecomputeRequest.objects.filter(reason__contains="Old gateway").exists()
    portfolio.refresh_from_db()
    assert [found for found in verify(portfolio) if "team" not in found.row] == []


def test_what_becomes_free_later_stays_entangled_until_then_and_cannot_be_freed_twice() -> None:
    portfolio, bet = books()
    person, later = finance(portfolio), timezone.localdate() + timedelta(days=30)
    unwind(person, bet.pk, said("30000.00", effective_on=later.isoformat()))
    bet.refresh_from_db()
    assert bet.entangled == 40_000
    with pytest.raises(Invalid, match=r"€10,000\.00 per month is entangled"):
        unwind(person, bet.pk, said("10000.01"))
    ledger.mature(portfolio.pk, later)
    bet.refresh_from_db()
    assert bet.entangled == 10_000


@pytest.mark.parametrize(
    ("given", "field", "what"),
    [
        (said("40000.01"), "amount", "give that or less"),
        (said("0.00"), "amount", "above nothing"),
        (said("1,5"), "amount", "Write an amount"),
        ({"reason": WHY}, "amount", "Give an amount"),
        ({"amount": "1.00"}, "reason", "Say what freed it"),
        (said(reason="  "), "reason", "Write something"),
        (said(reason=None), "reason", "Say what freed it"),
        (said(effective_on="2020-01-01"), "effective_on", "books stand at"),
        (said(effective_on="soon"), "effective_on", "2026-03-14"),
        (said(effective_on="2199-01-01"), "effective_on", "ten years"),
        (said(one_off="-1.00"), "one_off", "zero or more"),
        (said(when="now"), "when", "no such field"),
    ],
)
def test_what_cannot_be_unwound_is_refused_with_the_field_named(
    given: dict[str, Any], field: str, what: str
) -> None:
    portfolio, bet = books()
    with pytest.raises(Invalid) as refusal:
        unwind(finance(portfolio), bet.pk, given)
    assert what in refusal.value.fields[field]
    assert not Transfer.objects.filter(kind="unwind").exists()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR, Role.LEAD, Role.ADMIN])
def test_only_finance_records_it(role: str) -> None:
    portfolio, bet = books()
    with pytest.raises(NotAllowed, match="Finance"):
        unwind(make_member(portfolio, role), bet.pk, said())


def test_money_is_freed_once_however_often_the_form_arrives() -> None:
    portfolio, bet = books()
    person = finance(portfolio)
    unwind(person, bet.pk, said(), seen=Decimal(40_000))
    with pytest.raises(Conflict, match="has changed") as conflict:
        unwind(person, bet.pk, said(), seen=Decimal(40_000))
    assert conflict.value.changed == ["It is €25,000.00 per month now."]


def test_it_says_since_when_with_what_and_first_what_nothing_needs_any_more() -> None:
    portfolio, needed = books()
    forgotten = make_bet(portfolio, title="Forgotten")
    ledger.open_positions(portfolio.pk, {forgotten.pk: (Decimal(0), Decimal(7))}, on=OPENED)
    app = make_bet(portfolio, title="App", working=Decimal(1))
    stopped = make_bet(portfolio, title="Stopped")
    for bet in (app, stopped):
        Dependency.objects.create(bet=bet, needs=needed)
    rows = stuck_in(portfolio, timezone.localdate())
    assert [(row.bet.title, row.amount, row.since) for row in rows] == [
        ("Forgotten", 7, OPENED),
        ("Old gateway", 40_000, OPENED),
    ]
    assert [row.dependents for row in rows] == [[], [app]]


def test_since_begins_anew_once_nothing_was_entangled_in_between() -> None:
    portfolio, bet = books()
    moment = OPENED + timedelta(days=20)
    unwind(finance(portfolio), bet.pk, said("40000.00"), today=moment)
    assert stuck_of(bet, moment) is None
    again = moment + timedelta(days=5)
    entry = ledger.Entry(
        Transfer.Kind.ENTANGLE, ledger.working(bet.pk), ledger.entangled(bet.pk), Decimal(5), again
    )
    ledger.book(portfolio.pk, [entry], on=again)
    stuck = stuck_of(bet, again)
    assert stuck is not None and (stuck.since, stuck.amount) == (again, 5)


# --- pages and API --------------------------------------------------------------------------------


def test_the_bet_and_the_ledger_offer_it_where_the_money_is_seen() -> None:
    portfolio, bet = books()
    client = signed_in(finance(portfolio))
    address = f'href="/bets/{bet.pk}/unwind"'
    for path in (f"/bets/{bet.pk}/if-stopped", "/ledger"):
        html = client.get(path).content.decode()
        assert address in html
        assert "no funded bet needs it any more" in html
    viewer = signed_in(make_member(portfolio, Role.VIEWER))
    assert address not in viewer.get("/ledger").content.decode()


def test_the_form_books_and_shows_the_transfer() -> None:
    portfolio, bet = books()
    client = signed_in(finance(portfolio))
    page = client.get(f"/bets/{bet.pk}/unwind")
    assert 'value="40000"' in page.content.decode()
    answer = post(client, bet, amount="15k")
    text = text_of(client.get(answer["Location"]))
    assert "Unwound: €15,000.00 a month from Old gateway: entangled to Reserve" in text
    assert WHY in text and "by Cleo" in text


def test_what_cannot_be_booked_keeps_what_was_typed_and_says_why() -> None:
    portfolio, bet = books()
    client = signed_in(finance(portfolio))
    answer = post(client, bet, amount="50k")
    assert answer.status_code == 422
    assert 'value="50k"' in answer.content.decode() and WHY in text_of(answer)
    assert "€40,000.00 per month is entangled" in text_of(answer)
    assert post(client, bet, amount="15k").status_code == 302
    stale = post(client, bet, amount="15k")
    assert stale.status_code == 409 and "It is €25,000.00 per month now." in text_of(stale)
    assert 'name="seen_amount" value="25000.00"' in stale.content.decode()


def post(client: Client, bet: Bet, amount: str) -> Any:
    typed = {"amount": amount, "effective_on": "", "one_off": "", "reason": WHY}
    return client.post(f"/bets/{bet.pk}/unwind", {**typed, "seen_amount": "40000.00"})


def test_the_page_of_another_portfolio_is_not_there_and_others_are_told_who_records_it() -> None:
    portfolio, bet = books()
    assert signed_in(finance(make_portfolio())).get(f"/bets/{bet.pk}/unwind").status_code == 404
    refused = signed_in(make_member(portfolio, Role.LEAD)).get(f"/bets/{bet.pk}/unwind")
    assert refused.status_code == 403 and "Finance records" in text_of(refused)


def test_the_api_books_once_under_a_key_and_names_the_key() -> None:
    portfolio, bet = books()
    client: ApiClient = client_of(finance(portfolio), portfolio)
    first = client.post(f"/bets/{bet.pk}/unwind", said(), Idempotency_Key="a")
    again = client.post(f"/bets/{bet.pk}/unwind", said(), Idempotency_Key="a")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["kind"] == "unwind" and first.json()["api_key"] is not None
    assert Transfer.objects.filter(kind="unwind").count() == 1
    too_much = client.post(f"/bets/{bet.pk}/unwind", said("99999.00"))
    assert [each["field"] for each in assert_problem(too_much, 400, "invalid")["errors"]] == [
        "amount"
    ]


def test_what_is_entangled_takes_the_same_queries_however_many_bets() -> None:
    portfolio, _ = books()
    with CaptureQueriesContext(connection) as one:
        stuck_in(portfolio, timezone.localdate())
    for _ in range(4):
        more = make_bet(portfolio)
        ledger.open_positions(portfolio.pk, {more.pk: (Decimal(0), Decimal(9))})
        Dependency.objects.create(bet=make_bet(portfolio, working=Decimal(1)), needs=more)
    with CaptureQueriesContext(connection) as many:
        assert len(stuck_in(portfolio, timezone.localdate())) == 5
    assert len(many) == len(one)
