"""Request bodies are measured before Django, which would spool them whole."""

import json
from collections.abc import Mapping
from typing import Any


class BodyLimit:
    """ASGI wrapper that answers 413 to a body above the limit, announced or chunked.

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
        if headers.get(b"content-encoding", b"identity") != b"identity":
            await refuse(send, 415, "The body is compressed. Send it as it is.")
            return
        announced = headers.get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > limit:
            await refuse(send, 413, f"The body is larger than {limit:,} bytes. Send less.")
            return
        if b"transfer-encoding" not in headers:
            await self.application(scope, receive, send)
            return
        # A chunked body announces no length, so it is taken in, up to the limit, before it is
        # passed on: half a body must never reach a rule.
        messages, size = [], 0
        while True:
            message = await receive()
            messages.append(message)
            size += len(message.get("body", b""))
            if size > limit:
                await refuse(send, 413, f"The body is larger than {limit:,} bytes. Send less.")
                return
            if message["type"] != "http.request" or not message.get("more_body"):
                break
        # WSGI reads as many bytes as are announced, so the length is said now that it is known.
        known = {
            **scope,
            "headers": [
                *(
                    (name, value)
                    for name, value in scope["headers"]
                    if name != b"transfer-encoding"
                ),
                (b"content-length", str(size).encode()),
            ],
        }

        async def replay() -> Any:
            return messages.pop(0) if messages else await receive()

        await self.application(known, replay, send)


async def refuse(send: Any, status: int, detail: str) -> None:
    """Answer with a problem document (RFC 9457) and end the connection."""
    body = json.dumps(
        {"type": "about:blank", "title": "Request refused", "status": status, "detail": detail}
    ).encode()
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", b"application/problem+json"),
                (b"content-length", str(len(body)).encode()),
                (b"connection", b"close"),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
