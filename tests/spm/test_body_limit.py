"""Bodies are measured before Django, which would spool them whole."""

import asyncio
import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import httpx
import pytest

from spm import asgi, body_limit
from spm.api.problem_kinds import CONTENT_TYPE
from spm.body_limit import BodyLimit
from tests import running

FORTY_MEGABYTES = 40_000_000


class Connection:
    """One request to an ASGI application, counting what is read of its body."""

    def __init__(self, path: str, headers: dict[str, str], chunks: Iterable[bytes] = ()):
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        self.scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "query_string": b"",
            "headers": encoded,
        }
        self.chunks, self.read = iter(chunks), 0
        self.sent: list[dict[str, Any]] = [{}]

    async def receive(self) -> dict[str, Any]:
        """The next piece of the body."""
        chunk = next(self.chunks, b"")
        self.read += len(chunk)
        return {"type": "http.request", "body": chunk, "more_body": bool(chunk)}

    async def send(self, message: dict[str, Any]) -> None:
        """Take down what is answered."""
        self.sent.append(message)

    def through(self, application: Any) -> tuple[int, Any]:
        """The status and the document of the answer."""
        asyncio.run(application(self.scope, self.receive, self.send))
        start, body = self.sent[1], self.sent[2]
        assert dict(start["headers"])[b"content-type"].decode() == CONTENT_TYPE
        return start["status"], json.loads(body["body"])


def test_forty_announced_megabytes_are_refused_before_a_byte_is_read() -> None:
    connection = Connection("/api/v1/evidence", {"content-length": str(FORTY_MEGABYTES)})
    status, document = connection.through(asgi.application)
    assert (status, document["type"]) == (413, "/api/v1/docs#too-large")
    assert document["request_id"]
    assert connection.read == 0


def test_forty_megabytes_in_chunks_are_read_only_up_to_the_limit() -> None:
    chunks = (b"x" * 65_536 for _ in range(FORTY_MEGABYTES // 65_536))
    connection = Connection("/api/v1/bets", {"transfer-encoding": "chunked"}, chunks)
    status, _ = connection.through(asgi.application)
    assert status == 413
    assert connection.read <= 1_000_000 + 65_536


@pytest.mark.parametrize("length", ["-1", "1e3", "", "１", "abc", "+5", "9" * 5000])
def test_a_length_that_is_no_number_is_refused(length: str) -> None:
    connection = Connection("/api/v1/bets", {})
    connection.scope["headers"] = [(b"content-length", length.encode())]
    status, _ = connection.through(asgi.application)
    assert status == 413
    assert connection.read == 0


def test_half_a_body_reaches_nothing() -> None:
    class GoneConnection(Connection):
        async def receive(self) -> dict[str, Any]:
            message = await super().receive()
            return message if message["body"] else {"type": "http.disconnect"}

    connection = GoneConnection("/api/v1/bets", {"content-length": "100"}, [b'{"title":'])
    asyncio.run(asgi.application(connection.scope, connection.receive, connection.send))
    assert connection.sent == [{}]


def test_a_body_that_takes_too_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    class SlowConnection(Connection):
        async def receive(self) -> dict[str, Any]:
            await asyncio.sleep(0.02)
            return {"type": "http.request", "body": b"x", "more_body": True}

    monkeypatch.setattr(body_limit, "SECONDS_TO_SEND", 0.1)
    connection = SlowConnection("/api/v1/bets", {"content-length": "1000"})
    status, document = connection.through(asgi.application)
    assert (status, document["type"]) == (408, "/api/v1/docs#too-slow")


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate, gzip"])
def test_a_compressed_body_is_refused_unread(coding: str) -> None:
    connection = Connection("/api/v1/bets", {"content-encoding": coding, "content-length": "10"})
    status, document = connection.through(asgi.application)
    assert (status, document["type"]) == (415, "/api/v1/docs#media-type")
    assert connection.read == 0


def test_many_lines_may_be_ten_megabytes_and_no_more() -> None:
    path = "/api/v1/evidence/bulk"
    connection = Connection(path, {"content-length": "10000001"})
    assert connection.through(asgi.application)[0] == 413


def test_what_is_within_the_limit_arrives_whole_with_its_length() -> None:
    seen: list[tuple[Any, bytes]] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message["body"]
            if not message.get("more_body"):
                break
        seen.append((dict(scope["headers"]), body))

    limited = BodyLimit(application, limit_bytes=10)
    chunks = iter([b"12345", b"67890"])
    connection = Connection("/x", {"transfer-encoding": "chunked"}, chunks)
    asyncio.run(limited(connection.scope, connection.receive, connection.send))
    assert seen == [({b"content-length": b"10"}, b"1234567890")]


def test_a_real_server_refuses_forty_megabytes_and_goes_on_serving(
    live_site: running.Site,
) -> None:
    address = f"{live_site.url}/api/v1/evidence"
    with httpx.Client() as client:
        chunks = (b"x" * 65_536 for _ in range(FORTY_MEGABYTES // 65_536))
        for content in (b"x" * FORTY_MEGABYTES, chunks):
            # The server may have answered and hung up while we were still sending.
            with suppress(httpx.WriteError):
                assert client.post(address, content=content).status_code == 413
        assert client.get(f"{live_site.url}/healthz").status_code == 200
