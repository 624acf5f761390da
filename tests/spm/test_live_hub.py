"""The open streams of one process: who hears what."""

import asyncio
import time

import pytest
import redis
from django.conf import settings

from spm import live
from spm.live import Hub


def everything(queue: asyncio.Queue[str]) -> list[str]:
    """What waits in a stream."""
    return [queue.get_nowait() for _ in range(queue.qsize())]


def test_only_the_reader_that_does_not_read_is_told_to_fetch_everything() -> None:
    hub = Hub()
    slow = asyncio.Queue[str](maxsize=1)
    quick = [asyncio.Queue[str](maxsize=1) for _ in range(20)]
    hub.streams["live:1"] = {slow, *quick}
    slow.put_nowait('["board"]')
    hub.hand_on("live:1", '["bet:17"]')
    assert everything(slow) == ['["all"]']
    assert [everything(queue) for queue in quick] == [['["bet:17"]']] * 20


def test_a_message_is_heard_in_its_own_portfolio_only() -> None:
    hub = Hub()
    own, other = asyncio.Queue[str](), asyncio.Queue[str]()
    hub.streams["live:1"], hub.streams["live:2"] = {own}, {other}
    hub.hand_on("live:1", '["ledger"]')
    assert (everything(own), everything(other)) == (['["ledger"]'], [])


def test_what_was_said_while_a_page_was_on_its_way_is_heard_by_it() -> None:
    hub = Hub()
    now = time.time()
    hub.listening_since = now - 60
    hub.hand_on("live:1", '["proposal:5"]')
    hub.hand_on("live:2", '["ledger"]')
    assert hub.missed("live:1", now - 1) == ['["proposal:5"]']
    assert hub.missed("live:1", time.time() + 1) == []


def test_a_page_from_before_the_hub_listened_fetches_everything() -> None:
    hub = Hub()
    now = time.time()
    assert hub.missed("live:1", now) == ['["all"]']
    hub.listening_since = now
    assert hub.missed("live:1", now - 5) == ['["all"]']
    hub.listening_since = now - 3600
    assert hub.missed("live:1", now - 1800) == ['["all"]']


def test_a_line_that_died_without_a_word_is_found_and_pages_catch_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.1)

    async def lose_the_line() -> list[str]:
        hub = Hub()
        queue = hub.join(1)
        first = await asyncio.wait_for(queue.get(), 5)
        with redis.Redis.from_url(settings.LIVE_URL) as valkey:
            valkey.execute_command("CLIENT", "PAUSE", 700, "ALL")
        second = await asyncio.wait_for(queue.get(), 10)
        assert hub.listener is not None
        hub.listener.cancel()
        await asyncio.gather(hub.listener, return_exceptions=True)
        return [first, second]

    assert asyncio.run(lose_the_line()) == ['["all"]', '["all"]']


def test_what_is_said_to_a_person_is_heard_on_their_pages_alone() -> None:
    async def two_people() -> tuple[list[str], list[str]]:
        hub = Hub()
        hub.listener = asyncio.create_task(asyncio.sleep(60))
        hers, his = hub.join(1, person_id=7), hub.join(1, person_id=8)
        hub.hand_on("live:person-7", '["notices"]')
        hub.hand_on("live:1", '["board"]')
        heard = everything(hers), everything(his)
        hub.leave(1, hers, 7)
        hub.hand_on("live:person-7", '["notices"]')
        assert everything(hers) == [] and "live:person-7" not in hub.streams
        hub.listener.cancel()
        return heard

    hers, his = asyncio.run(two_people())
    assert (hers, his) == (['["notices"]', '["board"]'], ['["board"]'])


def test_whoever_may_no_longer_listen_hears_the_end_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[list[live.Seat]] = []

    async def standing(seats: list[live.Seat]) -> dict[live.Seat, int]:
        asked.append(seats)
        return {("here", 1): 17}

    monkeypatch.setattr(live, "_who_may_listen", standing)

    async def look() -> None:
        hub, gone, here = Hub(), asyncio.Queue[str](maxsize=2), asyncio.Queue[str]()
        gone.put_nowait('["bet:1"]')
        with hub.seated(("gone", 1), gone), hub.seated(("here", 1), here):
            await hub.look_again()
            assert (everything(gone), everything(here)) == ([live.END], [])
        assert not hub.seats
        await hub.end()

    asyncio.run(look())
    assert asked == [[("gone", 1), ("here", 1)]]


def test_the_end_of_a_stream_is_not_lost_in_what_is_said_meanwhile() -> None:
    hub, full = Hub(), asyncio.Queue[str](maxsize=1)
    hub.streams["live:1"] = {full}
    full.put_nowait(live.END)
    hub.hand_on("live:1", '["bet:17"]')
    assert everything(full) == [live.END]
