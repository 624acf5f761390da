"""What the browser tests may ask for beside tests/conftest.py.

sign_in_elsewhere    a page of another browser in which somebody is signed in
demo                 the demo portfolio, committed, made once for a module
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from tests import running
from tests.browser.faults import note_faults


@dataclass(frozen=True)
class Demo:
    """The demo portfolio with the key of each of its people, by e-mail address."""

    portfolio: Any
    session_keys: dict[str, str]


def session_of(user: Any) -> str:
    """The key of a session in which somebody is signed in."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


@pytest.fixture
def sign_in_elsewhere(browser: Any, live_site: running.Site) -> Iterator[Callable[..., Any]]:
    """A page of a browser of its own: ``sign_in_elsewhere(user)``; nobody, if there is no user.

    A script error or a broken content policy in any of them fails the test.
    """
    from django.conf import settings

    contexts: list[Any] = []
    faults: list[str] = []

    def open_page(user: Any = None, **options: Any) -> Any:
        context = browser.new_context(base_url=live_site.url, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        if user is not None:
            name, value = settings.SESSION_COOKIE_NAME, session_of(user)
            context.add_cookies([{"name": name, "value": value, "url": live_site.url}])
        context.on("page", lambda page: note_faults(page, faults))
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture(scope="module")
def demo(
    django_db_setup: frozenset[str],
    django_db_blocker: DjangoDbBlocker,
    _running_site: running.Site,
    browser: Any,
) -> Iterator[Demo]:
    """The demo portfolio with its people signed in, for tests that change nothing in it."""
    from django.db import connections

    from allocation.demo.make import make_demo
    from bets.models import Portfolio
    from spm.accounts.models import User
    from tests.database import empty_as_owner

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with django_db_blocker.unblock():
        make_demo()
        keys = {user.email: session_of(user) for user in User.objects.all()}
        yield Demo(Portfolio.objects.get(), keys)
        connections["default"].close()
        empty_as_owner(keep=django_db_setup)
