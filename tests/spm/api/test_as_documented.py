"""What schemathesis makes of the OpenAPI document is answered as that document says.

`make attack` asks more than ten thousand times instead of a few times for each operation.
"""

import json
import os
import re
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import schemathesis
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core import NotSet
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from spm.accounts.models import Role
from spm.api.documents import document
from tests.api_client import ApiClient, client_of
from tests.factories import make_member
from tests.spm.api.entries import ENTRIES, NOBODY, Entry
from tests.spm.api.world import World

EXAMPLES = int(os.environ.get("EXAMPLES", "2"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
UNDESCRIBED = {"api-schema", "api-docs"}
ROUTES = [
    pytest.param(route, entry, id=" ".join(route))
    for route, entry in ENTRIES.items()
    if route[1] not in UNDESCRIBED
]


def lines(ctx: object, value: Any) -> bytes:
    """The form of bodies of many lines, as schemathesis has to know it."""
    return b"\n".join(json.dumps(each).encode() for each in [value, value])


schemathesis.serializer("application/x-ndjson")(lines)


@cache
def described() -> Any:
    """The document as schemathesis reads it."""
    return schemathesis.openapi.from_dict(json.loads(json.dumps(document())))


def operation_of(method: str, entry: Entry, world: World) -> tuple[Any, dict[str, str]]:
    """The operation that an entry asks for, and what stands in its path."""
    address = f"/api/v1{entry.path(world)}".partition("?")[0]
    for path in document()["paths"]:
        pattern = re.sub(r"\{([^}]+)\}", r"(?P<\1>[^/]+)", path)
        found = re.fullmatch(pattern, address)
        if found and method.lower() in document()["paths"][path]:
            return described()[path][method], found.groupdict()
    raise LookupError(address)


def body_of(case: Any) -> bytes:
    """What is sent: lines where the operation takes lines, else JSON."""
    body = case.body
    if isinstance(body, bytes):
        return body
    if isinstance(body, NotSet):
        return b""
    if str(case.media_type).endswith("ndjson"):
        return lines(None, body)
    return json.dumps(body).encode()


def ask(client: ApiClient, case: Any) -> httpx.Response:
    """The answer of the API to a case."""
    path = case.formatted_path.removeprefix("/api/v1")
    query = urlencode(case.query or {}, doseq=True)
    headers = {
        name.replace("-", "_"): str(value)
        for name, value in (case.headers or {}).items()
        if str(value).isascii() and str(value).isprintable() and name.lower() != "authorization"
    }
    with transaction.atomic():
        answer = client.send(
            case.method,
            f"{path}?{query}" if query else path,
            body_of(case),
            **{"Content_Type": case.media_type or "application/json", **headers},
        )
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        transaction.set_rollback(True)
    request = httpx.Request(case.method, f"http://office{case.formatted_path}")
    response = httpx.Response(
        answer.status_code, headers=list(answer.items()), content=content, request=request
    )
    response.elapsed = timedelta(0)
    return response


@pytest.mark.django_db
@pytest.mark.parametrize(("route", "entry"), ROUTES)
def test_every_answer_has_a_status_a_form_and_a_content_that_the_document_names(
    world: World, route: tuple[str, str], entry: Entry
) -> None:
    method = route[0]
    role = next(role for role in (Role.FINANCE, Role.LEAD, Role.ADMIN) if role in entry.may)
    member = world.asking = make_member(world.portfolio, role)
    by_hand = ApiClient(person=member)
    client = by_hand if entry.by_key == NOBODY else client_of(member, world.portfolio)
    operation, real = operation_of(method, entry, world)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(
        st.one_of(
            operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
            operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        ),
        st.booleans(),
    )
    def answered(case: Any, made_up: bool) -> None:
        if not made_up:
            case.path_parameters = dict(real)
        case.validate_response(ask(client, case), checks=CHECKS)

    answered()
