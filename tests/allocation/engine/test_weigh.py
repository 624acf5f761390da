"""What a given allocation is worth, against the solution that the engine itself finds."""

import pytest

from allocation.assumptions import for_engine
from allocation.engine import Snapshot, beyond_terms, parse_snapshot, solve, weigh
from tests.allocation.assumptions.snapshots import bet, snapshot


def parsed(**fields: object) -> Snapshot:
    return parse_snapshot(for_engine(snapshot(**fields), 24))


def test_the_best_allocation_weighs_what_its_solution_says() -> None:
    best = solve(parsed())
    weighed = weigh(parsed(), {bet_id: held.working for bet_id, held in best.positions.items()})
    assert weighed.objective.proposed == pytest.approx(best.objective.proposed, abs=0.02)
    assert weighed.positions == best.positions
    assert weighed.changes and weighed.reserve == best.reserve
    assert [rail.value for rail in weighed.guardrails] == [rail.value for rail in best.guardrails]
    assert [(move.source, move.amount) for move in weighed.moves] == [
        (move.source, move.amount) for move in best.moves
    ]


def test_without_any_wish_it_is_today() -> None:
    weighed = weigh(parsed())
    assert (weighed.status, weighed.changes) == ("held", ())
    assert weighed.do_nothing.gain == 0
    assert weighed.objective.current == solve(parsed()).objective.current


def test_limits_that_would_be_broken_are_told_not_mended() -> None:
    weighed = weigh(parsed(), {"1": 150_000.0})
    assert weighed.envelope.breach_after == pytest.approx(40_000.0)
    assert weighed.teams[0].breach_after > 0
    assert weighed.guardrails[0].breach_after > 0


def test_terms_of_bets_that_would_not_be_kept_are_named() -> None:
    bets = [
        bet("1", withdrawable=0.5),
        bet("2", may_grow=False),
        bet("10", minimum=30_000.0, maximum=45_000.0),
    ]
    wanted = {"1": 10_000.0, "2": 40_001.0, "10": 20_000.0}
    assert beyond_terms(parsed(bets=bets), wanted) == [
        ("1", "withdrawable", 20_000.0),
        ("2", "maximum", 40_000.0),
        ("10", "minimum", 30_000.0),
    ]
    assert beyond_terms(parsed(bets=bets), {"1": 20_000.0, "2": 0.0, "10": 45_000.0}) == []
