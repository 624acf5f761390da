"""Proposals, decisions and the ledger through the API."""

from itertools import pairwise
from typing import Any

import pytest

from allocation.models import Decision, Proposal, Transfer
from bets.models import Portfolio
from spm.accounts.models import Role
from tests.allocation.test_decide import proposed
from tests.allocation.test_mandates import granted
from tests.allocation.test_part import Office
from tests.api_client import ApiClient, assert_problem, client_for, client_of
from tests.at_once import at_once
from tests.factories import make_bet, make_member, make_portfolio


def shown_to(client: ApiClient, proposal: Proposal) -> dict[str, Any]:
    """What an approval has to name."""
    seen = client.get(f"/proposals/{proposal.pk}").json()
    return {"version": seen["version"], "content_sha256": seen["content_sha256"]}


def decider(portfolio: Portfolio) -> ApiClient:
    """A key of somebody in finance, with a mandate for all that is proposed here."""
    owner = make_member(portfolio, Role.FINANCE)
    granted(portfolio, owner, reversible_only=False)
    return client_of(owner, portfolio)


@pytest.mark.django_db
def test_a_proposal_shows_all_that_a_decider_should_have_seen() -> None:
    portfolio, sick, well, proposal = proposed()
    shown = decider(portfolio).get(f"/proposals/{proposal.pk}").json()
    assert {change["bet"] for change in shown["changes"]} == {sick.pk, well.pk}
    out = next(change for change in shown["changes"] if change["bet"] == sick.pk)
    assert (out["working_before"], out["working_after"]) == ("40000.00", "0.00")
    assert (out["freed"], out["entangled"]) == ("30000.00", "10000.00")
    assert {move["from_bet"] for move in shown["moves"]} >= {sick.pk}
    assert (shown["status"], shown["may_not_decide"]) == ("open", "")
    assert shown["newer_evidence"] == shown["evidence"] == []


@pytest.mark.django_db
def test_who_may_not_decide_is_told_why_beforehand() -> None:
    portfolio, _, _, proposal = proposed()
    shown = client_for(portfolio, "viewer").get(f"/proposals/{proposal.pk}").json()
    assert "somebody in finance" in shown["may_not_decide"]


@pytest.mark.django_db
def test_an_approval_of_what_was_seen_books_it() -> None:
    portfolio, sick, _, proposal = proposed()
    client = decider(portfolio)
    response = client.post(f"/proposals/{proposal.pk}/approve", shown_to(client, proposal))
    assert response.status_code == 200
    decision = response.json()
    assert (decision["kind"], decision["proposal"]) == ("approved", proposal.pk)
    booked = client.get(f"/transfers?bet={sick.pk}").json()["results"]
    entangled = [row for row in booked if row["kind"] == "entangle"]
    assert [row["amount"] for row in entangled] == ["10000.00"]
    assert entangled[0]["from_account"] == {"kind": "working", "bet": sick.pk}
    assert client.get(f"/bets/{sick.pk}").json()["entangled"] == "10000.00"
    [listed] = client.get("/decisions?kind=approved").json()["results"]
    assert listed == {**decision, "moved": "30000.00"}


@pytest.mark.django_db
@pytest.mark.parametrize("act", ["approve", "refuse"])
def test_a_decision_about_anything_else_is_a_conflict_that_says_what_changed(act: str) -> None:
    portfolio, _, _, proposal = proposed()
    client = decider(portfolio)
    seen = {**shown_to(client, proposal), "reason": "So."}
    for other in ({"version": seen["version"] + 1}, {"content_sha256": "0" * 64}):
        response = client.post(f"/proposals/{proposal.pk}/{act}", {**seen, **other})
        assert assert_problem(response, 409, "conflict")["changed"]
    assert not Decision.objects.exists()


@pytest.mark.django_db
def test_a_refusal_keeps_its_reason_and_moves_nothing() -> None:
    portfolio, _, _, proposal = proposed()
    client, before = decider(portfolio), Transfer.objects.count()
    body = {**shown_to(client, proposal), "reason": "Not before the audit."}
    response = client.post(f"/proposals/{proposal.pk}/refuse", body)
    assert (response.status_code, response.json()["reason"]) == (200, "Not before the audit.")
    assert Transfer.objects.count() == before
    [listed] = client.get("/proposals?status=refused").json()["results"]
    assert listed["id"] == proposal.pk


@pytest.mark.django_db
def test_a_decided_proposal_is_a_conflict_that_says_by_whom() -> None:
    portfolio, _, _, proposal = proposed()
    client = decider(portfolio)
    seen = shown_to(client, proposal)
    client.post(f"/proposals/{proposal.pk}/refuse", {**seen, "reason": "No."})
    late = client.post(f"/proposals/{proposal.pk}/approve", seen)
    assert "Refused by" in assert_problem(late, 409, "conflict")["changed"][0]


