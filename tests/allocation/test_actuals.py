"""Actual spend: recorded once, corrected by later rows, beside what was funded that month."""

import csv
import io
import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from allocation import ledger, variance
from allocation.actuals import Said, read, record, record_many, spent_by_month
from allocation.models import ActualSpend
from allocation.variance import funded_in, in_words
from bets.models import Bet, Portfolio
from spm.accounts.models import Role, Scope, User
from spm.accounts.permissions import NotAllowed
from spm.errors import Invalid
from tests.allocation.test_limit_pages import signed_in, text_of
from tests.api_client import assert_problem, client_of
from tests.at_once import at_once
from tests.factories import make_bet, make_member, make_portfolio

TODAY = date(2026, 6, 15)
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


def euros(amount: str | int) -> Decimal:
    return Decimal(amount)


def office() -> tuple[Portfolio, Bet, User]:
    """A bet with 30,000 a month, of which 10,000 went back on 16 March 2026; and finance."""
    portfolio = make_portfolio(name="Office", slug="office")
    bet = make_bet(portfolio, title="Checkout")
    ledger.set_envelope(portfolio.pk, euros(100_000), on=date(2026, 1, 1))
    ledger.open_positions(
        portfolio.pk, {bet.pk: (euros(25_000), euros(5_000))}, on=date(2026, 1, 1)
    )
    back = ledger.Entry(
        "move", ledger.working(bet.pk), ledger.RESERVE, euros(10_000), date(2026, 3, 16)
    )
    ledger.book(portfolio.pk, [back], on=date(2026, 3, 16))
    return portfolio, bet, make_member(portfolio, Role.FINANCE, name="Cleo")


def said(amount: str, month: date = MARCH, source: str = "SAP") -> Said:
    return Said(month, euros(amount), source)


# --- recording ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_same_said_again_adds_nothing_and_another_amount_corrects_it() -> None:
    _, bet, cfo = office()
    assert record(cfo, bet.pk, said("20000.00")).created
    assert not record(cfo, bet.pk, said("20000.00")).created
    assert not record(cfo, bet.pk, said("20000.00", source=" sap ")).created
    assert record(cfo, bet.pk, said("21000.00")).created
    assert record(cfo, bet.pk, said("20000.00")).created
    assert [row.amount for row in ActualSpend.objects.order_by("id")] == [20_000, 21_000, 20_000]
    assert spent_by_month([bet.pk], TODAY) == {bet.pk: {MARCH: 20_000}}


@pytest.mark.django_db
def test_what_several_sources_say_is_added_up_and_a_credit_is_below_zero() -> None:
    _, bet, cfo = office()
    record(cfo, bet.pk, said("20000.00"))
    record(cfo, bet.pk, said("1500.50", source="Cloud"))
    record(cfo, bet.pk, said("-500.00", source="Credits"))
    record(cfo, bet.pk, said("9.00", APRIL))
    assert spent_by_month([bet.pk], TODAY)[bet.pk] == {MARCH: euros("21000.50"), APRIL: 9}
    assert spent_by_month([bet.pk], date(2026, 3, 31))[bet.pk] == {MARCH: euros("21000.50")}


@pytest.mark.django_db
def test_a_bet_of_which_nobody_said_anything_has_no_months() -> None:
    _, bet, _ = office()
    assert spent_by_month([bet.pk], TODAY) == {bet.pk: {}}


