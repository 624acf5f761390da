"""Calls that start together, each on a connection of its own; for tests with committed_db."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each call returns or raises when all start together."""
    barrier = threading.Barrier(len(calls))
    outcomes: list[Any] = [None] * len(calls)

    def run(position: int) -> None:
        barrier.wait()
        try:
            outcomes[position] = calls[position]()
        except Exception as fault:  # noqa: BLE001  (it is the outcome)
            outcomes[position] = fault
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes
