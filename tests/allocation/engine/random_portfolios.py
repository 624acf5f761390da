"""Random small portfolios that have everything: locks, teams, needs, guardrails, broken limits."""

from __future__ import annotations

import random
from typing import Any

THEMES = ("grow", "run")
STREAMS = ("north", "south", "west")
RESPONSES = (None, [[0.5, 0.7], [1.0, 1.0]], [[1.0, 1.0]], [[0.2, 0.5], [0.6, 0.8], [1.5, 1.1]])


def random_portfolio(seed: int, most_bets: int = 8) -> dict[str, Any]:
    """A snapshot document that `seed` decides: amounts from tens to tens of millions."""
    dice = random.Random(seed)
    unit = dice.choice([1.0, 10.0, 1e3, 1e6])
    count = dice.randint(1, most_bets)
    ids = [f"b{place}" for place in range(count)]
    teams = [
        {"id": f"t{place}", "capacity": _amount(dice, 10, 120, unit)}
        for place in range(dice.randint(0, 3))
    ]
    bets = [_bet(dice, place, ids, teams, unit) for place in range(count)]
    holding = sum(bet["working"] + bet.get("entangled", 0.0) for bet in bets)
    envelope = round(max(holding, unit) * dice.uniform(0.7, 1.6), 2)
    return {
        "horizon_months": dice.choice([6, 12, 18, 24]),
        "envelope": envelope,
        "reserve_floor": _sometimes(dice, 0.3, lambda: round(0.1 * envelope, 2), 0.0),
        "switching_cost": _sometimes(dice, 0.5, lambda: _amount(dice, 1, 60, unit), 0.0),
        "teams": teams,
        "fungibility": _fungibility(dice, teams),
        "bets": bets,
        "guardrails": [
            _guardrail(dice, f"g{place}", envelope, count) for place in range(dice.randint(0, 4))
        ],
    }


def _amount(dice: random.Random, low: float, high: float, unit: float) -> float:
    return round(dice.uniform(low, high) * unit, 2)


def _sometimes(dice: random.Random, chance: float, value: Any, otherwise: Any) -> Any:
    return value() if dice.random() < chance else otherwise


def _bet(
    dice: random.Random, place: int, ids: list[str], teams: list[dict[str, Any]], unit: float
) -> dict[str, Any]:
    """One bet; it needs lower ones only, so that needs never run in a circle."""
    working = _sometimes(dice, 0.7, lambda: _amount(dice, 1, 60, unit), 0.0)
    full = _sometimes(dice, 0.95, lambda: _amount(dice, 5, 90, unit), 0.0)
    bet: dict[str, Any] = {
        "id": ids[place],
        "working": working,
        "entangled": _sometimes(dice, 0.2, lambda: _amount(dice, 1, 10, unit), 0.0),
        "belief": round(dice.random(), 3),
        "full_funding": full,
        "minimum": _sometimes(dice, 0.5, lambda: _amount(dice, 1, 40, unit), 0.0),
        "maximum": _sometimes(dice, 0.3, lambda: _amount(dice, 1, 90, unit), None),
        "reclaimable": _sometimes(dice, 0.5, lambda: round(dice.random(), 2), 1.0),
        "notice_months": dice.choice([0, 0, 1, 3, 6.5]),
        "exit_cost": dice.choice([0, 0, 0.5, 4]),
        "ramp_cost": dice.choice([0, 0, 0.3, 2]),
        "withdrawable": dice.choice([1, 1, 1, 0.5, 0]),
        "may_grow": dice.random() < 0.8,
        "teams": _team_shares(dice, teams),
        "needs": _sometimes(dice, 0.25, lambda: dice.sample(ids[:place], min(place, 1)), []),
        "attributes": {"theme": dice.choice(THEMES), "stream": dice.choice(STREAMS)},
    }
    response = dice.choice(RESPONSES)
    if response:
        bet["response"] = response
    worth = full * dice.uniform(5, 60)
    if dice.random() < 0.5:
        bet["value_if_true"] = round(worth, 2)
    else:
        bet["value"] = {"p10": 0.3 * worth, "p50": 0.9 * worth, "p90": 2 * worth}
    return bet


def _team_shares(dice: random.Random, teams: list[dict[str, Any]]) -> dict[str, float]:
    if not teams or dice.random() < 0.3:
        return {}
    team, other = dice.choice(teams)["id"], dice.choice(teams)["id"]
    return {team: 1.0} if team == other else {team: 0.6, other: dice.choice([0.2, 0.4])}


def _fungibility(dice: random.Random, teams: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"from": lender["id"], "to": borrower["id"], "efficiency": round(dice.random(), 2)}
        for lender in teams
        for borrower in teams
        if lender is not borrower and dice.random() < 0.4
    ]


def _guardrail(dice: random.Random, identifier: str, envelope: float, count: int) -> dict[str, Any]:
    kind = dice.choice(["share", "amount", "bet_share", "turnover", "count", "reserve"])
    scope = _sometimes(
        dice, 0.6, lambda: {"stream": dice.sample(STREAMS, 2)}, {"theme": [dice.choice(THEMES)]}
    )
    rail: dict[str, Any] = {"id": identifier, "kind": kind, "scope": scope}
    if kind in ("share", "amount"):
        unit = 1.0 if kind == "share" else envelope
        low, high = sorted([dice.uniform(0, 0.5), dice.uniform(0.1, 0.9)])
        rail["min"] = _sometimes(dice, 0.5, lambda: round(low * unit, 3), None)
        rail["max"] = _sometimes(dice, 0.7, lambda: round(high * unit, 3), None)
    elif kind in ("bet_share", "turnover"):
        rail["max"] = round(dice.uniform(0.05, 0.6), 3)
    elif kind == "count":
        low, high = sorted([dice.randint(0, 2), dice.randint(1, count)])
        rail["min"], rail["max"] = _sometimes(dice, 0.5, lambda: low, None), high
    else:
        rail["scope"] = {}
        rail["min"] = round(dice.uniform(0, 0.3) * envelope, 2)
    return rail
