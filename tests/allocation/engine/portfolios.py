"""Factories for small portfolios: only what a test is about need be said."""

from __future__ import annotations

from typing import Any

from allocation.engine import Snapshot, Solution, parse_snapshot, solve

HORIZON = 12.0


def bet(identifier: str, **fields: Any) -> dict[str, Any]:
    """A bet that earns nothing and holds nothing unless told otherwise."""
    return {
        "id": identifier,
        "working": 0.0,
        "belief": 0.5,
        "value_if_true": 0.0,
        "full_funding": 100.0,
        **fields,
    }


def earning(identifier: str, per_unit: float, **fields: Any) -> dict[str, Any]:
    """A bet that earns `per_unit` over the horizon for each unit of rate, up to full funding."""
    full_funding = fields.get("full_funding", 100.0)
    return bet(
        identifier,
        belief=1.0,
        value_if_true=per_unit * full_funding,
        response=[[1.0, 1.0]],
        **fields,
    )


def portfolio(*bets: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A snapshot document with an envelope of 100 over twelve months."""
    return {"horizon_months": HORIZON, "envelope": 100.0, "bets": list(bets), **fields}


def snapshot(*bets: dict[str, Any], **fields: Any) -> Snapshot:
    """The same, parsed."""
    return parse_snapshot(portfolio(*bets, **fields))


def solved(*bets: dict[str, Any], **fields: Any) -> Solution:
    """The same, solved."""
    return solve(snapshot(*bets, **fields))


def working(solution: Solution) -> dict[str, float]:
    """New working funding by bet."""
    return {bet_id: position.working for bet_id, position in solution.positions.items()}


def held(solution: Solution) -> dict[str, float]:
    """New working and entangled funding by bet."""
    return {
        bet_id: position.working + position.entangled
        for bet_id, position in solution.positions.items()
    }
