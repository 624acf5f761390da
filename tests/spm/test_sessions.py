"""Who is behind the sessions that listen to the live channel."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from spm.accounts.models import Membership, User
from spm.accounts.sessions import session_key_in, who_may_listen
from tests.factories import make_member, make_portfolio

pytestmark = pytest.mark.django_db


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def test_all_who_listen_are_asked_about_at_once(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ours, theirs = make_portfolio(), make_portfolio()
    people = [make_member(ours, role="viewer") for _ in range(5)]
    keys = [session_of(person) for person in people]
    asked = [(key, portfolio.pk) for key in keys for portfolio in (ours, theirs)]
    with django_assert_num_queries(3):
        standing = who_may_listen([*asked, ("made-up", ours.pk)])
    assert standing == {(key, ours.pk): person.pk for key, person in zip(keys, people, strict=True)}


@pytest.mark.parametrize(
    "leaves",
    [
        lambda person: Membership.objects.filter(user=person).delete(),
        lambda person: User.objects.filter(pk=person.pk).update(is_active=False),
        lambda person: (person.set_password("another one"), person.save()),
    ],
    ids=["the portfolio", "the office", "the sessions of an old password"],
)
def test_whoever_leaves_no_longer_listens(leaves: Any) -> None:
    portfolio = make_portfolio()
    person = make_member(portfolio)
    seat = (session_of(person), portfolio.pk)
    assert who_may_listen([seat]) == {seat: person.pk}
    leaves(person)
    assert who_may_listen([seat]) == {}


def test_signing_out_ends_the_listening() -> None:
    portfolio = make_portfolio()
    client = Client()
    client.force_login(make_member(portfolio))
    seat = (client.cookies[settings.SESSION_COOKIE_NAME].value, portfolio.pk)
    assert seat in who_may_listen([seat])
    client.logout()
    assert who_may_listen([seat]) == {}


def test_a_cookie_is_read_for_its_session_and_nothing_else() -> None:
    name = settings.SESSION_COOKIE_NAME
    assert session_key_in(f"theme=dark; {name}=abc") == "abc"
    assert session_key_in("theme=dark") is None
    assert session_key_in("") is None
