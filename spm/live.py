"""The live channel: open pages hear what changed, by name, and fetch it themselves.

A message is a list of names such as ``["bet:17", "proposal:5"]``, never content, so that nothing
leaks and fragments stay cacheable. Each server process holds one Valkey subscription and hands
the messages to its open streams.
"""

import asyncio
import contextlib
import json
import logging
import math
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import redis
import redis.asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections, transaction

from spm import presence, valkey
from spm.reading import id_of

logger = logging.getLogger(__name__)

CHANNEL_PREFIX = "live:"
PERSON_PREFIX = "person-"
HEARTBEAT_SECONDS = 15
# Whoever has signed out or lost the role hears nothing more after so long.
LOOK_AGAIN_SECONDS = 30
ASKED_AT_ONCE = 200
RECONNECT_MILLISECONDS = 1000
# A page is rendered before its stream opens: what was said in between is kept for it so long.
HEARD_FOR_SECONDS = 30.0
# How much older than its clock says a page may be: its queries came first, clocks differ.
RENDERING_SECONDS = 2.0
MOST_MISSED = 100
EVERYTHING = '["all"]'
END = ""  # put into a stream that is to end

# Sessions are asked about here, on connections that stay open and are never more than these.
_gatekeepers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="live")

_publisher: redis.Redis | None = None


def say(portfolio_id: int, *names: str) -> None:
    """Tell the open pages of a portfolio what has changed, once the transaction has committed."""
    transaction.on_commit(lambda: _publish(str(portfolio_id), names))


def say_to(person_id: int, *names: str) -> None:
    """Tell the open pages of one person, and of nobody else, what of theirs has changed."""
    transaction.on_commit(lambda: _publish(f"{PERSON_PREFIX}{person_id}", names))


def _publish(whose: str, names: tuple[str, ...]) -> None:
    global _publisher
    if _publisher is None:
        _publisher = valkey.client(settings.LIVE_URL)
    # The change is committed and pages catch up when they reconnect: never fail for this.
    with contextlib.suppress(valkey.Away), valkey.asked():
        _publisher.publish(f"{CHANNEL_PREFIX}{whose}", json.dumps(names))


def _channels(portfolio_id: int, person_id: int | None) -> list[str]:
    """What a stream listens to: its portfolio, and what is said to its person alone."""
    whose = [str(portfolio_id)]
    if person_id is not None:
        whose.append(f"{PERSON_PREFIX}{person_id}")
    return [f"{CHANNEL_PREFIX}{each}" for each in whose]


# The key of a session, and the portfolio that is listened to with it.
Seat = tuple[str, int]


class Hub:
    """The open streams of one process, by portfolio, behind one subscription."""

    def __init__(self) -> None:
        self.streams: dict[str, set[asyncio.Queue[str]]] = defaultdict(set)
        self.seats: dict[Seat, set[asyncio.Queue[str]]] = defaultdict(set)
        self.listener: asyncio.Task[None] | None = None
        self.doorkeeper: asyncio.Task[None] | None = None
        self.heard: deque[tuple[float, str, str]] = deque()
        self.listening_since = math.inf
        self.presence = presence.Presence()

    def join(
        self, portfolio_id: int, rendered_at: float | None = None, person_id: int | None = None
    ) -> asyncio.Queue[str]:
        """A queue that receives the messages of one portfolio, and those to one person.

        Args:
            portfolio_id: whose.
            rendered_at: when the page was rendered (seconds since 1970): what was said since then
                is in the queue already. None for a page that catches up by itself.
            person_id: who looks at the page; nobody else hears what is said to them.
        """
        if self.listener is None or self.listener.done():
            self.listener = asyncio.create_task(self.listen())
        queue: asyncio.Queue[str] = asyncio.Queue(maxsize=1000)
        for channel in _channels(portfolio_id, person_id):
            if rendered_at is not None:
                for data in self.missed(channel, rendered_at - RENDERING_SECONDS):
                    queue.put_nowait(data)
            self.streams[channel].add(queue)
        return queue

    def missed(self, channel: str, since: float) -> list[str]:
        """What was said on a channel since a moment; everything, where that is not known."""
        if since < max(self.listening_since, time.time() - HEARD_FOR_SECONDS):
            return [EVERYTHING]
        said = [data for at, where, data in self.heard if where == channel and at >= since]
        return said if len(said) <= MOST_MISSED else [EVERYTHING]

    def leave(
        self, portfolio_id: int, queue: asyncio.Queue[str], person_id: int | None = None
    ) -> None:
        """Forget a stream that has ended."""
        for channel in _channels(portfolio_id, person_id):
            self.streams[channel].discard(queue)
            if not self.streams[channel]:
                del self.streams[channel]

    async def listen(self) -> None:
        """Hand on what Valkey says, for as long as the process lives."""
        while True:
            try:
                valkey_client = redis.asyncio.Redis.from_url(settings.LIVE_URL)
                async with valkey_client, valkey_client.pubsub() as subscription:
                    await subscription.psubscribe(f"{CHANNEL_PREFIX}*")
                    # What was said while we did not listen is unknown: pages fetch everything.
                    self.listening_since = time.time()
                    self.hand_to_all(EVERYTHING)
                    await self._hear(subscription)
            except (redis.RedisError, OSError):
                self.listening_since = math.inf
                logger.warning("live subscription lost, trying again")
                await asyncio.sleep(1)

    async def _hear(self, subscription: Any) -> None:
        """Hand on messages; raises once a line is dead that nobody has closed."""
        unanswered = False
        while True:
            message = await subscription.get_message(timeout=HEARTBEAT_SECONDS)
            if message is not None:
                unanswered = False
                if message["type"] == "pmessage":
                    self.hand_on(message["channel"].decode(), message["data"].decode())
            elif unanswered:
                raise redis.ConnectionError("no answer to a ping")
            else:
                await subscription.ping()
                unanswered = True

    def hand_on(self, channel: str, data: str) -> None:
        """Put a message into each stream of its portfolio, and keep it for those about to open."""
        now = time.time()
        self.heard.append((now, channel, data))
        while self.heard[0][0] < now - HEARD_FOR_SECONDS:
            self.heard.popleft()
        for queue in self.streams.get(channel, ()):
            if queue.full():  # a reader that does not read hears one thing for all of it
                _put_at_last(queue, EVERYTHING)
            else:
                queue.put_nowait(data)

    @contextlib.contextmanager
    def seated(self, seat: Seat, queue: asyncio.Queue[str]) -> Iterator[None]:
        """Have somebody look from time to time whether the stream may stay open."""
        if self.doorkeeper is None or self.doorkeeper.done():
            self.doorkeeper = asyncio.create_task(self.keep_the_door())
        self.seats[seat].add(queue)
        try:
            yield
        finally:
            self.seats[seat].discard(queue)
            if not self.seats[seat]:
                del self.seats[seat]

    async def keep_the_door(self) -> None:
        """Look again and again, for as long as the process lives."""
        while True:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            try:
                await self.look_again()
            except Exception:  # the database is away for a moment: the next look finds out
                logger.warning("could not look who may still listen", exc_info=True)

    async def look_again(self) -> None:
        """End the streams whose person has signed out or may no longer see the portfolio."""
        seats = list(self.seats)
        for first in range(0, len(seats), ASKED_AT_ONCE):
            asked = seats[first : first + ASKED_AT_ONCE]
            standing = await _who_may_listen(asked)
            for seat in asked:
                for queue in () if seat in standing else self.seats.get(seat, ()):
                    _put_at_last(queue, END)

    async def end(self) -> None:
        """Stop with the process."""
        for task in (self.listener, self.doorkeeper):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def hand_to_all(self, data: str) -> None:
        """Put a message into every stream."""
        for channel in list(self.streams):
            self.hand_on(channel, data)


