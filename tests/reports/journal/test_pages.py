"""The page of the journal: what it shows, its addresses, its files, and what it costs."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bets.models import Bet
from evidence.intake import NewEvidence, record
from reports.journal.asked import PARTS, Asked
from reports.journal.tables import TABLES
from spm.accounts.models import Role
from tests.evidence.test_log_pages import signed_in, text_of
from tests.factories import make_hypothesis, make_member, make_portfolio
from tests.reports.journal.history import Office, noon

pytestmark = pytest.mark.django_db


def busy_office(years: int = 1) -> Office:
    """An office that moves money to and fro, refuses something, and learns."""
    office = Office(one=1000, two=500)
    for year in range(years):
        at = noon(2, 1) + timedelta(days=20 * year)
        office.turned("one", "break", at)
        office.approve(at, {"one": (1000, 600)}, [("one", "reserve", 400)])
        office.turned("one", "revival", at + timedelta(days=1))
        office.approve(at + timedelta(days=2), {"one": (600, 1000)}, [("reserve", "one", 400)])
        refused = office.proposal(at)
        office.change(refused, "two", 500, 100)
        office.decided(refused, "refused", at + timedelta(days=3), reason="Not now.")
        table: dict[str, Any] = {"bets": [{}], "successor": None}
        ends = {"purpose": "stop", "about": office.bets["two"], "consequences": table}
        stop = office.proposal(at, **ends, reason="End it.", drawn_up_by=office.finance)
        office.decided(stop, "expired", at + timedelta(days=4), decided_by=None)
    return office


def test_each_figure_opens_to_the_rows_that_it_was_made_from() -> None:
    office = busy_office()
    client = signed_in(make_member(office.portfolio))
    page = client.get(reverse("reports:decisions"), {"period": "all"})
    assert "Evidence to money 0.5 days median of 2; 0 still waiting" in text_of(page)
    for part in set(PARTS) - {"decisions"}:
        assert f"?period=all&amp;part={part}#rows" in page.content.decode()
    expected = {
        "decisions": "Stop two: of €0/mo, €0/mo is freed",
        "waits": "one Broke",
        "authority": "Role: finance 4 100%",
        "refused": "two −€400/mo",
        "reversed": "one",
        "freed": "What withdrawals teach",
    }
    for part, words in expected.items():
        rows = text_of(client.get(reverse("reports:decisions"), {"period": "all", "part": part}))
        assert words in rows, part


def test_the_evidence_known_then_is_shown_with_what_it_weighed_then() -> None:
    office = Office(one=1000)
    hypothesis = make_hypothesis(office.bets["one"], half_life_days=None)
    said = NewEvidence(
        kind="judgement", direction="against", strength="strong", observed_at=noon(1, 20)
    )
    taken = record(make_member(office.portfolio), hypothesis.pk, said)
    proposal = office.proposal(noon(2, 1))
    office.change(proposal, "one", 1000, 600)
    office.decided(proposal, "refused", noon(2, 1), reason="No.", evidence_seen=[taken.evidence.pk])
    client = signed_in(make_member(office.portfolio))
    text = text_of(client.get(reverse("reports:decisions"), {"period": "all"}))
    assert "Strong judgement against −10 dB" in text


def test_filters_live_in_the_address_and_narrow_the_list_alone() -> None:
    office = busy_office()
    client = signed_in(make_member(office.portfolio))
    refused = {"period": "all", "kind": "refused"}
    text = text_of(client.get(reverse("reports:decisions"), refused))
    assert "Refused by Grace Hopper" in text and "Approved by" not in text
    assert "of 4 decisions" in text
    bet = office.bets["two"]
    text = text_of(client.get(reverse("reports:decisions"), {"period": "all", "bet": str(bet.pk)}))
    assert "About two only." in text and "Approved by" not in text
    nothing = {"period": "all", "authority": "Role: nobody"}
    assert "No decision matches." in text_of(client.get(reverse("reports:decisions"), nothing))


def test_what_cannot_be_asked_is_left_out() -> None:
    given = {"period": "7", "part": "x", "kind": "y", "bet": "9" * 30, "authority": "a\0b"}
    assert Asked.of(given) == Asked(authority="ab")
    assert Asked(period="all", part="waits", bet=3).query() == "?period=all&part=waits&bet=3"
    assert Asked().query() == ""


def test_the_list_comes_in_pages_each_below_the_one_before() -> None:
    office = Office(one=1000)
    for number in range(25):
        at = noon(2, 1) + timedelta(days=number)
        office.decided(office.proposal(at), "refused", at, reason=f"Reason {number:02}.")
    client = signed_in(make_member(office.portfolio))
    first = client.get(reverse("reports:decisions"), {"period": "all"})
    assert "Reason 24." in text_of(first) and "Reason 04." not in text_of(first)
    older = client.get(first.context["older_url"])
    assert "Reason 04." in text_of(older) and "Reason 05." not in text_of(older)
    assert older.context["older_url"] == ""


def test_every_part_is_there_as_csv() -> None:
    client = signed_in(make_member(busy_office().portfolio))
    rows = {"decisions": 4, "waits": 2, "authority": 1, "refused": 1, "reversed": 1, "freed": 1}
    for part in TABLES:
        text = client.get(reverse("reports:decisions_csv", args=[part]) + "?period=all")
        assert len(text.content.decode().splitlines()) == rows.get(part, 1) + 1, part
    assert client.get(reverse("reports:decisions_csv", args=["nothing"])).status_code == 404


@pytest.mark.parametrize("part", PARTS)
def test_a_page_costs_as_many_queries_for_many_as_for_few(part: str) -> None:
    counts = []
    for years in (1, 3):
        client = signed_in(make_member(busy_office(years).portfolio))
        client.get(reverse("evidence:stream"))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("reports:decisions"), {"period": "all", "part": part})
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 24


def test_an_office_that_decided_nothing_sees_dashes() -> None:
    client = signed_in(make_member(make_portfolio()))
    for part in PARTS:
        page = client.get(reverse("reports:decisions"), {"part": part})
        assert page.status_code == 200
    assert "of 0 decisions" in text_of(page)


def test_a_lead_uses_the_learned_value_and_finance_is_told_who_may() -> None:
    office = busy_office()
    at = {"liquidity": "property", "reclaimable_share": "1.0", "notice_months": "0.0"}
    Bet.objects.filter(pk=office.bets["two"].pk).update(reclaimable_share=0.5)
    finance = signed_in(office.finance)
    told = finance.post(reverse("reports:use_learned"), at, follow=True)
    assert "You may not edit bet here. These roles may: Contributor" in text_of(told)
    lead = signed_in(make_member(office.portfolio))
    page = lead.get(reverse("reports:decisions"), {"period": "all", "part": "freed"})
    assert "1 bet would change" in text_of(page)
    told = lead.post(reverse("reports:use_learned"), at, follow=True)
    assert "1 bet of class Property (a quarter or two) changed." in text_of(told)
    assert Bet.objects.get(pk=office.bets["two"].pk).reclaimable_share == 1.0
    at["reclaimable_share"] = "0.9"
    other = lead.post(reverse("reports:use_learned"), at, follow=True)
    assert "What has been learned is not what you were shown." in text_of(other)


def test_nobody_sees_the_journal_of_a_foreign_portfolio() -> None:
    office = busy_office()
    elsewhere = signed_in(make_member(make_portfolio(), Role.VIEWER))
    page = text_of(elsewhere.get(reverse("reports:decisions"), {"period": "all"}))
    assert "Grace Hopper" not in page and "of 0 decisions" in page
    bet = {"period": "all", "bet": str(office.bets["one"].pk)}
    assert "About" not in text_of(elsewhere.get(reverse("reports:decisions"), bet))
