"""The Mandates page: who sees it, who grants and revokes, and what it says when it cannot be."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from allocation.decide import approve
from allocation.models import Decision, Mandate
from allocation.within_mandate import book_at_once
from bets.models import Bet
from evidence.models import Notice
from spm.accounts.models import Role, User
from tests.allocation.test_decide import as_shown, proposed
from tests.allocation.test_mandates import granted
from tests.allocation.test_part import Office
from tests.api_client import ApiClient, assert_problem
from tests.factories import PASSWORD, make_member, make_portfolio


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def typed(holder: User, **more: str) -> dict[str, str]:
    day = timezone.localdate() + timedelta(days=60)
    sums = {"most_per_move": "20k", "most_per_30_days": "60k"}
    named = {"holder": f"user:{holder.pk}", "expires_on": day.isoformat(), "reason": "A trial."}
    return {**sums, **named, **more}


@pytest.mark.django_db
def test_each_role_sees_them_finance_grants_them_and_nobody_elsewhere_finds_them() -> None:
    portfolio = make_portfolio()
    mandate = granted(portfolio)
    for role in Role.values:
        browser = signed_in(make_member(portfolio, role))
        pages = ("/mandates", f"/mandates/{mandate.pk}")
        assert [browser.get(page).status_code for page in pages] == [200, 200]
        finance = role == Role.FINANCE
        assert browser.get("/mandates/new").status_code == (200 if finance else 403)
        revoked = browser.post(f"/mandates/{mandate.pk}/revoke", {"reason": ""})
        assert revoked.status_code == (422 if finance else 403)
    stranger = signed_in(make_member(make_portfolio(), Role.FINANCE))
    assert stranger.get(f"/mandates/{mandate.pk}").status_code == 404
    assert stranger.post(f"/mandates/{mandate.pk}/revoke", {"reason": "x"}).status_code == 404
    assert str(mandate.user) not in stranger.get("/mandates").content.decode()


@pytest.mark.django_db
def test_a_mandate_is_granted_in_a_form_and_taken_back_with_a_reason() -> None:
    portfolio = make_portfolio()
    browser, holder = signed_in(make_member(portfolio, Role.FINANCE)), make_member(portfolio)
    said = browser.post(
        "/mandates/new", typed(holder, reversible_only="on", scope_liquidity="stock"), follow=True
    )
    page = strip_tags(said.content.decode())
    assert f"is granted to {holder}" in page
    assert "Stock (weeks); stock and property only; at most €20k/mo a move" in page
    assert "€0/mo of €60k/mo" in page
    mandate = Mandate.objects.get()
    assert (mandate.scope, mandate.reversible_only) == ({"liquidity": ["stock"]}, True)
    wrong = browser.post(f"/mandates/{mandate.pk}/revoke", {"reason": ""})
    assert "Write something here." in wrong.content.decode()
    browser.post(f"/mandates/{mandate.pk}/revoke", {"reason": "It is over."})
    told = strip_tags(browser.get(f"/mandates/{mandate.pk}").content.decode())
    assert "it was revoked" in told and "It is over." in told and "A trial." in told


@pytest.mark.django_db
def test_what_cannot_be_granted_stands_beside_its_field_and_nothing_typed_is_lost() -> None:
    portfolio = make_portfolio()
    finance, holder = make_member(portfolio, Role.FINANCE), make_member(portfolio)
    browser = signed_in(finance)
    wrong = browser.post("/mandates/new", typed(holder, most_per_move="70k", expires_on=""))
    page = wrong.content.decode()
    assert wrong.status_code == 422
    for name in ("expires_on", "most_per_30_days"):
        assert f'id="id_{name}_error"' in page
    assert 'value="70k"' in page and "A trial." in page
    own = browser.post("/mandates/new", typed(finance))
    assert own.status_code == 422  # not among the choices
    assert not Mandate.objects.exists()


@pytest.mark.django_db
def test_more_mandates_cost_no_more_queries() -> None:
    portfolio, counts = make_portfolio(), []
    browser = signed_in(make_member(portfolio, Role.FINANCE))
    browser.get("/mandates")
    for many in (1, 5):
        for _ in range(many):
            granted(portfolio)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get("/mandates").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db
def test_the_page_says_what_is_used_and_what_was_decided_under_it() -> None:
    portfolio, _, _, proposal = proposed()
    mandate = granted(portfolio)
    approve(mandate.user, proposal.pk, as_shown(proposal))
    browser = signed_in(make_member(portfolio, Role.VIEWER))
    page = strip_tags(browser.get(f"/mandates/{mandate.pk}").content.decode())
    assert "€30k/mo of €80k/mo" in page and "Proposal 1: approved by" in page
    assert f"Mandate {mandate.pk}" in browser.get(f"/proposals/{proposal.pk}").content.decode()


@pytest.mark.django_db
def test_what_is_booked_at_once_is_announced_to_its_holder_too() -> None:
    portfolio, _, _, _ = proposed()
    mandate = granted(portfolio, books_at_once=True)
    assert book_at_once(portfolio.pk) == 1
    assert mandate.user in {row.person for row in Notice.objects.filter(kind="decision")}


@pytest.mark.django_db
def test_a_holder_takes_what_lies_in_their_mandate_and_approves_that_part_alone() -> None:
    office = Office()
    Bet.objects.filter(pk=office.sick.pk).update(liquidity="vineyard")
    mandate, address = granted(office.portfolio), f"/proposals/{office.proposal.pk}"
    browser = signed_in(mandate.user)
    assert "Take what lies in your mandate" in browser.get(address).content.decode()
    page = browser.get(f"{address}?inside=mandate").content.decode()
    taken = dict(re.findall(r'name="take-(\d+)"[^>]*?value="yes"[^>]*?(checked|aria-label)', page))
    assert taken.pop(str(office.sick.pk)) == "aria-label"
    assert set(taken.values()) == {"checked"}
    assert f"You decide by this right: Mandate {mandate.pk}" in page
    [digest] = re.findall(r'name="part_sha256" value="([0-9a-f]{64})"', page)
    seen = {"version": office.proposal.version, "content_sha256": office.proposal.content_sha256}
    rows = {f"take-{bet_id}": "yes" for bet_id in taken}
    rows |= {f"amount-{bet_id}": "" for bet_id in (*taken, office.sick.pk)}
    sent = {**seen, **rows, "part_sha256": digest, "decision": "approve", "signature": PASSWORD}
    browser.post(f"{address}/decide", sent)
    decision = Decision.objects.get()
    assert (decision.kind, decision.mandate) == (Decision.Kind.PARTLY_APPROVED, mandate)
    assert decision.signed_with == "password"


@pytest.mark.django_db
def test_where_nothing_lies_in_the_mandate_it_says_so() -> None:
    office = Office()
    mandate = granted(office.portfolio, most_per_move=Decimal(5), most_per_30_days=Decimal(5))
    page = signed_in(mandate.user).get(f"/proposals/{office.proposal.pk}?inside=mandate")
    assert "No part of this proposal lies in your mandate" in page.content.decode()


@pytest.mark.django_db
def test_the_api_grants_shows_and_revokes() -> None:
    portfolio = make_portfolio()
    client, holder = ApiClient(person=make_member(portfolio, Role.FINANCE)), make_member(portfolio)
    until = (timezone.now() + timedelta(days=30)).isoformat()
    body = {
        "user": holder.pk,
        "most_per_move": "1000.00",
        "most_per_30_days": "5000.00",
        "expires_at": until,
        "reason": "A trial.",
    }
    assert_problem(client.post("/mandates", {**body, "most_per_move": "0.00"}), 400, "invalid")
    made = client.post("/mandates", body, Idempotency_Key="once")
    assert (made.status_code, made.json()["used"], made.json()["left"]) == (201, "0.00", "5000.00")
    assert client.post("/mandates", body, Idempotency_Key="once").json() == made.json()
    path = f"/mandates/{made.json()['id']}"
    assert client.get(path).json() == client.get("/mandates").json()["results"][0] == made.json()
    revoked = client.post(f"{path}/revoke", {"reason": "Over."}).json()
    assert revoked["not_in_force"] == "was revoked"
    assert_problem(client.post(f"{path}/revoke", {"reason": "Over."}), 409, "conflict")
    assert Mandate.objects.get().most_per_move == Decimal(1_000)
