"""Who else looks at a page: seen by those who may see the portfolio, and soon forgotten."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
import redis
from django.conf import settings
from django.test import Client

from spm import presence
from spm.accounts.models import Membership, User
from spm.presence import Presence, people_at
from tests.database import forget_who_looks
from tests.factories import make_member, make_portfolio


@pytest.fixture(autouse=True)
def _nobody_there() -> None:
    forget_who_looks()


def with_presence(during: Callable[[Presence], Awaitable[None]]) -> None:
    """Run something with the streams of one process."""

    async def run() -> None:
        here = Presence()
        try:
            await during(here)
        finally:
            await here.end()

    asyncio.run(run())


async def until(holds: Callable[[], bool], within: float = 10.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def test_people_are_there_while_a_stream_of_theirs_is_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(presence, "LINGERS_SECONDS", 0.01)

    async def come_and_go(here: Presence) -> None:
        async with here.at(1, "board", 17), here.at(1, "bet:5", 18):
            async with here.at(1, "board", 17), here.at(1, "board", 19), here.at(2, "board", 20):
                assert set(people_at(1, "board")) == {17, 19}
            await until(lambda: people_at(1, "board") == [17])
            assert people_at(1, "bet:5") == [18]
        await until(lambda: people_at(1, "board") == people_at(2, "board") == [])

    with_presence(come_and_go)


def test_whoever_ends_without_a_word_is_forgotten_and_the_others_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(presence, "AGAIN_SECONDS", 0.05)

    async def look_on(here: Presence) -> None:
        with redis.Redis.from_url(settings.LIVE_URL, decode_responses=True) as valkey:
            valkey.zadd("present:1:board", {"18:gone": time.time() + 2})
            heard = valkey.pubsub(ignore_subscribe_messages=True)
            async with here.at(1, "board", 17):
                assert set(people_at(1, "board")) == {17, 18}
                heard.subscribe("live:1")
                await until(lambda: people_at(1, "board") == [17])
                await asyncio.sleep(0.3)
            messages = [message for _ in range(5) if (message := heard.get_message())]
            heard.close()
        assert [message["data"] for message in messages] == ['["present:board"]']

    with_presence(look_on)


def test_nobody_is_shown_while_valkey_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "_reader", None)
    monkeypatch.setattr(settings, "LIVE_URL", "redis://127.0.0.1:1/0")

    async def look(here: Presence) -> None:
        async with here.at(1, "board", 17):
            assert people_at(1, "board") == []

    with_presence(look)


def shown_to(user: User, portfolio_id: int, place: str = "board") -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(f"/present?portfolio={portfolio_id}&at={place}")
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.django_db
def test_the_others_are_shown_by_name_while_they_are_members() -> None:
    portfolio = make_portfolio()
    me, ben = make_member(portfolio, name="Anna Lead"), make_member(portfolio, name="Ben <Other>")
    soon = time.time() + 60
    with redis.Redis.from_url(settings.LIVE_URL) as valkey:
        valkey.zadd(f"present:{portfolio.pk}:board", {f"{me.pk}:1": soon, f"{ben.pk}:2": soon})
    html = shown_to(me, portfolio.pk)
    assert "Ben &lt;Other&gt;" in html
    assert "Anna" not in html
    assert "hidden" in shown_to(me, portfolio.pk, "bet:5")
    Membership.objects.filter(user=ben).delete()
    assert "Ben" not in shown_to(me, portfolio.pk)


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["portfolio={}", "portfolio={}&at=*", "at=board", "portfolio=x"])
def test_there_is_no_such_place(query: str) -> None:
    portfolio = make_portfolio()
    client = Client()
    client.force_login(make_member(portfolio))
    assert client.get(f"/present?{query.format(portfolio.pk)}").status_code == 404


@pytest.mark.django_db
def test_nobody_sees_who_is_in_a_portfolio_that_they_may_not_see() -> None:
    foreign = make_portfolio()
    client = Client()
    client.force_login(make_member(make_portfolio()))
    assert client.get(f"/present?portfolio={foreign.pk}&at=board").status_code == 404
