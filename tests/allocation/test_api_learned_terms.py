"""Decisions with what they moved, and what withdrawals have taught, over the API."""

import pytest

from bets.models import Bet
from tests.allocation.test_withdrawals import learned_office
from tests.api_client import client_of
from tests.factories import make_member
from tests.reports.journal.history import Office, noon

pytestmark = pytest.mark.django_db


def test_a_decision_says_what_it_moved_and_can_be_found_by_bet_and_time() -> None:
    office = Office(one=1000, two=500)
    first = office.approve(noon(2, 1), {"one": (1000, 700)}, [("one", "two", 300)])
    second = office.decided(office.proposal(noon(3, 1)), "refused", noon(3, 1), reason="No.")
    client = client_of(make_member(office.portfolio), office.portfolio)
    rows = client.get("/decisions").json()["results"]
    assert [(row["id"], row["moved"]) for row in rows] == [
        (second.pk, "0.00"),
        (first.pk, "300.00"),
    ]
    for query, found in (
        (f"bet={office.bets['one'].pk}", [first.pk]),
        (f"bet={office.bets['two'].pk}", []),
        ("since=2026-02-15T00:00:00Z", [second.pk]),
        ("until=2026-03-01T12:00:00Z", [first.pk]),
        ("mandate=1", []),
    ):
        ids = [row["id"] for row in client.get(f"/decisions?{query}").json()["results"]]
        assert ids == found, query
    assert client.get("/decisions?since=2026-02-15").status_code == 400


def test_what_was_learned_can_be_read_and_used() -> None:
    office = learned_office()
    client = client_of(make_member(office.portfolio), office.portfolio)
    (terms,) = client.get("/learned-terms").json()
    assert (terms["liquidity"], terms["cases"]) == ("property", 2)
    assert (terms["reclaimable_share"], terms["share_in_use"]["mean"]) == (0.75, 0.5)
    given = {"liquidity": "property", "reclaimable_share": 0.75}
    done = client.post("/learned-terms/use", given, Idempotency_Key="once")
    assert done.json() == {"changed": terms["bets"]}
    again = client.post("/learned-terms/use", given, Idempotency_Key="once")
    assert again["Idempotent-Replayed"] == "true"
    one = Bet.objects.get(pk=office.bets["one"].pk)
    assert (one.reclaimable_share, one.notice_months) == (0.75, 3.0)
    shown_otherwise = {**given, "reclaimable_share": 0.9}
    assert client.post("/learned-terms/use", shown_otherwise).status_code == 409
    # What knows no versions is refused alike, whatever version somebody names.
    named = client.post("/learned-terms/use", shown_otherwise, If_Match='"1"')
    assert named.status_code == 409
    for wrong in ({"liquidity": 5}, {"liquidity": "property", "share": 1}):
        assert client.post("/learned-terms/use", wrong).status_code in {400, 422}
