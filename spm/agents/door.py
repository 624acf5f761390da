"""Requests to our own API in the name of whoever asks, without leaving the process."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

API = "/api/v1"
#: What an inner request is told of the outer one: who asks, and by which address.
KEPT = frozenset({b"host", b"authorization", b"x-forwarded-proto", b"x-forwarded-for"})


@dataclass(frozen=True)
class Answer:
    """What the API answered; ``body`` is None where it is no JSON."""

    status: int
    headers: Mapping[bytes, bytes]
    body: Any
    raw: bytes = b""


class Refused(Exception):
    """The API refused what a tool asked of it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"HTTP {answer.status}")
        self.answer = answer


class Door:
    """The API, as the sender of one request may use it.

    Args:
        pages: the ASGI application that serves the API.
        scope: the connection by which the agent's request came; its key goes with each inner one.
    """

    def __init__(self, pages: Any, scope: Mapping[str, Any]) -> None:
        self._pages = pages
        self._scope = scope

    async def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """Read; raises Refused."""
        return _good(await self.ask("GET", path, query=query)).body

    async def post(self, path: str, body: Any, idempotency_key: str = "") -> Answer:
        """Act; raises Refused."""
        return _good(await self.ask("POST", path, body=body, idempotency_key=idempotency_key))

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        idempotency_key: str = "",
    ) -> Answer:
        """One request below ``/api/v1``, and its answer whatever it is."""
        raw = b"" if body is None else json.dumps(body).encode()
        scope = self._inner(method, f"{API}{path}", urlencode(query or {}), raw, idempotency_key)
        waiting = [{"type": "http.request", "body": raw, "more_body": False}]
        heard: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if waiting:
                return waiting.pop()
            await asyncio.Event().wait()  # nobody hangs up inside
            raise AssertionError("unreachable")

        async def send(message: dict[str, Any]) -> None:
            heard.append(message)

        await self._pages(scope, receive, send)
        return _answer(heard)

    def _inner(
        self, method: str, path: str, query: str, raw: bytes, idempotency_key: str
    ) -> dict[str, Any]:
        headers = [(name, value) for name, value in self._scope["headers"] if name in KEPT]
        if raw:
            headers.append((b"content-type", b"application/json"))
            headers.append((b"content-length", str(len(raw)).encode()))
        if idempotency_key:
            headers.append((b"idempotency-key", idempotency_key.encode("latin-1", "replace")))
        return {
            "type": "http",
            "asgi": self._scope["asgi"],
            "http_version": self._scope["http_version"],
            "method": method,
            "scheme": self._scope["scheme"],
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": headers,
            "client": self._scope.get("client"),
            "server": self._scope.get("server"),
        }


def _answer(heard: list[dict[str, Any]]) -> Answer:
    start = next(message for message in heard if message["type"] == "http.response.start")
    raw = b"".join(
        message.get("body", b"") for message in heard if message["type"] == "http.response.body"
    )
    headers = {name.lower(): value for name, value in start["headers"]}
    is_json = b"json" in headers.get(b"content-type", b"")
    return Answer(start["status"], headers, json.loads(raw) if is_json else None, raw)


def _good(answer: Answer) -> Answer:
    if not 200 <= answer.status < 300:
        raise Refused(answer)
    return answer
