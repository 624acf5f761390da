"""Problems that others have solved and published, expressed as portfolios."""

from __future__ import annotations

import pytest

from allocation.engine import parse_snapshot, solve
from tests.allocation.engine.knapsacks import PETERSEN, SCALE, Knapsack, as_portfolio


@pytest.mark.parametrize("knapsack", PETERSEN, ids=lambda k: f"{len(k.profits)} items")
def test_a_knapsack_of_many_dimensions_reaches_its_published_optimum(knapsack: Knapsack) -> None:
    solution = solve(parse_snapshot(as_portfolio(knapsack)))

    taken = [item for item, held in enumerate(solution.positions.values()) if held.working > 0]
    assert sum(knapsack.profits[item] for item in taken) == pytest.approx(knapsack.optimum)
    assert solution.objective.proposed == pytest.approx(knapsack.optimum)
    for row, room in zip(knapsack.uses, knapsack.room, strict=True):
        assert sum(row[item] for item in taken) <= room
    assert all(team.load_after <= team.capacity + 0.01 * SCALE for team in solution.teams)
