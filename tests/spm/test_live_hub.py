"""The open streams of one process: who hears what."""

import asyncio

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
