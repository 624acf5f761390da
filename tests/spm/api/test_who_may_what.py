"""Every path of the API × every role × own and foreign portfolio. A new path needs an entry."""

from typing import Any

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver

from allocation.models import Scenario
from spm.accounts.models import Role
from tests.api_client import ApiClient, client_of
from tests.factories import (
    make_member,
    make_portfolio,
)
from tests.spm.api.entries import ENTRIES, FOR_PEOPLE_ONLY, NOT_THEIR_TEAM, Entry, World


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
            headers["Content_Type"] = "application/x-ndjson"
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


@pytest.mark.django_db
@pytest.mark.parametrize(("route", "entry"), CASES)
def test_each_role_may_what_it_may_in_its_own_portfolio(
    world: World, route: tuple[str, str], entry: Entry
) -> None:
    method, name = route
    for role in Role.values:
        member = make_member(world.portfolio, role, (world.team,))
        if entry.mine:
            Scenario.objects.filter(pk=world.scenario.pk).update(author=member)
        clients = [ApiClient(person=member)]
        if name not in FOR_PEOPLE_ONLY:
            clients.append(client_of(member, world.portfolio))
        for client in clients:
            status = send(client, method, entry, world).status_code
            assert (200 <= status < 300) if role in entry.may else status == 403, (role, status)


@pytest.mark.django_db
@pytest.mark.parametrize(("route", "entry"), CASES)
def test_nobody_sees_or_changes_anything_of_a_foreign_portfolio(
    world: World, route: tuple[str, str], entry: Entry
) -> None:
    method, name = route
    elsewhere = make_portfolio()
    for role in Role.values:
        member = make_member(elsewhere, role)
        clients = [ApiClient(person=member)]
        if name not in FOR_PEOPLE_ONLY:
            clients.append(client_of(member, elsewhere))
        for client in clients:
            response = send(client, method, entry, world)
            if entry.foreign == "empty":
                ids = [row["id"] for row in response.json()["results"]]
                assert ids == ([elsewhere.pk] if name == "api-portfolios" else []), role
            else:
                assert response.status_code == entry.foreign, (role, response.content)


@pytest.mark.django_db
@pytest.mark.parametrize(("route", "entry"), CASES)
def test_a_stranger_is_let_in_nowhere(world: World, route: tuple[str, str], entry: Entry) -> None:
    method, name = route
    response = send(ApiClient(), method, entry, world)
    assert response.status_code == (302 if name in FOR_PEOPLE_ONLY else 401)
