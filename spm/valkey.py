"""Asking Valkey while somebody waits: it may be away or hang, and nobody may wait long for that.

Valkey is the bell, the live channel and the cache; what must not be lost stands in PostgreSQL. So
whoever asks it gives up after half a second and goes on without. Once it has not answered in
time, nobody in this process asks again for a while: each request waits once at most.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import redis
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from kombu.exceptions import OperationalError
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 0.5
REST_SECONDS = 2.0
SAY_EVERY_SECONDS = 10.0

_rest_until = 0.0
_said_at = -SAY_EVERY_SECONDS


class Away(Exception):
    """Valkey does not answer."""


def patience() -> dict[str, Any]:
    """How long connections made for a request wait; options of redis-py."""
    # One more try mends a connection that Valkey has closed since it was last used.
    once_more = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
    return {
        "socket_timeout": ANSWER_SECONDS,
        "socket_connect_timeout": ANSWER_SECONDS,
        "retry": once_more,
    }


def client(url: str) -> redis.Redis:
    """A client for use in requests; its commands belong inside ``asked``."""
    return redis.Redis.from_url(url, **patience())


@contextmanager
def asked() -> Iterator[None]:
    """Ask Valkey; raises Away if it does not answer, or has not answered just now."""
    global _rest_until
    if time.monotonic() < _rest_until:
        raise Away
    try:
        yield
    except redis.TimeoutError as error:
        _rest_until = time.monotonic() + REST_SECONDS
        _say(error)
        raise Away from error
    except (redis.RedisError, OperationalError, OSError) as error:
        _say(error)
        raise Away from error


def _say(error: Exception) -> None:
    """Log it, but not once for every request of an outage."""
    global _said_at
    if time.monotonic() >= _said_at + SAY_EVERY_SECONDS:
        _said_at = time.monotonic()
        logger.warning("Valkey does not answer, going on without it: %s", error)


class OneClient(RedisCacheClient):
    """Django's, which makes a client for each command, with one to read and one to write."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._made: dict[bool, redis.Redis] = {}

    def get_client(self, key: Any = None, *, write: bool = False) -> redis.Redis:
        """The client that was made first."""
        if write not in self._made:
            self._made[write] = super().get_client(key, write=write)
        return self._made[write]


class ForgetfulCache(RedisCache):
    """Django's cache in Valkey. While Valkey is away, it forgets at once what it is given."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, {**params, "OPTIONS": {**patience(), **params.get("OPTIONS", {})}})
        self._class = OneClient

    def add(self, *args: Any, **kwargs: Any) -> bool:
        """Whether it was not there: true of all that is forgotten, so no lock keeps people out."""
        try:
            with asked():
                return super().add(*args, **kwargs)
        except Away:
            return True

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """The value, or the default."""
        try:
            with asked():
                return super().get(key, default, version)
        except Away:
            return default

    def set(self, *args: Any, **kwargs: Any) -> None:
        """Keep a value."""
        try:
            with asked():
                super().set(*args, **kwargs)
        except Away:
            return

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        """Whether it was there to be kept longer."""
        try:
            with asked():
                return super().touch(*args, **kwargs)
        except Away:
            return False

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        """Whether it was there to be deleted."""
        try:
            with asked():
                return super().delete(*args, **kwargs)
        except Away:
            return False

    def get_many(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        """The values that are there."""
        try:
            with asked():
                return super().get_many(*args, **kwargs)
        except Away:
            return {}

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        """Whether it is there."""
        try:
            with asked():
                return super().has_key(*args, **kwargs)
        except Away:
            return False

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Count on; a count that has been forgotten raises ValueError, as one that never was."""
        try:
            with asked():
                return super().incr(key, delta, version)
        except Away as away:
            raise ValueError(f"Key '{key}' not found.") from away

    def set_many(self, data: Mapping[Any, Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Keep values; the keys of those that could not be kept."""
        try:
            with asked():
                return super().set_many(dict(data), *args, **kwargs)
        except Away:
            return list(data)

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        """Delete what is there."""
        try:
            with asked():
                super().delete_many(*args, **kwargs)
        except Away:
            return

    def clear(self) -> None:
        """Delete everything."""
        try:
            with asked():
                super().clear()
        except Away:
            return
