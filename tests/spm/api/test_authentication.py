"""Who is let in, and by what."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from spm.accounts.models import ApiKey, Membership, Scope
from tests.api_client import ApiClient, assert_problem, client_for, client_of
from tests.factories import make_bet, make_member, make_portfolio

pytestmark = pytest.mark.django_db


def issue(**fields: object) -> tuple[ApiKey, str]:
    portfolio = make_portfolio()
    key, clear = ApiKey.issue(make_member(portfolio), portfolio.pk, "test", ["read"])
    ApiKey.objects.filter(pk=key.pk).update(**fields)
    return key, clear


def test_a_stranger_is_asked_to_authenticate() -> None:
    response = ApiClient().get("/bets")
    assert_problem(response, 401, "unauthenticated")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_key_opens_the_api_in_the_header() -> None:
    _, clear = issue()
    assert ApiClient(clear).get("/bets").status_code == 200


def test_a_key_in_the_address_opens_nothing() -> None:
    _, clear = issue()
    assert_problem(ApiClient().get(f"/bets?key={clear}&api_key={clear}"), 401, "unauthenticated")


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer spm",
        "Bearer spm__",
        "Bearer spm_ä_ä",
        "Bearer spm_0123456789ab_wrong",
        "Basic dXNlcjpwYXNz",
        "Token {clear}",
        "Bearer {clear}x",
        "Bearer {clear} {clear}",
        "Bearer \x00",
        "Bearer spm_\x00_x",
    ],
)
def test_what_is_no_key_in_force_opens_nothing(header: str) -> None:
    _, clear = issue()
    response = ApiClient().get("/bets", Authorization=header.format(clear=clear))
    assert_problem(response, 401, "unauthenticated")


@pytest.mark.parametrize("field", ["expires_at", "revoked_at"])
def test_an_expired_or_revoked_key_opens_nothing(field: str) -> None:
    _, clear = issue(**{field: timezone.now()})
    assert_problem(ApiClient(clear).get("/bets"), 401, "unauthenticated")


def test_a_key_dies_with_its_owners_account() -> None:
    key, clear = issue()
    key.owner.is_active = False
    key.owner.save()
    assert_problem(ApiClient(clear).get("/bets"), 401, "unauthenticated")


def test_a_key_sees_nothing_once_its_owner_has_lost_the_role() -> None:
    key, clear = issue()
    bet = make_bet(key.portfolio)
    Membership.objects.filter(user=key.owner).delete()
    assert_problem(ApiClient(clear).get(f"/bets/{bet.pk}"), 404, "not-found")


def test_a_key_that_opens_nothing_is_not_replaced_by_the_session_beside_it() -> None:
    person = make_member(make_portfolio())
    client = ApiClient(person=person)
    assert client.get("/bets").status_code == 200
    response = client.get("/bets", Authorization="Bearer spm_a_b")
    assert_problem(response, 401, "unauthenticated")


def test_a_signed_in_person_reads_without_and_writes_only_with_a_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_member(make_portfolio()))
    assert client.get("/api/v1/bets").status_code == 200
    response = client.post("/api/v1/bets", {"title": "A"}, content_type="application/json")
    assert_problem(response, 403, "not-allowed")


def test_a_key_without_the_scope_for_it_may_read_and_no_more() -> None:
    portfolio = make_portfolio()
    client = client_of(make_member(portfolio), portfolio, [Scope.READ])
    assert client.get("/bets").status_code == 200
    document = assert_problem(client.post("/bets", {"title": "A"}), 403, "not-allowed")
    assert "scope" in document["detail"]


def test_a_key_that_may_not_read_is_told_so_instead_of_shown_nothing() -> None:
    portfolio = make_portfolio()
    client = client_of(make_member(portfolio), portfolio, [Scope.EVIDENCE])
    assert_problem(client.get("/bets"), 403, "not-allowed")


def test_last_use_is_noted_at_most_once_a_minute() -> None:
    key, clear = issue()
    client = ApiClient(clear)
    client.get("/bets")
    noted = ApiKey.objects.get(pk=key.pk).last_used_at
    assert noted is not None
    client.get("/bets")
    assert ApiKey.objects.get(pk=key.pk).last_used_at == noted
    long_ago = noted - timedelta(seconds=61)
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=long_ago)
    client.get("/bets")
    assert ApiKey.objects.filter(pk=key.pk, last_used_at__gt=long_ago).exists()


def test_a_key_can_do_no_more_than_its_owner() -> None:
    portfolio = make_portfolio()
    client = client_for(portfolio, "viewer")
    assert_problem(client.post("/bets", {"title": "A"}), 403, "not-allowed")
