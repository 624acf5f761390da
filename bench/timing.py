"""CPU seconds of a piece of work."""

import math
import time
from collections.abc import Callable
from typing import Any

REPEATS = 3


def timed(work: Callable[[], Any], repeats: int = REPEATS) -> tuple[float, Any]:
    """Seconds of CPU that `work` takes, the best of `repeats`, and what it returns."""
    best, found = math.inf, None
    for _ in range(repeats):
        began = time.process_time()
        found = work()
        best = min(best, time.process_time() - began)
    return best, found
