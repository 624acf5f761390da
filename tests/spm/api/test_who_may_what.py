"""Every path of the API × every role × own and foreign portfolio. A new path needs an entry."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import DjangoDbBlocker

from allocation.models import Scenario
from bets.models import Portfolio
from spm.accounts.models import Role, User
from tests.api_client import ApiClient, client_of
from tests.factories import (
    make_member,
    make_portfolio,
)
from tests.spm.api.entries import ENTRIES, FOR_PEOPLE_ONLY, NOBODY, NOT_THEIR_TEAM, Entry
from tests.spm.api.world import World


def api_routes() -> set[tuple[str, str]]:
    """Each method and name of an address below /api/."""

    def below(patterns: list[URLPattern | URLResolver], prefix: str) -> Any:
        for pattern in patterns:
            address = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from below(pattern.url_patterns, address)
            elif address.startswith("api/"):
                yield address, pattern

    found = set()
    for address, pattern in below(get_resolver().url_patterns, ""):
        assert pattern.name, f"{address} has no name"
        view = getattr(pattern.callback, "cls", None)
        verbs = ("get", "post", "put", "patch", "delete")
        methods = [verb.upper() for verb in verbs if view is None or hasattr(view, verb)]
        found |= {(method, pattern.name) for method in (methods if view else ["GET"])}
    return found


def send(client: ApiClient, method: str, entry: Entry, world: World) -> Any:
    """The answer to the entry's request; what it does is undone."""
    with transaction.atomic():
        headers = {"If_Match": "*"} if method == "PATCH" else {}
        if isinstance(entry.body(world), bytes):
            headers["Content_Type"] = entry.media
        response = client.send(method, entry.path(world), entry.body(world), **headers)
        transaction.set_rollback(True)
    return response


def test_every_path_of_the_api_has_an_entry_here() -> None:
    assert set(ENTRIES) == api_routes()


CASES = [
    *(pytest.param(route, entry, id=" ".join(route)) for route, entry in ENTRIES.items()),
    *(
        pytest.param(route, entry, id=" ".join((*route, "of another team")))
        for route, entry in NOT_THEIR_TEAM.items()
    ),
]


@dataclass(frozen=True)
class Asker:
    """Somebody, signed in and with a key of their own."""

    person: User
    signed_in: ApiClient
    with_key: ApiClient

    @staticmethod
    def of(person: User, portfolio: Portfolio) -> "Asker":
        """Sign the person in, and issue a key with every scope."""
        return Asker(person, ApiClient(person=person), client_of(person, portfolio))

    def clients(self, name: str) -> list[ApiClient]:
        """By what they may ask."""
        return [self.signed_in] if name in FOR_PEOPLE_ONLY else [self.signed_in, self.with_key]


Askers = dict[str, Asker]


@pytest.fixture(scope="module")
def members(world: World, django_db_blocker: DjangoDbBlocker) -> Askers:
    """Somebody of each role in the world; the contributor's team works on ``bet`` alone."""
    with django_db_blocker.unblock():
        return {
            role: Asker.of(make_member(world.portfolio, role, (world.team,)), world.portfolio)
            for role in Role.values
        }


@pytest.fixture(scope="module")
def elsewhere(world: World, django_db_blocker: DjangoDbBlocker) -> Portfolio:
    """Another portfolio."""
    with django_db_blocker.unblock():
        return make_portfolio()


@pytest.fixture(scope="module")
def foreigners(elsewhere: Portfolio, django_db_blocker: DjangoDbBlocker) -> Askers:
    """Somebody of each role in the other portfolio."""
    with django_db_blocker.unblock():
        return {role: Asker.of(make_member(elsewhere, role), elsewhere) for role in Role.values}


@pytest.mark.django_db
@pytest.mark.parametrize(("route", "entry"), CASES)
def test_each_role_may_what_it_may_in_its_own_portfolio(
    world: World, members: Askers, route: tuple[str, str], entry: Entry
) -> None:
    method, name = route
    for role, member in members.items():
        world.asking = member.person
        if entry.mine:
            Scenario.objects.filter(pk=world.scenario.pk).update(author=member.person)
        for client in member.clients(name):
            by_key = bool(client.headers) and entry.by_key is not None
            may = entry.by_key or frozenset() if by_key else entry.may
            status = send(client, method, entry, world).status_code
            heard = (200 <= status < 300) if role in may else status == entry.refused
            assert heard, (role, by_key, status)


@pytest.mark.django_db
@pytest.mark.parametrize(("route", "entry"), CASES)
def test_nobody_sees_or_changes_anything_of_a_foreign_portfolio(
    world: World,
    elsewhere: Portfolio,
    foreigners: Askers,
    route: tuple[str, str],
    entry: Entry,
) -> None:
    method, name = route
    for role, foreigner in foreigners.items():
        for client in foreigner.clients(name):
            response = send(client, method, entry, world)
            if entry.foreign == "empty":
                ids = [row["id"] for row in response.json()["results"]]
                assert ids == ([elsewhere.pk] if name == "api-portfolios" else []), role
            else:
                # What is one's own, wherever one is, no key may change either.
                barred = entry.foreign == 200 and entry.by_key == NOBODY and client.headers
                expected = entry.refused if barred else entry.foreign
                assert response.status_code == expected, (role, response.content)


@pytest.mark.django_db
@pytest.mark.parametrize(("route", "entry"), CASES)
def test_a_stranger_is_let_in_nowhere(world: World, route: tuple[str, str], entry: Entry) -> None:
    method, name = route
    response = send(ApiClient(), method, entry, world)
    assert response.status_code == (302 if name in FOR_PEOPLE_ONLY else 401)
