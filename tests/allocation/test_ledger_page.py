"""The ledger's page and files: balances at any date, what is to come, and what each was for."""

import csv
import io
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from allocation import ledger, limits
from allocation.decide import approve
from allocation.models import RecomputeRequest, Transfer
from bets.edit import OFFICE
from bets.models import Bet, Portfolio
from evidence.intake import NewEvidence, record
from evidence.models import Evidence
from spm.accounts.models import Role
from tests.allocation.test_decide import as_shown, proposed
from tests.allocation.test_limit_pages import signed_in, text_of
from tests.factories import make_bet, make_hypothesis, make_member, make_portfolio
from tests.spm.sheets.workbooks import sheets_of

pytestmark = pytest.mark.django_db


def books(**titles: int) -> tuple[Portfolio, list[Bet]]:
    portfolio = make_portfolio(name="Office", slug="office")
    ledger.set_envelope(portfolio.pk, Decimal(100_000))
    bets = [make_bet(portfolio, title=title) for title in titles]
    rates = zip(bets, titles.values(), strict=True)
    ledger.open_positions(
        portfolio.pk, {bet.pk: (Decimal(rate), Decimal(0)) for bet, rate in rates}
    )
    return portfolio, bets


def schedule(portfolio: Portfolio, giver: Bet, taker: Bet, amount: int, on: date) -> None:
    places = ledger.working(giver.pk), ledger.working(taker.pk)
    ledger.book(portfolio.pk, [ledger.Entry("move", *places, Decimal(amount), on)])


def viewer(portfolio: Portfolio) -> Client:
    return signed_in(make_member(portfolio, Role.VIEWER))


def held_on(client: Client, day: date) -> dict[str, tuple[Decimal, Decimal]]:
    positions = client.get(f"/ledger?on={day.isoformat()}").context["positions"]
    assert positions.balance == 0
    return {row.bet.title: (row.working, row.entangled) for row in positions.bets}


def test_balances_of_a_day_to_come_count_what_is_scheduled_until_then_and_say_so() -> None:
    portfolio, (old, new) = books(Old=30_000, New=5_000)
    today = timezone.localdate()
    when = today + timedelta(days=60)
    schedule(portfolio, old, new, 12_000, when)
    client = viewer(portfolio)
    assert held_on(client, today) == {"Old": (30_000, 0), "New": (5_000, 0)}
    assert held_on(client, when - timedelta(days=1)) == held_on(client, today)
    assert held_on(client, when) == {"Old": (18_000, 0), "New": (17_000, 0)}
    page = text_of(client.get(f"/ledger?on={when.isoformat()}"))
    assert "As booked today: 1 scheduled transfer takes effect until then." in page
    assert f"takes effect on {when.day} {when:%b %Y}" in page


def test_of_what_is_scheduled_alone_nothing_that_has_taken_effect_is_shown() -> None:
    portfolio, (old, new) = books(Old=30_000, New=5_000)
    schedule(portfolio, old, new, 12_000, timezone.localdate() + timedelta(days=60))
    rows = viewer(portfolio).get("/ledger?scheduled=on").context["rows"]
    assert [row.amount for row in rows] == [12_000]


def test_a_row_leads_to_its_proposal_its_decision_and_what_was_known_then() -> None:
    portfolio, sick, *_, proposal = proposed()
    seen = said_of(sick)
    proposal.evidence.add(seen)
    decision = approve(
        make_member(portfolio, Role.FINANCE, name="Cleo"), proposal.pk, as_shown(proposal)
    )
    client = viewer(portfolio)
    html = client.get("/ledger").content.decode()
    transfer = Transfer.objects.filter(decision=decision).latest("sequence")
    for address in (f"/proposals/{proposal.pk}", f"/ledger/transfers/{transfer.pk}#known-title"):
        assert f'href="{address}"' in html
    page = client.get(f"/ledger/transfers/{transfer.pk}")
    text = text_of(page)
    assert "Approved" in text and "by Cleo" in text and "Role: finance" in text
    known = page.context["known"]
    assert (known.events, known.count, known.beyond) == ([seen], 1, 0)
    assert transfer.sha256 in text and "Weak judgement for" in text


def said_of(bet: Bet) -> Evidence:
    """Evidence on a bet, which its proposal has seen."""
    event = NewEvidence(kind="judgement", direction="for", strength="weak")
    taken = record(OFFICE, make_hypothesis(bet).pk, event).evidence
    RecomputeRequest.objects.filter(portfolio=bet.portfolio).delete()
    return taken


def test_a_change_of_the_envelope_is_a_transfer_with_its_reason_and_leads_to_the_change() -> None:
    portfolio, _ = books(Old=30_000)
    person = make_member(portfolio, Role.FINANCE, name="Cleo")
    limits.change_envelope(person, portfolio.pk, Decimal(120_000), "The board gave more.")
    transfer = Transfer.objects.latest("sequence")
    assert transfer.kind == "envelope" and transfer.amount == 20_000
    change = transfer.limit_change
    assert change is not None and change.reason == "The board gave more."
    html = viewer(portfolio).get("/ledger").content.decode()
    anchor = f"limit-change-{change.pk}"
    assert f'href="/guardrails#{anchor}"' in html and "The board gave more." in html
    assert f'id="{anchor}"' in viewer(portfolio).get("/guardrails").content.decode()


