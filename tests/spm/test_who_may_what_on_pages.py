"""Every page and fragment × every role × own and foreign portfolio. A new one needs an entry.

The board's have theirs in ``tests.bets.test_who_may_what_on_the_board``, the API's paths in
``tests.spm.api.test_who_may_what``.
"""

import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.signals import request_finished
from django.db import close_old_connections, connection, transaction
from django.http import HttpResponse
from django.shortcuts import resolve_url
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from pytest_django import DjangoDbBlocker

from spm.accounts.models import Membership, Role
from spm.accounts.permissions import ROLES_FOR
from tests.bets.test_kanban import HTMX
from tests.factories import make_member, make_portfolio
from tests.spm.page_entries import ENTRIES, MAY, Entry
from tests.spm.page_world import MARK, Browser, Visitor, World, make_world, rows_of

Visitors = dict[str, Visitor]

#: Said of nobody, or to nobody in particular.
EXCUSED = {
    "health": "the container platform asks it; it says 'ok'",
    "jira_hook": "Jira posts to it; see tests.evidence.jira.test_hooks",
    "jira_hook_secret": "the same, with the secret in the address",
    "design": "made-up figures for whoever is signed in; nothing of a portfolio is read",
    "design-side": "the same, in its side panel",
}
#: A form may lead back to where it was, with a message, or show what stands in the way.
REFUSED = {"GET": {403}, "POST": {302, 403, 409, 422}}
MIGHTY = (Role.LEAD, Role.FINANCE)
SESSION = "django_session"
WRITING = re.compile(
    r'\b(?:INSERT INTO|(?<!FOR )(?<!KEY )UPDATE|DELETE FROM|TRUNCATE|COPY)\s+"?(\w+)', re.IGNORECASE
)


# --- which addresses there are --------------------------------------------------------------------