@pytest.mark.django_db
def test_an_approval_delivered_again_under_its_key_is_answered_as_before() -> None:
    portfolio, _, _, proposal = proposed()
    client = decider(portfolio)
    seen, address = shown_to(client, proposal), f"/proposals/{proposal.pk}/approve"
    first = client.post(address, seen, Idempotency_Key="once")
    again = client.post(address, seen, Idempotency_Key="once")
    assert (again.status_code, again.json()) == (200, first.json())
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first


@pytest.mark.django_db
def test_only_finance_decides_here_too() -> None:
    portfolio, _, _, proposal = proposed()
    client = client_for(portfolio, "lead")
    response = client.post(f"/proposals/{proposal.pk}/approve", shown_to(client, proposal))
    assert_problem(response, 403, "not-allowed")


def test_of_eight_approvals_at_once_one_is_the_decision(committed_db: None) -> None:
    portfolio, _, _, proposal = proposed()
    clients = [decider(portfolio) for _ in range(8)]
    seen, address = shown_to(clients[0], proposal), f"/proposals/{proposal.pk}/approve"

    def approving(client: ApiClient) -> Any:
        return lambda: client.post(address, seen)

    answers = at_once([approving(client) for client in clients])
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert Decision.objects.count() == 1


def entries(portfolio: Portfolio, query: str = "") -> list[Any]:
    """The listed transfers, as the lead sees them."""
    listed: list[Any] = client_for(portfolio).get(f"/transfers{query}").json()["results"]
    return listed


@pytest.mark.django_db
def test_the_ledger_is_listed_newest_first_with_its_chain() -> None:
    portfolio, _, _, _ = proposed()
    listed = entries(portfolio)
    assert [row["sequence"] for row in listed] == list(range(len(listed), 0, -1))
    for later, earlier in pairwise(listed):
        assert later["previous_sha256"] == earlier["sha256"]
    assert entries(portfolio, f"?bet={make_bet(make_portfolio()).pk}") == []


@pytest.mark.django_db
def test_nothing_of_another_portfolio_is_listed_or_shown() -> None:
    portfolio, _, _, proposal = proposed()
    stranger = client_for(make_portfolio(), "finance")
    for path in ("/proposals", "/transfers", "/decisions"):
        assert stranger.get(path).json()["results"] == []
        assert stranger.get(f"{path}?portfolio={portfolio.pk}").json()["results"] == []
    assert_problem(stranger.get(f"/proposals/{proposal.pk}"), 404, "not-found")
    body = {"version": 1, "content_sha256": "0" * 64, "reason": "No."}
    for act in ("approve", "refuse"):
        response = stranger.post(f"/proposals/{proposal.pk}/{act}", body)
        assert_problem(response, 404, "not-found")


@pytest.mark.django_db
def test_a_part_is_worked_out_shown_and_then_approved_by_its_digest() -> None:
    office = Office()
    client = decider(office.portfolio)
    wanted = {"left_out": [office.tired.pk], "amounts": {str(office.sick.pk): "24000.00"}}
    before = Transfer.objects.count()
    part = client.post(f"/proposals/{office.proposal.pk}/part", wanted).json()
    assert (part["entangled"], part["exit_costs"]) == ("4000.00", "24000.00")
    assert part["obstacles"] == [] and part["gain_lost"] > 0
    assert Transfer.objects.count() == before
    body = {**shown_to(client, office.proposal), "part": wanted}
    unseen = client.post(f"/proposals/{office.proposal.pk}/approve", body)
    assert assert_problem(unseen, 409, "conflict")["changed"]
    body["part_sha256"] = part["sha256"]
    decision = client.post(f"/proposals/{office.proposal.pk}/approve", body).json()
    assert decision["kind"] == "partial"
    assert decision["part"]["amounts"] == {str(office.sick.pk): "24000.00"}
    [booked] = client.get("/decisions?kind=partial").json()["results"]
    assert booked == {**decision, "moved": "12000.00"}


@pytest.mark.django_db
def test_a_part_beyond_what_was_proposed_names_the_bet_and_the_way_to_more() -> None:
    office = Office()
    client = decider(office.portfolio)
    wanted = {"amounts": {str(office.sick.pk): "50000.00"}}
    body = {**shown_to(client, office.proposal), "part": wanted, "part_sha256": "0" * 64}
    for path, asked, prefix in (("part", wanted, ""), ("approve", body, "part.")):
        answer = client.post(f"/proposals/{office.proposal.pk}/{path}", asked)
        [wrong] = assert_problem(answer, 400, "invalid")["errors"]
        assert wrong["field"] == f"{prefix}amounts.{office.sick.pk}"
        assert "from a scenario" in wrong["problem"]
