"""Who is let in at ``/mcp``: whoever the API lets in by a key, from a place that may ask.

The SDK is loaded by the first request that is let in: an office without agents has no use for its
sixty megabytes in each process.
"""

import asyncio
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from spm.agents.door import Answer, Door
from spm.api import problem_kinds as kinds
from spm.body_limit import refuse

if TYPE_CHECKING:
    from spm.agents.server import Protocol

PATH = "/mcp"
#: What is passed on to the agent as the API says it.
PASSED_ON = (b"content-type", b"www-authenticate", b"retry-after", b"x-request-id")


class Agents:
    """The ASGI application at ``/mcp``, for one event loop.

    Args:
        pages: the ASGI application that serves the API.
        origins: from which other origins browsers may ask.
    """

    def __init__(self, pages: Any, origins: Collection[str]) -> None:
        self._pages = pages
        self._origins = frozenset(origins)
        self._protocol: Protocol | None = None
        self._loading = asyncio.Lock()

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        """Serve one request, or say why not."""
        if self._is_foreign(scope):
            await refuse(send, kinds.NOT_ALLOWED, "Pages of another site may not ask here.")
        elif scope["method"] != "POST":
            await refuse(
                send, kinds.METHOD, "Send POST: each request is answered at once.", allow="POST"
            )
        elif (answer := await self._let_in(scope)).status == 200:
            await (await self._served_by()).serve(scope, receive, send)
        elif answer.headers.get(b"content-type", b"").startswith(kinds.CONTENT_TYPE.encode()):
            await _pass_on(answer, send)
        else:
            await refuse(send, kinds.INVALID, "This host, or this scheme, is not served here.")

    async def end(self) -> None:
        """The process stops."""
        if self._protocol is not None:
            await self._protocol.end()

    async def _let_in(self, scope: Mapping[str, Any]) -> Answer:
        """What the API says to the key: it checks, counts and notes it as for any request."""
        return await Door(self._pages, scope).ask("GET", "/portfolios", query={"page_size": 1})

    def _is_foreign(self, scope: Mapping[str, Any]) -> bool:
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1")
        host = headers.get(b"host", b"").decode("latin-1")
        ours = {f"http://{host}", f"https://{host}"} | self._origins
        return bool(origin) and origin not in ours

    async def _served_by(self) -> "Protocol":
        async with self._loading:
            if self._protocol is None:
                protocol = await asyncio.to_thread(_protocol_class)
                self._protocol = protocol(self._pages)
        return self._protocol


def _protocol_class() -> "type[Protocol]":
    from spm.agents.server import Protocol

    return Protocol


async def _pass_on(answer: Answer, send: Any) -> None:
    headers = [(name, answer.headers[name]) for name in PASSED_ON if name in answer.headers]
    headers.append((b"content-length", str(len(answer.raw)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.raw})