def test_a_transfer_of_another_portfolio_is_not_there() -> None:
    books(Old=30_000)
    other = make_portfolio()
    path = f"/ledger/transfers/{Transfer.objects.latest('sequence').pk}"
    assert viewer(other).get(path).status_code == 404


def test_older_transfers_follow_by_number_and_the_filters_stay() -> None:
    portfolio, (old, new) = books(Old=30_000, New=5_000)
    for _ in range(55):
        schedule(portfolio, old, new, 1, timezone.localdate())
    client = viewer(portfolio)
    first = client.get("/ledger?kind=move")
    assert [row.sequence for row in first.context["rows"]] == list(range(58, 8, -1))
    assert first.context["older_url"] == "?kind=move&before=9"
    second = client.get(f"/ledger{first.context['older_url']}")
    assert [row.sequence for row in second.context["rows"]] == [8, 7, 6, 5, 4]
    assert second.context["older_url"] == ""


def test_the_page_takes_the_same_queries_however_long_the_books() -> None:
    portfolio, (old, _) = books(Old=30_000, New=5_000)
    client = viewer(portfolio)
    client.get("/ledger")
    with CaptureQueriesContext(connection) as few:
        client.get("/ledger")
    for _ in range(10):
        schedule(portfolio, old, make_bet(portfolio), 1, timezone.localdate())
    with CaptureQueriesContext(connection) as many:
        client.get("/ledger")
    assert len(many) == len(few) <= 20


# --- files ----------------------------------------------------------------------------------------


def workbook_of(client: Client, query: str = "") -> dict[str, list[list[Any]]]:
    answer = client.get(f"/ledger.xlsx{query}")
    assert answer["Content-Disposition"] == 'attachment; filename="ledger-office.xlsx"'
    content = b"".join(answer.streaming_content)
    answer.close()
    return sheets_of(content)


def named(rows: list[list[Any]], column: int = 1) -> dict[Any, Any]:
    """A column by the first."""
    return {row[0]: row[column] for row in rows}


def test_the_workbook_holds_transfers_balances_and_proof_with_typed_cells() -> None:
    portfolio, (evil, _) = poisoned()
    book = workbook_of(viewer(portfolio))
    assert list(book) == ["Transfers", "Balances", "Proof"]
    head, *rows, _ = book["Transfers"]
    newest, before = (dict(zip(head, row, strict=True)) for row in rows)
    assert (newest["number"], newest["amount per month"]) == (3, 5_000)
    assert newest["effective on"] == timezone.localdate()
    assert isinstance(newest["booked at"], datetime)
    assert before["to"] == f"{evil.title}: working"
    balances = named(book["Balances"], 3)
    assert (balances["Envelope"], balances["Reserve"]) == (-100_000, 65_000)
    assert (balances["=1+1"], balances["All accounts together"]) == (30_000, 0)
    proof = named(book["Proof"])
    assert (proof["Transfers in the chain"], proof["Last proved"]) == (3, "not yet")
    assert len(proof["Digest of the last one (SHA-256)"]) == 64


def poisoned() -> tuple[Portfolio, list[Bet]]:
    """Books with a title that looks like a formula, and one with marks that cannot be shown."""
    portfolio, bets = books(Old=30_000, New=5_000)
    for bet, title in zip(bets, ("=1+1", "Bell\x07 \x1bescape"), strict=True):
        bet.title = title
        bet.save()
    return portfolio, bets


def test_no_title_spoils_the_workbook_for_everybody() -> None:
    portfolio, _ = poisoned()
    assert {"=1+1", "Bell escape"} <= set(named(workbook_of(viewer(portfolio))["Balances"]))


def test_the_workbook_shows_what_the_page_was_asked_for() -> None:
    portfolio, (old, new) = books(Old=30_000, New=5_000)
    when = timezone.localdate() + timedelta(days=60)
    schedule(portfolio, old, new, 12_000, when)
    book = workbook_of(viewer(portfolio), f"?kind=move&on={when.isoformat()}")
    assert len(book["Transfers"]) == 2
    balances = named(book["Balances"])
    assert (balances["Old"], balances["New"]) == (18_000, 17_000)


def test_a_long_ledger_says_in_the_workbook_what_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    portfolio, _ = books(Old=30_000, New=5_000)
    monkeypatch.setattr("allocation.pages.ledger.MOST_IN_A_WORKBOOK", 2)
    book = workbook_of(viewer(portfolio))
    assert len(book["Transfers"]) == 3
    assert named(book["Proof"])["Sheet of transfers"].startswith("the newest 2 of 3 transfers")


def test_the_csv_names_who_decided_under_which_authority_and_why() -> None:
    portfolio, *_, proposal = proposed()
    person = make_member(portfolio, Role.FINANCE, name="Cleo")
    approve(person, proposal.pk, as_shown(proposal), reason="=SUM(A1)")
    answer = viewer(portfolio).get("/ledger.csv")
    content = b"".join(answer.streaming_content).decode()
    newest = next(csv.DictReader(io.StringIO(content)))
    assert (newest["decided by"], newest["authority"]) == ("Cleo", "Role: finance")
    assert newest["reason"] == "'=SUM(A1)"
