"""Random portfolios with everything in them, against a second formulation and solver.

tests/allocation/engine/reference.py is that formulation, checks.py checks every constraint of an
output by itself. Amounts are in cents, so the engine may lose what a cent more or less earns.
"""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocation.engine import parse_snapshot, solve
from tests.allocation.engine.checks import faults
from tests.allocation.engine.random_portfolios import random_portfolio
from tests.allocation.engine.reference import scaled, solve_reference

CENT = 0.01
seeds = st.integers(0, 10**9)
calm = settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
few = settings(calm, max_examples=8)
many = settings(calm, max_examples=40)


def output_of(document: dict[str, Any]) -> dict[str, Any]:
    """The output document, as the command would print it but for the seconds."""
    output = solve(parse_snapshot(document)).as_dict()
    del output["seconds"]
    return json.loads(json.dumps(output, allow_nan=False))


def worth_of_cents(document: dict[str, Any]) -> float:
    """What a cent for each bet is worth at most: no unit of rate earns more than 200 here."""
    return CENT * len(document["bets"]) * 200


def shuffled(document: dict[str, Any], seed: int) -> dict[str, Any]:
    """The same portfolio with every list in another order."""
    dice = random.Random(seed)
    lists = ("bets", "teams", "fungibility", "guardrails")
    return document | {name: dice.sample(document[name], len(document[name])) for name in lists}


@many
@given(seeds)
def test_every_constraint_holds_and_the_optimum_is_reached(seed: int) -> None:
    document = random_portfolio(seed)

    output = output_of(document)
    reference = solve_reference(document)

    assert faults(document, output) == []
    proposed = output["objective"]["proposed"]
    allowed = worth_of_cents(document) + 1e-5 * abs(reference.objective)
    assert output["breach"]["after"] == pytest.approx(reference.breach, rel=1e-6, abs=0.05)
    assert proposed >= reference.objective - allowed
    assert output["objective"]["bound"] >= proposed


@few
@given(seeds)
def test_doing_nothing_is_never_better(seed: int) -> None:
    output = output_of(random_portfolio(seed))

    breach = output["breach"]
    gained = output["do_nothing"]["gain"] >= 0
    assert breach["after"] < breach["before"] or (breach["after"] == breach["before"] and gained)


@few
@given(seeds)
def test_the_order_of_bets_teams_and_guardrails_does_not_matter(seed: int) -> None:
    document = random_portfolio(seed)

    assert output_of(document) == output_of(shuffled(document, seed))


@few
@given(seeds)
def test_the_same_snapshot_gives_the_same_bytes(seed: int) -> None:
    document = random_portfolio(seed)

    assert json.dumps(output_of(document)) == json.dumps(output_of(document))


@few
@given(seeds)
def test_another_currency_changes_the_figures_and_nothing_else(seed: int) -> None:
    """A thousandfold; 1,000 cents more or less each are what rounding may differ by."""
    document = random_portfolio(seed) | {"guardrails": []}

    plain, dear = output_of(document), output_of(scaled(document, 1000.0))

    allowed = worth_of_cents(document) + 1e-6 * abs(plain["objective"]["proposed"])
    if plain["breach"]["before"] == 0:
        assert dear["objective"]["proposed"] / 1000 == pytest.approx(
            plain["objective"]["proposed"], abs=allowed
        )
