"""What is owed is done by a real worker, as soon as it is told."""

import time
from collections.abc import Callable

from allocation.models import Proposal, Study
from allocation.requests import ask
from tests.allocation.scenarios.whatifs import make_world
from tests.allocation.test_recompute import two_bets

WAIT_SECONDS = 40


def becomes_true(so: Callable[[], bool]) -> None:
    """Wait for what a worker leaves."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not so():
        assert time.monotonic() < deadline, f"not within {WAIT_SECONDS} s"
        time.sleep(0.05)


def test_a_recomputation_is_done_and_what_it_published_studied(celery_worker: object) -> None:
    portfolio, _, _ = two_bets()
    ask(portfolio.pk, "Evidence")
    becomes_true(Proposal.objects.filter(portfolio=portfolio).exists)
    studied = Study.objects.filter(portfolio=portfolio, finished_at__isnull=False)
    becomes_true(studied.exists)


def test_a_scenario_that_was_changed_is_solved(celery_worker: object) -> None:
    world = make_world()
    world.change("belief", world.sick.pk, 0.95)

    def is_solved() -> bool:
        world.scenario.refresh_from_db()
        return world.scenario.owed_since is None

    becomes_true(is_solved)
    assert world.scenario.state == "done"
    assert world.working["Sick"] >= 40_000.0
