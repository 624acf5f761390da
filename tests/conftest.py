"""What every test may ask for.

db              a transaction as the runtime role, rolled back afterwards (pytest-django's)
committed_db    real commits as the runtime role; everything is taken away afterwards
celery_worker   a real Celery worker on the test servers; needs committed_db
live_site       a real server on the test servers, `live_site.url`; needs committed_db
page            a browser page on that server
sign_in         signs a person in to that page: sign_in(user)

tests/settings.py says where the servers come from.
"""

import gc
import os
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from pytest_django import DjangoDbBlocker

from tests import chromium, running

# How long one example takes says more about the machine than about the product.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


# What runs beside the tests goes on running once a test has asked for it: a worker would do the
# work that another test wants to see waiting, and the browser keeps an event loop in this thread.
# So files of tests that need less run first.
RUNNING_BESIDE = ("committed_db", "live_site", "_running_site", "celery_worker", "browser")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files, and the tests of a file, in the order of what they need beside them."""

    def needs(item: pytest.Item) -> list[int]:
        asked = getattr(item, "fixturenames", ())
        return [at for at, name in enumerate(RUNNING_BESIDE, 1) if name in asked]

    file_needs: dict[Path, set[int]] = defaultdict(set)
    for item in items:
        file_needs[item.path].update(needs(item))
    alone, worker = (RUNNING_BESIDE.index(name) + 1 for name in ("committed_db", "celery_worker"))
    for item in items:
        if needs(item) == [alone] and max(file_needs[item.path]) >= worker:
            raise pytest.UsageError(
                f"{item.nodeid} commits what the worker of another test of its file would do: "
                "tests with a worker belong in a file of their own."
            )

    def place(item: pytest.Item) -> tuple[int, int, str, int]:
        of_file = file_needs[item.path]
        # What needs most takes longest: at the end it would run by itself.
        return max(of_file, default=0), -len(of_file), str(item.path), max(needs(item), default=0)

    items.sort(key=place)
    # What was imported and collected stays: the collector need not look at it again and again.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> frozenset[str]:
    """Migrate the test run's own database as its owner, once; see `tests.database`."""
    from tests.database import migrate_as_owner

    with django_db_blocker.unblock():
        return migrate_as_owner()


@pytest.fixture
def committed_db(
    django_db_setup: frozenset[str], django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Let a test commit, as races, workers and browsers need it, and clear up after it."""
    from django.db import connections

    from tests.database import empty_as_owner, forget_who_looks

    with django_db_blocker.unblock():
        yield
        connections["default"].close()
        empty_as_owner(keep=django_db_setup)
        forget_who_looks()


@pytest.fixture(scope="session")
def process_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the processes beside the tests write their logs."""
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="session")
def _running_worker(
    django_db_setup: frozenset[str], process_logs: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with running.running_worker(process_logs) as worker:
        yield worker


@pytest.fixture
def celery_worker(
    committed_db: None, _running_worker: subprocess.Popen[bytes]
) -> subprocess.Popen[bytes]:
    """A real worker, as `up` runs it; one for the whole test run."""
    return _running_worker


@pytest.fixture(scope="session")
def _running_site(django_db_setup: frozenset[str], process_logs: Path) -> Iterator[running.Site]:
    with running.running_site(process_logs) as site:
        yield site


@pytest.fixture
def live_site(committed_db: None, _running_site: running.Site) -> running.Site:
    """A real server, one for the whole test run."""
    return _running_site


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium; `make test` installs one if the machine has none."""
    from playwright.sync_api import sync_playwright

    path = chromium.find()
    if path is None:
        pytest.fail(chromium.NONE_FOUND, pytrace=False)
    # Playwright keeps an event loop running in this thread; the tests' own queries are as
    # synchronous as ever.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=path, args=chromium.arguments())
        yield chrome
        chrome.close()


@pytest.fixture
def page(browser: Any, live_site: running.Site) -> Iterator[Any]:
    """A page on the live site; a script error or a broken content policy fails the test."""
    context = browser.new_context(base_url=live_site.url)
    context.set_default_timeout(10_000)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
    page.on("console", lambda message: _note_policy_fault(faults, message.text))
    yield page
    context.close()
    assert not faults


def _note_policy_fault(faults: list[str], text: str) -> None:
    if "Content Security Policy" in text:
        faults.append(text)


@pytest.fixture
def sign_in(page: Any, live_site: running.Site) -> Callable[[Any], Any]:
    """Sign a person in to `page` without the form: `sign_in(user)` returns the page."""
    from django.conf import settings
    from django.test import Client

    def sign_in_as(user: Any) -> Any:
        client = Client()
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_site.url}
        page.context.add_cookies([cookie])
        return page

    return sign_in_as
