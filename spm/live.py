"""The live channel: open pages hear what changed, by name, and fetch it themselves.

A message is a list of names such as ``["bet:17", "proposal:5"]``, never content, so that nothing
leaks and fragments stay cacheable. Each server process holds one Valkey subscription and hands
the messages to its open streams.
"""

import asyncio
import contextlib
import json
import logging
from collections import defaultdict
from typing import Any
from urllib.parse import parse_qs

import redis
import redis.asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection, transaction

from spm import valkey

logger = logging.getLogger(__name__)

CHANNEL_PREFIX = "live:"
HEARTBEAT_SECONDS = 15
RECHECK_SECONDS = 30
RECONNECT_MILLISECONDS = 1000

_publisher: redis.Redis | None = None


def say(portfolio_id: int, *names: str) -> None:
    """Tell the open pages of a portfolio what has changed, once the transaction has committed."""
    transaction.on_commit(lambda: _publish(portfolio_id, names))


def _publish(portfolio_id: int, names: tuple[str, ...]) -> None:
    global _publisher
    if _publisher is None:
        _publisher = valkey.client(settings.LIVE_URL)
    # The change is committed and pages catch up when they reconnect: never fail for this.
    with contextlib.suppress(valkey.Away), valkey.asked():
        _publisher.publish(f"{CHANNEL_PREFIX}{portfolio_id}", json.dumps(names))


class Hub:
    """The open streams of one process, by portfolio, behind one subscription."""

    def __init__(self) -> None:
        self.streams: dict[str, set[asyncio.Queue[str]]] = defaultdict(set)
        self.listener: asyncio.Task[None] | None = None

    def join(self, portfolio_id: int) -> asyncio.Queue[str]:
        """A queue that receives the messages of one portfolio."""
        if self.listener is None or self.listener.done():
            self.listener = asyncio.create_task(self.listen())
        queue: asyncio.Queue[str] = asyncio.Queue(maxsize=1000)
        self.streams[f"{CHANNEL_PREFIX}{portfolio_id}"].add(queue)
        return queue

    def leave(self, portfolio_id: int, queue: asyncio.Queue[str]) -> None:
        """Forget a stream that has ended."""
        self.streams[f"{CHANNEL_PREFIX}{portfolio_id}"].discard(queue)

    async def listen(self) -> None:
        """Hand on what Valkey says, for as long as the process lives."""
        while True:
            try:
                client = redis.asyncio.Redis.from_url(settings.LIVE_URL)
                async with client.pubsub() as subscription:
                    await subscription.psubscribe(f"{CHANNEL_PREFIX}*")
                    # What was said while we did not listen is unknown: pages fetch everything.
                    self.hand_to_all('["all"]')
                    async for message in subscription.listen():
                        if message["type"] == "pmessage":
                            self.hand_on(message["channel"].decode(), message["data"].decode())
            except (redis.RedisError, OSError):
                logger.warning("live subscription lost, trying again")
                await asyncio.sleep(1)

    def hand_on(self, channel: str, data: str) -> None:
        """Put a message into each stream of its portfolio."""
        for queue in self.streams.get(channel, ()):
            if not queue.full():
                queue.put_nowait(data)
                continue
            while not queue.empty():  # a reader that does not read hears one thing for all of it
                queue.get_nowait()
            queue.put_nowait('["all"]')

    def hand_to_all(self, data: str) -> None:
        """Put a message into every stream."""
        for channel in list(self.streams):
            self.hand_on(channel, data)


_hubs: dict[int, Hub] = {}


def hub() -> Hub:
    """The hub of the running event loop."""
    return _hubs.setdefault(id(asyncio.get_running_loop()), Hub())


def _may_listen(cookies: str, portfolio_id: int) -> bool:
    """Whether the session behind the cookie may see the portfolio: the same rule as the pages."""
    from spm.accounts.permissions import may
    from spm.accounts.sessions import user_of_cookies

    try:
        user = user_of_cookies(cookies)
        return user is not None and may(user, "see", portfolio_id)
    finally:
        connection.close()  # this runs in a thread that no request's end tidies up after


def _portfolio_asked_for(scope: dict[str, Any]) -> int | None:
    values = parse_qs(scope["query_string"].decode("latin-1")).get("portfolio", [])
    return int(values[0]) if values and values[0].isdigit() and len(values[0]) < 19 else None


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Serve one stream of server-sent events: ``/live?portfolio=<id>``."""
    headers = dict(scope["headers"])
    cookies = headers.get(b"cookie", b"").decode("latin-1")
    portfolio_id = _portfolio_asked_for(scope)
    allowed = sync_to_async(_may_listen, thread_sensitive=False)
    if portfolio_id is None or not await allowed(cookies, portfolio_id):
        await _answer(send, 404)
        return
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", b"text/event-stream"),
                (b"cache-control", b"no-store"),
                (b"x-accel-buffering", b"no"),
            ],
        }
    )
    queue = hub().join(portfolio_id)
    gone = asyncio.create_task(_until_disconnected(receive))
    try:
        await _stream(send, queue, gone, lambda: allowed(cookies, portfolio_id))
    finally:
        gone.cancel()
        hub().leave(portfolio_id, queue)


async def _stream(
    send: Any, queue: asyncio.Queue[str], gone: "asyncio.Task[None]", still_allowed: Any
) -> None:
    loop = asyncio.get_running_loop()
    recheck_at = loop.time() + RECHECK_SECONDS
    await _send_chunk(send, f"retry: {RECONNECT_MILLISECONDS}\nevent: hello\ndata: []\n\n")
    while not gone.done():
        if loop.time() >= recheck_at:
            # A person who has signed out or lost the role hears nothing more.
            if not await still_allowed():
                break
            recheck_at = loop.time() + RECHECK_SECONDS
        waiting = asyncio.create_task(queue.get())
        done, _ = await asyncio.wait(
            {waiting, gone}, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        if waiting in done:
            await _send_chunk(send, f"data: {waiting.result()}\n\n")
        else:
            waiting.cancel()
            await _send_chunk(send, ": still here\n\n")
    await send({"type": "http.response.body", "body": b""})


async def _send_chunk(send: Any, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _until_disconnected(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answer(send: Any, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def lifespan(receive: Any, send: Any) -> None:
    """Start and stop with the server: the subscription ends with its process."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            listener = hub().listener
            if listener is not None:
                listener.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await listener
            await send({"type": "lifespan.shutdown.complete"})
            return
