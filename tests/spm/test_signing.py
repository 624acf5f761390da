"""Signing a decision: the password or a code, each time, and not too often wrong."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client, RequestFactory

from allocation.models import Decision, Proposal
from spm.accounts.models import ApiKey, IdempotentAnswer, Role, User
from spm.accounts.signing import FIELD, sign
from spm.errors import Invalid
from tests.allocation.test_decide import proposed
from tests.api_client import ApiClient, assert_problem
from tests.factories import PASSWORD, make_member, make_portfolio, make_user

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def nobody_has_tried_yet() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def code_now() -> str:
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30))


def with_app(person: User) -> User:
    TOTP.activate(person, SECRET)
    return person


def signed(person: Any, said: str) -> str:
    return sign(person, said, RequestFactory().post("/")).method


def refused(person: User, said: str) -> str:
    with pytest.raises(Invalid) as refusal:
        signed(person, said)
    assert set(refusal.value.fields) == {FIELD}
    return refusal.value.fields[FIELD]


@pytest.mark.django_db
def test_a_person_signs_with_their_password_and_a_key_by_being_it() -> None:
    person = make_user()
    key, _ = ApiKey.issue(person, make_portfolio().pk, "robot", ["read"])
    assert (signed(person, PASSWORD), signed(key, "")) == ("password", "key")
    assert refused(person, "") == "Sign with your password."
    assert refused(person, PASSWORD + " ") == "That is not your password."


@pytest.mark.django_db
def test_who_has_an_app_signs_with_a_code_that_is_taken_once() -> None:
    person, other = with_app(make_user()), make_user()
    code = code_now()
    assert signed(person, f"{code[:3]} {code[3:]}") == "totp"
    assert "a code is taken once" in refused(person, code)
    assert refused(other, code) == "That is not your password."
    assert signed(person, PASSWORD) == "password"


@pytest.mark.django_db
def test_a_recovery_code_signs_once_and_no_secret_is_stored_in_clear() -> None:
    person = with_app(make_user())
    codes = RecoveryCodes.activate(person).get_unused_codes()
    assert signed(person, codes[0]) == "recovery_codes"
    refused(person, codes[0])
    stored = " ".join(str(row.data) for row in Authenticator.objects.all())
    assert SECRET not in stored and not any(code in stored for code in codes)


@pytest.mark.django_db
def test_after_five_wrong_attempts_even_the_right_password_has_to_wait() -> None:
    person, other = make_user(), make_user()
    for _ in range(5):
        assert refused(person, "wrong") == "That is not your password."
    assert "Wait five minutes" in refused(person, PASSWORD)
    assert signed(other, PASSWORD) == "password"


@pytest.mark.django_db
def test_right_signatures_are_not_counted() -> None:
    person = make_user()
    assert [signed(person, PASSWORD) for _ in range(7)] == ["password"] * 7


@pytest.mark.django_db
def test_who_has_neither_password_nor_app_is_told_what_to_do() -> None:
    person = make_user(password=None)
    assert "set up a second factor" in refused(person, "whatever")


def form_of(proposal: Proposal, **more: str) -> dict[str, str]:
    seen = {"version": str(proposal.version), "content_sha256": proposal.content_sha256}
    return {**seen, "decision": "approve", **more}


@pytest.mark.django_db
def test_a_decision_on_the_page_is_signed_and_says_how() -> None:
    portfolio, _, _, proposal = proposed()
    browser, address = Client(), f"/proposals/{proposal.pk}/decide"
    browser.force_login(make_member(portfolio, Role.FINANCE))
    unsigned = browser.post(address, form_of(proposal, reason="As agreed."))
    assert unsigned.status_code == 422
    page = unsigned.content.decode()
    assert "Sign with your password, or a code" in page and "As agreed." in page
    wrong = browser.post(address, form_of(proposal, reason="As agreed.", signature="wrong one"))
    assert "That is not your password." in wrong.content.decode()
    assert "wrong one" not in wrong.content.decode()
    assert not Decision.objects.exists()
    done = browser.post(address, form_of(proposal, signature=PASSWORD), follow=True)
    assert Decision.objects.get().signed_with == "password"
    assert "signed with password" in done.content.decode()


@pytest.mark.django_db
def test_a_session_signs_through_the_api_and_no_trace_of_the_signature_is_kept() -> None:
    portfolio, _, _, proposal = proposed()
    client = ApiClient(person=make_member(portfolio, Role.FINANCE))
    body = {"version": proposal.version, "content_sha256": proposal.content_sha256}
    path = f"/proposals/{proposal.pk}/approve"
    problem = assert_problem(client.post(path, body), 400, "invalid")
    assert problem["errors"] == [{"field": "signature", "problem": "Sign with your password."}]
    first = client.post(path, {**body, "signature": PASSWORD}, Idempotency_Key="once")
    assert (first.status_code, first.json()["signed_with"]) == (200, "password")
    digest = IdempotentAnswer.objects.get().request_sha256
    again = client.post(path, {**body, "signature": "another"}, Idempotency_Key="once")
    assert (again.status_code, again.json()) == (200, first.json())
    assert IdempotentAnswer.objects.get().request_sha256 == digest