_hubs: dict[int, Hub] = {}


def hub() -> Hub:
    """The hub of the running event loop."""
    return _hubs.setdefault(id(asyncio.get_running_loop()), Hub())


def _put_at_last(queue: asyncio.Queue[str], data: str) -> None:
    """Put one thing in place of all that waits, unless that is the end already."""
    while not queue.empty():
        if queue.get_nowait() == END:
            data = END
    queue.put_nowait(data)


def _ask_who_may_listen(asked: Sequence[Seat]) -> dict[Seat, int]:
    from spm.accounts.sessions import who_may_listen

    close_old_connections()  # no request begins here that would look whether it still works
    return who_may_listen(asked)


_who_may_listen = sync_to_async(_ask_who_may_listen, thread_sensitive=False, executor=_gatekeepers)


def _number_asked_for(scope: dict[str, Any], name: str) -> int | None:
    values = parse_qs(scope["query_string"].decode("latin-1")).get(name, [])
    return id_of(values[0]) if values else None


def _place_asked_for(scope: dict[str, Any]) -> str | None:
    values = parse_qs(scope["query_string"].decode("latin-1")).get("at", [])
    return values[0] if values and presence.PLACE.fullmatch(values[0]) else None


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Serve one stream of server-sent events: ``/live?portfolio=<id>&since=<seconds>&at=<place>``.

    ``since`` is when the page was rendered; a browser that comes back says what it heard last
    instead, and its page fetches everything by itself. ``at`` is what the page shows, for the
    others who look at it (``spm.presence``).
    """
    from spm.accounts.sessions import session_key_in

    headers = dict(scope["headers"])
    cookies = headers.get(b"cookie", b"").decode("latin-1")
    portfolio_id = _number_asked_for(scope, "portfolio")
    rendered_at = _number_asked_for(scope, "since") if b"last-event-id" not in headers else None
    session_key = session_key_in(cookies)
    if portfolio_id is None or session_key is None:
        await _answer(send, 404)
        return
    seat = (session_key, portfolio_id)
    person_id = (await _who_may_listen([seat])).get(seat)
    if person_id is None:
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
    queue = hub().join(portfolio_id, rendered_at, person_id)
    gone = asyncio.create_task(_until_disconnected(receive))
    try:
        place = _place_asked_for(scope)
        async with hub().presence.at(portfolio_id, place, person_id):
            with hub().seated(seat, queue):
                await _stream(send, queue, gone)
    finally:
        gone.cancel()
        hub().leave(portfolio_id, queue, person_id)


async def _stream(send: Any, queue: asyncio.Queue[str], gone: "asyncio.Task[None]") -> None:
    await _send_chunk(send, f"retry: {RECONNECT_MILLISECONDS}\nid: 1\nevent: hello\ndata: []\n\n")
    while not gone.done():
        waiting = asyncio.create_task(queue.get())
        done, _ = await asyncio.wait(
            {waiting, gone}, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        if waiting in done:
            if (data := waiting.result()) == END:
                break
            await _send_chunk(send, f"data: {data}\n\n")
        else:
            waiting.cancel()
            await _send_chunk(send, "event: beat\ndata: []\n\n")
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
            await hub().presence.end()
            await hub().end()
            await send({"type": "lifespan.shutdown.complete"})
            return
