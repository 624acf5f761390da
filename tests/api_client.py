"""A program that uses the API: one line to make it, one for each request."""

import json
from typing import Any

from django.test import Client

from bets.models import Portfolio
from spm.accounts.models import ApiKey, Scope, User
from tests.factories import make_member

ALL_SCOPES = [str(scope) for scope in Scope.values]


class ApiClient:
    """Sends JSON under a key, or as a signed-in person where no key is given."""

    def __init__(self, key: str = "", person: User | None = None) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}
        if person is not None:
            self.client.force_login(person)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The response; ``body`` is sent as JSON unless it is bytes already.

        Names of headers are written with underscores: ``If_Match="..."``.
        """
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content_type = named.pop("Content-Type", "application/json")
        return self.client.generic(
            method, f"/api/v1{path}", raw, content_type, headers={**self.headers, **named}
        )

    def get(self, path: str, **headers: str) -> Any:
        """Read."""
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """Create or act."""
        return self.send("POST", path, body, **headers)


def client_of(owner: User, portfolio: Portfolio, scopes: list[str] | None = None) -> ApiClient:
    """A program with a key of this person for this portfolio; with every scope if none is named."""
    _, clear = ApiKey.issue(owner, portfolio.pk, "test", scopes or ALL_SCOPES)
    return ApiClient(clear)


def client_for(portfolio: Portfolio, role: str = "lead", **fields: Any) -> ApiClient:
    """A program with a key of a new member of the portfolio."""
    return client_of(make_member(portfolio, role, **fields), portfolio)


def assert_problem(response: Any, status: int, name: str) -> Any:
    """The document of a response, which must be a whole problem document of this kind."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    document = response.json()
    assert document["type"] == f"/api/v1/docs#{name}"
    assert document["status"] == status
    assert set(document) >= {"type", "title", "status", "detail", "errors", "request_id"}
    assert response["X-Request-Id"] == document["request_id"]
    return document
