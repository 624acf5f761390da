"""The second factor: set up on its page, asked for at the sign-in, taken off again."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client

from evidence.models import Notice
from spm.accounts.models import ApiKey, Membership, User
from tests.factories import PASSWORD, make_member, make_portfolio
from tests.spm.test_signing import SECRET, code_now


def signed_in() -> tuple[Client, User]:
    cache.clear()
    browser, person = Client(), make_member(make_portfolio())
    form = {"login": person.email, "password": PASSWORD}
    assert browser.post("/accounts/login/", form).status_code == 302
    return browser, person


@pytest.mark.django_db
def test_an_app_is_set_up_with_its_code_and_recovery_codes_come_with_it() -> None:
    browser, person = signed_in()
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert "No app is set up" in browser.get("/accounts/2fa/").content.decode()
    page = browser.get("/accounts/2fa/totp/activate/").content.decode()
    [secret] = re.findall(r'<code class="num">([A-Z2-7=]+)</code>', page)
    wrong = browser.post("/accounts/2fa/totp/activate/", {"code": "no code"})
    assert "Incorrect code." in wrong.content.decode()
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    codes = browser.post("/accounts/2fa/totp/activate/", {"code": code}, follow=True)
    assert len(re.findall(r"<li>\d{8}</li>", codes.content.decode())) == 10
    kinds = set(Authenticator.objects.filter(user=person).values_list("type", flat=True))
    assert kinds == {"totp", "recovery_codes"}
    assert "10 of 10 are left" in browser.get("/accounts/2fa/").content.decode()


def test_what_changes_the_second_factor_ends_the_other_sessions_and_says_which_keys_go_on(
    committed_db: None,
) -> None:
    browser, person = signed_in()
    portfolio_id = Membership.objects.get(user=person).portfolio_id
    ApiKey.issue(person, portfolio_id, "Jira sync", ["read"])
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})

    def ends_the_other(act: Callable[[], Any]) -> None:
        other = Client()
        other.force_login(User.objects.get(pk=person.pk))
        assert other.get("/kanban").status_code == 200
        Notice.objects.all().delete()
        assert act().status_code == 302
        assert other.get("/kanban").status_code == 302
        assert browser.get("/kanban").status_code == 200
        [told] = Notice.objects.all()
        assert "In your name go on: Jira sync." in told.text

    page = browser.get("/accounts/2fa/totp/activate/").content.decode()
    [secret] = re.findall(r'<code class="num">([A-Z2-7=]+)</code>', page)
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    ends_the_other(lambda: browser.post("/accounts/2fa/totp/activate/", {"code": code}))
    ends_the_other(lambda: browser.post("/accounts/2fa/recovery-codes/generate/"))
    ends_the_other(lambda: browser.post("/accounts/2fa/totp/deactivate/"))


@pytest.mark.django_db
def test_the_sign_in_asks_for_the_code() -> None:
    browser, person = signed_in()
    browser.post("/accounts/logout/")
    TOTP.activate(person, SECRET)
    asked = browser.post(
        "/accounts/login/", {"login": person.email, "password": PASSWORD}, follow=True
    )
    assert "<h1>Your code</h1>" in asked.content.decode()
    assert browser.get("/kanban").status_code == 302
    browser.post("/accounts/2fa/authenticate/", {"code": code_now()})
    assert browser.get("/kanban").status_code == 200


@pytest.mark.django_db
def test_whoever_finds_an_open_session_has_to_show_who_they_are_before_changing_it() -> None:
    _, person = signed_in()
    found = Client()
    found.force_login(person)
    asked = found.get("/accounts/2fa/totp/activate/", follow=True)
    assert "<h1>Is it you?</h1>" in asked.content.decode()
    gone_on = found.post(asked.redirect_chain[-1][0], {"password": PASSWORD}, follow=True)
    assert "<h1>Set up an app</h1>" in gone_on.content.decode()


@pytest.mark.django_db
def test_an_app_that_is_taken_off_takes_its_recovery_codes_along() -> None:
    browser, person = signed_in()
    TOTP.activate(person, SECRET)
    browser.post("/accounts/2fa/reauthenticate/", {"code": code_now()})
    browser.post("/accounts/2fa/recovery-codes/generate/")
    assert Authenticator.objects.filter(user=person).count() == 2
    page = browser.get("/accounts/2fa/totp/deactivate/").content.decode()
    assert "<h1>Take the app off</h1>" in page
    browser.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(user=person).exists()
