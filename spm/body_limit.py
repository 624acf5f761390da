"""Request bodies are measured before Django, which would spool them whole."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from spm.api import problem_kinds as kinds

SECONDS_TO_SEND = 60.0
LONGEST_LENGTH = 12  # digits of an announced length that are worth reading


class BodyLimit:
    """ASGI wrapper that takes a body in, up to the limit, before anything is done with it.

    A body that is too long, announced or chunked, is answered with 413; one that is compressed
    with 415, since its real length is unknown; one that takes longer than a minute with 408. One
    that breaks off is dropped: half a body must never reach a rule. And no thread of the pages
    waits for a client that sends slowly.

    Args:
        application: what serves the request otherwise.
        limit_bytes: the limit for every path.
        larger: limits in bytes for single paths that take files.
    """

    def __init__(
        self, application: Any, limit_bytes: int, larger: Mapping[str, int] | None = None
    ) -> None:
        self.application = application
        self.limit_bytes = limit_bytes
        self.larger = dict(larger or {})

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve one connection."""
        limit = self.larger.get(scope["path"].rstrip("/"), self.limit_bytes)
        headers = dict(scope["headers"])
        announced = headers.get(b"content-length", b"0")
        if headers.get(b"content-encoding", b"identity") != b"identity":
            await refuse(send, kinds.MEDIA_TYPE, "The body is compressed. Send it as it is.")
        elif not _within(announced, limit):
            await refuse(send, kinds.TOO_LARGE, _too_large(limit))
        elif announced == b"0" and b"transfer-encoding" not in headers:
            await self.application(scope, receive, send)
        else:
            await self._with_whole_body(scope, receive, send, limit)

    async def _with_whole_body(
        self, scope: dict[str, Any], receive: Any, send: Any, limit: int
    ) -> None:
        try:
            async with asyncio.timeout(SECONDS_TO_SEND):
                body = await _whole_body(receive, limit)
        except TimeoutError:
            await refuse(send, kinds.TOO_SLOW, "The body took longer than a minute. Send it again.")
            return
        except _TooLongError:
            await refuse(send, kinds.TOO_LARGE, _too_large(limit))
            return
        if body is None:
            return
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Any:
            return waiting.pop() if waiting else await receive()

        await self.application(_with_length(scope, len(body)), replay, send)


class _TooLongError(Exception):
    """The body goes on beyond the limit."""


async def _whole_body(receive: Any, limit: int) -> bytes | None:
    """The body, or None if the client has gone before it was complete."""
    chunks, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > limit:
            raise _TooLongError
        more = message.get("more_body", False)
    return b"".join(chunks)


def _with_length(scope: dict[str, Any], size: int) -> dict[str, Any]:
    """The connection with its length said: WSGI reads as many bytes as are announced."""
    kept = [
        (name, value)
        for name, value in scope["headers"]
        if name not in (b"transfer-encoding", b"content-length")
    ]
    return {**scope, "headers": [*kept, (b"content-length", str(size).encode())]}


def _within(announced: bytes, limit: int) -> bool:
    return announced.isdigit() and len(announced) <= LONGEST_LENGTH and int(announced) <= limit


def _too_large(limit: int) -> str:
    return f"The body is larger than {limit:,} bytes. Send less."


async def refuse(send: Any, kind: kinds.Kind, detail: str, allow: str = "") -> None:
    """Answer with a problem document (RFC 9457) and end the connection.

    ``allow`` names the methods that the address takes, where it is the method that is refused.
    """
    request_id = kinds.new_request_id()
    body = json.dumps(kinds.problem_document(kind, detail, request_id)).encode()
    headers = [
        (b"content-type", kinds.CONTENT_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", request_id.encode()),
        (b"connection", b"close"),
        *([(b"allow", allow.encode())] if allow else []),
    ]
    await send({"type": "http.response.start", "status": kind.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
