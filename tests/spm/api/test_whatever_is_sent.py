"""Whatever is sent is answered in a way that the OpenAPI document says; nothing is a fault."""

import json
import re
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spm.accounts.models import Role
from spm.api.documents import document
from spm.api.parsers import FileParser
from spm.api.problem_kinds import CONTENT_TYPE
from tests.api_client import ApiClient, client_of
from tests.factories import make_member
from tests.spm.api.entries import ENTRIES, NOBODY, Entry
from tests.spm.api.world import World

WRITING = [(route, entry) for route, entry in ENTRIES.items() if route[0] != "GET"]
HOSTILE: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    1e308,
    10**30,
    "",
    " ",
    "1",
    "1_000",
    "１２",
    "1e1",
    "NaN",
    "-0.00",
    "\x00",
    "\x1b",
    "\ud800",
    "x" * 10_000,
    "2026-03-31T12:00:00",
    "0001-01-01T00:00:00+14:00",
    "javascript:alert(1)",
    [],
    [[]],
    [None],
    [1, 1],
    [{"team": 1}],
    {},
    {"a": {}},
]
texts = st.text(max_size=20)
values = st.sampled_from(HOSTILE) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def documented(method: str, entry: Entry, world: World) -> Any:
    """What the document says of the operation that an entry asks for."""
    address = f"/api/v1{entry.path(world)}".partition("?")[0]
    for path, item in document()["paths"].items():
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", path)
        if re.fullmatch(pattern, address) and method.lower() in item:
            return item[method.lower()]
    raise LookupError(address)


def media_of(operation: Any) -> str:
    """What its body is; JSON where the document asks for none, and one is sent all the same."""
    [media] = operation.get("requestBody", {"content": ["application/json"]})["content"]
    return str(media)


def fields_of(operation: Any) -> list[str]:
    """The names of the fields of its body."""
    if "requestBody" not in operation:
        return ["id"]
    content = operation["requestBody"]["content"].get("application/json")
    if content is None:
        return ["hypothesis", "kind", "observed_at", "external_id"]
    component = content["schema"]["$ref"].rpartition("/")[2]
    return sorted(document()["components"]["schemas"][component].get("properties", ["id"]))


def send_body(client: Any, method: str, entry: Entry, world: World, body: Any, media: str) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with transaction.atomic():
        response = client.send(method, entry.path(world), raw, Content_Type=media, If_Match="*")
        transaction.set_rollback(True)
    return response


@pytest.mark.django_db
@pytest.mark.parametrize(("route", "entry"), WRITING, ids=[" ".join(r) for r, _ in WRITING])
def test_every_answer_is_one_that_the_document_names(
    world: World, route: tuple[str, str], entry: Entry
) -> None:
    method = route[0]
    role = next(role for role in (Role.FINANCE, Role.LEAD, Role.ADMIN) if role in entry.may)
    member = world.asking = make_member(world.portfolio, role)
    by_hand = ApiClient(person=member)
    client = by_hand if entry.by_key == NOBODY else client_of(member, world.portfolio)
    operation = documented(method, entry, world)
    media = media_of(operation)
    good = entry.body(world) or {}
    is_file = entry.media == FileParser.media_type
    good = json.loads(good) if isinstance(good, bytes) and not is_file else good

    @settings(
        max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(
        st.dictionaries(st.sampled_from(fields_of(operation)) | texts, values, max_size=3)
        | values
        | st.binary(max_size=60)
    )
    def answered(said: Any) -> None:
        body = {**good, **said} if isinstance(said, dict) and isinstance(good, dict) else said
        response = send_body(client, method, entry, world, body, media)
        assert str(response.status_code) in operation["responses"], (body, response.content)
        assert response.status_code < 500
        if response.status_code >= 400:
            assert response["Content-Type"] == CONTENT_TYPE
            assert response.json()["status"] == response.status_code

    answered()
