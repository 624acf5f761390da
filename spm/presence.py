"""Who has which page open just now: kept in Valkey by the live streams, and soon forgotten.

A stream says where its page is: ``board``, ``bet:17``, ``proposal:5``. It stands in a sorted set of
that place, with the moment until which it counts; as long as it is open it is written again. If a
process ends without a word, its streams are forgotten by themselves; if Valkey is away, nobody is
shown.
"""

import asyncio
import contextlib
import itertools
import json
import os
import re
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import redis
import redis.asyncio
from django.conf import settings

from spm import valkey

PLACE = re.compile(r"board|(?:bet|proposal):[0-9]{1,18}")
AGAIN_SECONDS = 15.0
COUNTS_SECONDS = 40.0
# Who loads a page anew is not announced as gone and back.
LINGERS_SECONDS = 2.0
PATIENCE_SECONDS = 2.0
MOST_SHOWN = 20

_numbers = itertools.count()
_reader: redis.Redis | None = None


def people_at(portfolio_id: int, place: str) -> list[int]:
    """The ids of the people who have the page open, those who came last first; few at most."""
    global _reader
    if _reader is None:
        _reader = valkey.client(settings.LIVE_URL)
    try:
        with valkey.asked():
            found: Any = _reader.zrevrangebyscore(_key(portfolio_id, place), "+inf", time.time())
    except valkey.Away:
        return []
    return list(dict.fromkeys(_person(member) for member in found))[:MOST_SHOWN]


def name_of(place: str) -> str:
    """What the live channel calls a change of who is there."""
    return f"present:{place}"


def _key(portfolio_id: int, place: str) -> str:
    return f"present:{portfolio_id}:{place}"


def _person(member: bytes) -> int:
    return int(member.partition(b":")[0])


class Presence:
    """The people behind the open streams of one process."""

    def __init__(self) -> None:
        self.here: dict[tuple[int, str], set[str]] = defaultdict(set)
        self.keeper: asyncio.Task[None] | None = None
        self.leaving: set[asyncio.Task[None]] = set()
        self.client = redis.asyncio.Redis.from_url(
            settings.LIVE_URL,
            socket_timeout=PATIENCE_SECONDS,
            socket_connect_timeout=PATIENCE_SECONDS,
        )

    @contextlib.asynccontextmanager
    async def at(self, portfolio_id: int, place: str | None, person_id: int) -> AsyncIterator[None]:
        """Be there as long as the stream is open; nowhere without a place."""
        if place is None:
            yield
            return
        where, member = (portfolio_id, place), f"{person_id}:{os.getpid()}-{next(_numbers)}"
        is_news = not self._is_here(where, person_id)
        self.here[where].add(member)
        if self.keeper is None or self.keeper.done():
            self.keeper = asyncio.create_task(self._keep())
        await self._write(where, {member}, is_news=is_news)
        try:
            yield
        finally:
            self.here[where].discard(member)
            if not self.here[where]:
                del self.here[where]
            task = asyncio.create_task(self._leave(where, member))
            self.leaving.add(task)
            task.add_done_callback(self.leaving.discard)

    def _is_here(self, where: tuple[int, str], person_id: int) -> bool:
        return any(member.startswith(f"{person_id}:") for member in self.here.get(where, ()))

    async def _leave(self, where: tuple[int, str], member: str) -> None:
        await asyncio.sleep(LINGERS_SECONDS)
        is_news = not self._is_here(where, _person(member.encode()))
        await self._write(where, set(), went=member, is_news=is_news)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(AGAIN_SECONDS)
            for where, members in list(self.here.items()):
                await self._write(where, members)

    async def _write(
        self, where: tuple[int, str], members: set[str], *, went: str = "", is_news: bool = False
    ) -> None:
        """Say who is there, forget who counts no longer, and tell the pages if that is news."""
        key, now = _key(*where), time.time()
        with contextlib.suppress(redis.RedisError, OSError, TimeoutError):
            async with self.client.pipeline(transaction=False) as asked:
                if members:
                    asked.zadd(key, dict.fromkeys(members, now + COUNTS_SECONDS))
                asked.zremrangebyscore(key, "-inf", now)
                asked.zrem(key, went)
                asked.expire(key, int(COUNTS_SECONDS) * 2)
                forgotten = (await asked.execute())[-3]
            if is_news or forgotten:
                names = json.dumps([name_of(where[1])])
                await self.client.publish(f"live:{where[0]}", names)

    async def end(self) -> None:
        """Forget everybody: the process ends."""
        tasks = [*self.leaving, *([self.keeper] if self.keeper else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.client.aclose()
