"""Through the API: balances at a date, reports as tables, files and notices."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from allocation.decide import approve
from allocation.models import LimitChange, Proof, RecomputeRequest
from evidence.models import Evidence
from evidence.notices.tell import News, tell
from reports.five_numbers import five_numbers
from reports.journal.tables import TABLES
from reports.tables_api import FLOW_PARTS
from spm.accounts.models import Role
from tests.allocation.test_decide import as_shown, proposed
from tests.api_client import assert_problem, client_for, client_of
from tests.factories import make_bet, make_hypothesis, make_member, make_portfolio

pytestmark = pytest.mark.django_db


def test_balances_at_a_date_are_those_of_the_books() -> None:
    portfolio, sick, _, proposal = proposed()
    approve(make_member(portfolio, Role.FINANCE), proposal.pk, as_shown(proposal))
    client, today = client_for(portfolio), timezone.localdate()
    now = client.get("/balances").json()
    assert now["balance"] == "0.00" and now["on"] == today.isoformat()
    held = {row["bet"]: (row["working"], row["entangled"]) for row in now["bets"]}
    assert held[sick.pk][1] == "10000.00"
    before = client.get(f"/balances?on={today - timedelta(days=4000)}").json()
    assert (before["bets"], before["held"]) == ([], "0.00")
    assert_problem(client.get("/balances?on=yesterday"), 400, "invalid")
    rows = client.get(f"/transfers?kind=entangle&effective_until={today}").json()["results"]
    assert [row["amount"] for row in rows] == ["10000.00"]
    assert client.get("/transfers?effective_since=2199-01-01").json()["results"] == []


def test_each_report_is_a_table_with_the_filters_of_its_page() -> None:
    portfolio, sick, _, proposal = proposed()
    approve(make_member(portfolio, Role.FINANCE), proposal.pk, as_shown(proposal))
    client = client_for(portfolio)
    named = [("journal", part) for part in TABLES] + [("flow", part) for part in FLOW_PARTS]
    named += [("calibration", "forecasts"), ("calibration", "diagram"), ("evidence", "next")]
    for report, part in named:
        table = client.get(f"/reports/{report}/{part}?period=90").json()
        assert table["columns"], (report, part)
        assert all(len(row) == len(table["columns"]) for row in table["rows"]), (report, part)
    decisions = client.get("/reports/journal/decisions").json()
    said = dict(zip(decisions["columns"], decisions["rows"][0], strict=True))
    assert (said["decision"], said["authority"]) == ("Approved", "Role: finance")
    assert client.get("/reports/journal/decisions?kind=refused").json()["rows"] == []
    assert client.get(f"/bets/{sick.pk}/belief-over-money").json()["rows"]
    assert client.get(f"/proposals/{proposal.pk}/waterfall").json()["rows"]
    assert client.get("/reports/five-numbers").json()["stuck_rate"] == str(
        five_numbers(portfolio).stuck_rate
    )
    assert_problem(client.get(f"/proposals/{proposal.pk}/frontier"), 404, "not-found")
    assert_problem(client.get("/reports/journal/colours"), 404, "not-found")
    assert_problem(client.get("/reports/journal/decisions?colour=red"), 400, "invalid")


def test_sums_are_set_with_a_reason_and_proofs_and_computations_asked_for() -> None:
    portfolio = make_portfolio()
    client = client_for(portfolio, "finance")
    path = f"/portfolios/{portfolio.pk}/envelope"
    body = {"amount": "2000000.00", "reason": "A larger year."}
    assert client.post(path, body, Idempotency_Key="a").json()["envelope"] == "2000000.00"
    assert client.post(path, body, Idempotency_Key="a")["Idempotent-Replayed"] == "true"
    assert_problem(client.post(path, body), 400, "invalid")
    floor = client.post(f"/portfolios/{portfolio.pk}/reserve-floor", {**body, "amount": "10.00"})
    assert floor.json()["reserve_floor"] == "10.00"
    assert set(LimitChange.objects.values_list("reason", flat=True)) == {"A larger year."}
    assert client.post("/proofs", {}).status_code == 202
    assert client.get("/proofs").json()["results"][0]["finished_at"] is None
    assert Proof.objects.count() == 1
    RecomputeRequest.objects.all().delete()
    assert client.post("/recomputation", {}).json()["is_owed"] is True
    assert client.get("/recomputation").json()["is_owed"] is True


def test_a_file_is_handed_in_named_by_evidence_and_downloaded_and_evidence_taken_back() -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio)
    hypothesis = make_hypothesis(bet)
    client = client_of(make_member(portfolio), portfolio)
    to = f"/attachments?hypothesis={hypothesis.pk}&name=seen.txt"
    octets: Any = {"Content_Type": "application/octet-stream"}
    handed_in = client.send("POST", to, b"It was seen.", **octets)
    assert handed_in.status_code == 201, handed_in.content
    said = {"kind": "judgement", "direction": "for", "strength": "weak"}
    event = {"hypothesis": hypothesis.pk, **said, "files": [handed_in.json()["token"]]}
    logged = client.post("/evidence", event).json()
    [row] = client.get(f"/attachments?evidence={logged['evidence']['id']}").json()["results"]
    assert (row["name"], row["size"]) == ("seen.txt", 12)
    file = client.get(f"/attachments/{row['id']}")
    assert file.content == b"It was seen." and "attachment" in file["Content-Disposition"]
    for wrong in ({"files": ["nothing"]}, {"files": "nothing"}, {"files": [1]}):
        assert_problem(client.post("/evidence", {**event, **wrong}), 400, "invalid")
    assert_problem(client.send("POST", to, b"", **octets), 400, "invalid")
    assert_problem(client.post(to, {}), 415, "media-type")
    back = f"/evidence/{logged['evidence']['id']}/retract"
    assert client.post(back, {"note": "Counted twice."}).status_code == 201
    assert client.post(back, {"note": "Counted twice."}).status_code in (400, 409)
    assert Evidence.objects.filter(kind="retraction").count() == 1


def test_ones_own_notices_are_read_and_marked() -> None:
    portfolio = make_portfolio()
    person, other = make_member(portfolio), make_member(portfolio)
    news = News("break", "test", "It broke.", "/", portfolio.pk, {person.pk: "office"})
    tell([news])
    client = client_of(person, portfolio)
    [row] = client.get("/notices?unread=yes").json()["results"]
    assert row["text"] == "It broke."
    assert client_of(other, portfolio).get("/notices").json()["results"] == []
    for marked in (1, 0):
        assert client.post("/notices/read", {"newest": row["id"]}).json() == {"marked": marked}
    assert client.get("/notices?unread=yes").json()["results"] == []