@pytest.mark.parametrize(
    ("given", "field", "what"),
    [
        ({"amount": "1.00"}, "month", "Give a month"),
        ({"month": "2026-03"}, "amount", "Give an amount"),
        ({"month": "2026-13", "amount": "1.00"}, "month", "such as 2026-03"),
        ({"month": "03/2026", "amount": "1.00"}, "month", "such as 2026-03"),
        ({"month": "0000-03", "amount": "1.00"}, "month", "from 2000 on"),
        ({"month": "2026-07", "amount": "1.00"}, "month", "has not begun"),
        ({"month": "2026-03", "amount": 12.5}, "amount", "digits, a point"),
        ({"month": "2026-03", "amount": "1e3"}, "amount", "digits, a point"),
        ({"month": "2026-03", "amount": "1.00", "source": "x" * 61}, "source", "at most 60"),
        ({"month": "2026-03", "amount": "1.00", "currency": "USD"}, "currency", "no such field"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_the_field_named(
    given: dict[str, Any], field: str, what: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        read(given, TODAY)
    assert what in refusal.value.fields[field]


def test_the_month_that_is_not_over_can_be_spoken_of() -> None:
    assert read({"month": "2026-06", "amount": "-1.00"}, TODAY) == Said(date(2026, 6, 1), euros(-1))


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR, Role.LEAD, Role.ADMIN])
def test_only_finance_records_it(role: str) -> None:
    portfolio, bet, _ = office()
    with pytest.raises(NotAllowed, match="Finance"):
        record(make_member(portfolio, role), bet.pk, said("1.00"))


@pytest.mark.django_db
def test_the_bet_of_another_portfolio_is_refused_by_itself() -> None:
    portfolio, bet, cfo = office()
    foreign = make_bet(make_portfolio())
    good, bad = record_many(cfo, portfolio, [(bet.pk, said("1.00")), (foreign.pk, said("2.00"))])
    assert good.created and bad.refusal is not None
    with pytest.raises(Bet.DoesNotExist):
        record(cfo, foreign.pk, said("2.00"))


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["UPDATE {} SET amount = 1", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_runtime_role_cannot_change_what_was_recorded(statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format("allocation_actualspend"))


def test_the_same_delivered_by_eight_at_once_is_recorded_once(committed_db: None) -> None:
    _, bet, cfo = office()
    outcomes = at_once([lambda: record(cfo, bet.pk, said("20000.00"))] * 8)
    assert sorted(outcome.created for outcome in outcomes) == [False] * 7 + [True]


# --- beside what was funded -----------------------------------------------------------------------


def test_a_rate_that_changes_within_a_month_counts_by_its_days() -> None:
    steps = [(date(2026, 1, 1), euros(30_000)), (date(2026, 3, 16), euros(20_000))]
    assert funded_in(steps, date(2025, 12, 1)) == 0
    assert funded_in(steps, date(2026, 2, 1)) == 30_000
    # 15 days of 30,000 and 16 of 20,000, of 31.
    assert funded_in(steps, MARCH) == euros("24838.71")
    assert funded_in(steps, APRIL) == 20_000
    # From the 11th on: 20 of 30 days.
    assert funded_in([(date(2026, 4, 11), euros(30_000))], APRIL) == 20_000


def test_the_signal_is_in_words_and_no_judgement() -> None:
    assert in_words(euros(-12_000), "EUR") == "€12k under what was funded"
    assert in_words(euros("800.40"), "EUR") == "€800 over what was funded"
    assert in_words(euros(0), "EUR") == "what was funded"
    assert in_words(euros(-12_000), "EUR", is_over=False) == "the month is not over"


@pytest.mark.django_db
def test_a_month_of_a_bet_stands_beside_what_the_ledger_funded_entangled_money_included() -> None:
    _, bet, cfo = office()
    for month, amount in ((MARCH, "12838.71"), (APRIL, "20000.00"), (date(2026, 6, 1), "100.00")):
        record(cfo, bet.pk, said(amount, month))
    june, april, march = variance.of_bet(bet, TODAY)
    assert (march.actual, march.funded) == (euros("12838.71"), euros("24838.71"))
    assert march.signal == "€12k under what was funded"
    assert april.signal == "what was funded"
    assert june.signal == "the month is not over"


@pytest.mark.django_db
def test_pages_follow_each_other_without_gap_and_take_the_same_queries() -> None:
    portfolio, bet, cfo = office()
    others = [make_bet(portfolio) for _ in range(3)]
    rows = [(each.pk, said("1.00", month)) for each in [bet, *others] for month in (MARCH, APRIL)]
    record_many(cfo, portfolio, rows)
    seen, after = [], ""
    while True:
        with CaptureQueriesContext(connection) as queries:
            months, after = variance.page(portfolio, TODAY, 3, after=after)
        assert len(queries) <= 5
        seen += [(row.month, row.bet.pk) for row in months]
        if not after:
            break
    pks = [bet.pk, *(each.pk for each in others)]
    assert seen == [(month, pk) for month in (APRIL, MARCH) for pk in pks]


# --- pages and API --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_page_the_bet_and_the_csv_say_it_alike() -> None:
    portfolio, bet, cfo = office()
    record(cfo, bet.pk, said("12838.71"))
    client = signed_in(make_member(portfolio, Role.VIEWER))
    for path in ("/ledger/actuals", f"/ledger/actuals?bet={bet.pk}", f"/bets/{bet.pk}/actuals"):
        assert "€12k under what was funded" in text_of(client.get(path))
    content = b"".join(client.get("/ledger/actuals.csv").streaming_content).decode()
    [row] = csv.DictReader(io.StringIO(content))
    assert row["month"] == "2026-03" and row["actual minus funded"] == "-12000.00"
    assert row["signal"] == "€12k under what was funded"
    elsewhere = signed_in(make_member(make_portfolio(), Role.FINANCE))
    assert elsewhere.get(f"/bets/{bet.pk}/actuals").status_code == 404
    assert "Checkout" not in text_of(elsewhere.get("/ledger/actuals"))


@pytest.mark.django_db
def test_the_page_takes_the_same_queries_however_many_bets() -> None:
    portfolio, bet, cfo = office()
    record(cfo, bet.pk, said("1.00"))
    client = signed_in(cfo)
    client.get("/ledger/actuals")
    with CaptureQueriesContext(connection) as few:
        client.get("/ledger/actuals")
    rows = [(make_bet(portfolio).pk, said("1.00")) for _ in range(8)]
    record_many(cfo, portfolio, rows)
    with CaptureQueriesContext(connection) as many:
        client.get("/ledger/actuals")
    assert len(many) == len(few)


@pytest.mark.django_db
def test_a_program_puts_a_month_and_the_same_again_changes_nothing() -> None:
    portfolio, bet, cfo = office()
    client = client_of(cfo, portfolio, [Scope.READ, Scope.ACTUALS])
    path, body = f"/actuals/{bet.pk}/2026-03", {"amount": "20000.00", "source": "SAP"}
    first, again = (client.send("PUT", path, body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (first.json()["month"], first.json()["amount"]) == ("2026-03", "20000.00")
    assert client.send("PUT", path, {**body, "amount": "1.00"}).status_code == 201
    assert [row["amount"] for row in client.get("/actuals").json()["results"]] == [
        "1.00",
        "20000.00",
    ]
    wrong = assert_problem(client.send("PUT", f"/actuals/{bet.pk}/2026-3", body), 400, "invalid")
    assert [each["field"] for each in wrong["errors"]] == ["month"]
    keyed = client_of(cfo, portfolio, [Scope.READ, Scope.EVIDENCE])
    assert_problem(keyed.send("PUT", path, body), 403, "not-allowed")


@pytest.mark.django_db
def test_in_bulk_the_good_lines_are_taken_and_each_bad_one_is_named() -> None:
    portfolio, bet, cfo = office()
    foreign = make_bet(make_portfolio())
    lines = [
        {"bet": bet.pk, "month": "2026-03", "amount": "5.00"},
        {"bet": bet.pk, "month": "2026-03", "amount": "5.00"},
        {"bet": foreign.pk, "month": "2026-03", "amount": "5.00"},
        {"bet": bet.pk, "month": "soon", "amount": "5.00"},
    ]
    body = b"\n".join([*(json.dumps(line).encode() for line in lines), b"{", b"[]"])
    client = client_of(cfo, portfolio)
    answer = client.send("POST", "/actuals/bulk", body, Content_Type="application/x-ndjson").json()
    assert (answer["taken"], answer["repeated"]) == (1, 1)
    assert [each["line"] for each in answer["refused"]] == [3, 4, 5, 6]
    assert answer["refused"][1]["errors"][0]["field"] == "month"