def patterns(
    among: Iterable[URLPattern | URLResolver], prefix: str = "", space: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    """The full name of each page, without the board's, the sign-in's and the API's."""
    for pattern in among:
        address = prefix + str(pattern.pattern)
        if address.startswith(("accounts/", "api/")):
            continue
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "bets":
                inside = f"{pattern.namespace}:" if pattern.namespace else space
                yield from patterns(pattern.url_patterns, address, inside)
        elif pattern.name not in EXCUSED:
            assert pattern.name, f"{address} has no name"
            yield f"{space}{pattern.name}", pattern


def methods_of(view: Callable[..., Any]) -> set[str]:
    """What the view says that it takes, to whoever asks by a method that none does."""
    answer = view(RequestFactory().generic("PROPFIND", "/"))
    assert answer.status_code == 405
    return set(answer["Allow"].split(", "))


def test_every_page_has_an_entry_here() -> None:
    pages = patterns(get_resolver().url_patterns)
    routes = {(name, method) for name, page in pages for method in methods_of(page.callback)}
    assert {(entry.name, entry.method) for entry in ENTRIES} == routes


def test_the_permissions_are_those_that_the_entries_were_drawn_up_for() -> None:
    assert {action: ROLES_FOR[action] for action in MAY} == MAY


# --- asking ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What came back, and the tables that were written to meanwhile, the session's apart."""

    status: int
    body: str
    location: str
    written: set[str]


def ask(client: Browser, entry: Entry, world: World, url: str = "", **headers: str) -> Answer:
    """Send the entry's request, to its own address or another."""
    url, data = url or entry.url(world), entry.sent(world)
    written: set[str] = set()

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        written.update(WRITING.findall(sql))
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        call = client.post if entry.method == "POST" else client.get
        response = call(url, data, headers=headers)
        body = text_of(response)
    location = response.headers.get("Location", "")
    return Answer(response.status_code, body, location, written - {SESSION})


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written meanwhile is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def refusals_of(entry: Entry) -> set[int]:
    """What a member hears who may not."""
    return {404} if entry.hidden else REFUSED[entry.method]


def text_of(response: Any) -> str:
    """All that can be read in an answer, also where it is a workbook."""
    content = response.getvalue()
    # The client has said that the request is over; said again, it would close the connection.
    request_finished.disconnect(close_old_connections)
    response.close()
    request_finished.connect(close_old_connections)
    if not content.startswith(b"PK"):
        return str(content.decode(errors="replace"))
    with zipfile.ZipFile(BytesIO(content)) as parts:
        return "".join(parts.read(name).decode() for name in parts.namelist())


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """One world for all cases: each runs in a transaction of its own inside, and is rolled back."""
    with django_db_blocker.unblock(), undone():
        yield make_world()


@pytest.fixture(scope="module")
def members(world: World, django_db_blocker: DjangoDbBlocker) -> Visitors:
    """Somebody of each role in the world; the contributor's team works on ``bet`` alone."""
    with django_db_blocker.unblock():
        return {
            role: Visitor.of(make_member(world.portfolio, role, (world.base.team,)))
            for role in Role.values
        }


@pytest.fixture(scope="module")
def foreigners(world: World, django_db_blocker: DjangoDbBlocker) -> Visitors:
    """Somebody of each role in another portfolio."""
    with django_db_blocker.unblock():
        elsewhere = make_portfolio()
        return {role: Visitor.of(make_member(elsewhere, role)) for role in Role.values}


@pytest.fixture(scope="module")
def viewers(world: World, django_db_blocker: DjangoDbBlocker) -> Visitors:
    """People who may only see the world, and do nearly everything in another portfolio."""
    with django_db_blocker.unblock():
        elsewhere = make_portfolio()
        there = {"portfolio": elsewhere, "administers": True}
        people = {role: make_member(world.portfolio, Role.VIEWER) for role in MIGHTY}
        for role, person in people.items():
            Membership.objects.create(user=person, role=role, **there)
        return {role: Visitor.of(person, elsewhere) for role, person in people.items()}


@pytest.fixture(scope="module")
def untouched(world: World, foreigners: Visitors, django_db_blocker: DjangoDbBlocker) -> Any:
    """Every row of the world as it was made."""
    with django_db_blocker.unblock():
        return rows_of(world.portfolio)


@pytest.fixture
def _short_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands around a refusal is the same for all, and looked at once."""
    for status in (403, 404):
        monkeypatch.setattr(f"spm.urls.handler{status}", partial(refused, status))


def refused(status: int, request: Any, exception: Exception) -> HttpResponse:
    """A refusal without the page around it."""
    return HttpResponse(status=status)


short_refusals = pytest.mark.usefixtures("_short_refusals")


def cases(entries: Iterable[Entry]) -> Any:
    """The entries as parameters."""
    return pytest.mark.parametrize(
        "entry", [pytest.param(entry, id=f"{entry.method} {entry.address}") for entry in entries]
    )


# --- who may what ---------------------------------------------------------------------------------


@pytest.mark.django_db
@short_refusals
@cases(ENTRIES)
def test_each_role_may_what_it_may_in_its_own_portfolio(
    world: World, members: Visitors, entry: Entry
) -> None:
    assert resolve(urlsplit(entry.url(world)).path).view_name == entry.name
    for role, visitor in members.items():
        with undone():
            entry.before(world, visitor)
            answer = ask(visitor.client, entry, world)
        if role in entry.may:
            assert answer.status in entry.succeeds, (role, answer)
            assert answer.written if entry.writes else answer.written <= entry.notes, (role, answer)
            # What others must not read can be read here.
            assert MARK in answer.body or "<html" not in answer.body
        else:
            assert answer.status in refusals_of(entry), (role, answer)
            assert not answer.written, role


@pytest.mark.django_db
@short_refusals
@cases(entry for entry in ENTRIES if entry.names_something)
def test_nobody_finds_anything_of_a_foreign_portfolio(
    world: World, foreigners: Visitors, entry: Entry
) -> None:
    for role, visitor in foreigners.items():
        answer = ask(visitor.client, entry, world)
        assert (answer.status, answer.written, answer.body) == (404, set(), ""), (role, answer)


@pytest.mark.django_db
def test_the_page_that_says_so_is_about_the_own_portfolio(
    world: World, foreigners: Visitors
) -> None:
    for role, visitor in foreigners.items():
        answer = ask(visitor.client, ENTRIES[0], world, f"/proposals/{world.ids['proposal']}")
        assert answer.status == 404, role
        assert "<html" in answer.body, role
        assert MARK not in answer.body, role


@pytest.mark.django_db
@short_refusals
@cases(entry for entry in ENTRIES if entry.method == "GET" and not entry.names_something)
def test_what_names_nothing_shows_the_own_portfolio_whichever_is_asked_for(
    world: World, foreigners: Visitors, entry: Entry
) -> None:
    for role, visitor in foreigners.items():
        with undone():
            answer = ask(visitor.client, entry, world, entry.url_about(world))
        assert answer.status in {*entry.succeeds, 403, 404}, (role, answer)
        assert answer.written <= entry.notes, role
        assert MARK not in answer.body, role


@pytest.mark.django_db
@short_refusals
@cases(entry for entry in ENTRIES if entry.method == "POST" and not entry.names_something)
def test_what_names_nothing_changes_the_own_portfolio_whichever_is_asked_for(
    world: World, foreigners: Visitors, untouched: Any, entry: Entry
) -> None:
    with undone():
        for role, visitor in foreigners.items():
            answer = ask(visitor.client, entry, world, entry.url_about(world))
            assert MARK not in answer.body, role
        assert rows_of(world.portfolio) == untouched


@pytest.mark.django_db
@short_refusals
@cases(entry for entry in ENTRIES if entry.is_closed_to_viewers)
def test_a_role_elsewhere_gives_nothing_here(world: World, viewers: Visitors, entry: Entry) -> None:
    for role, visitor in viewers.items():
        answer = ask(visitor.client, entry, world)
        assert answer.status in refusals_of(entry), (role, answer)
        assert not answer.written, role


@pytest.mark.django_db
@short_refusals
@cases(ENTRIES)
def test_a_stranger_is_let_in_nowhere(world: World, entry: Entry) -> None:
    answer = ask(Browser(), entry, world)
    assert (answer.status, answer.written) == (302, set())
    assert answer.location.startswith(resolve_url(settings.LOGIN_URL))
    answer = ask(Browser(), entry, world, **HTMX)
    assert (answer.status, answer.written) == (401, set())
