"""From a scenario's snapshot to the engine's input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allocation.assumptions.kinds import STOPPED, TITLE

STOP_PREFIX = "stop-"
STOP_ATTRIBUTE = "stopped in this scenario"
NOTHING = {"p10": 0.0, "p50": 0.0, "p90": 0.0}


def for_engine(snapshot: Mapping[str, Any], stated_horizon: float) -> dict[str, Any]:
    """What the engine is asked.

    - A bet that is stopped is worth nothing, may not grow, and has a limit of nothing: the engine
      mends broken limits first, so it withdraws what can be withdrawn before it weighs value.
    - Values are stated over the horizon of the day; over another they count pro rata.
    - Names are for people.

    Args:
        snapshot: a scenario's, its changes applied.
        stated_horizon: months over which the values are stated.
    """
    scale = snapshot["horizon_months"] / stated_horizon
    stopped = [bet["id"] for bet in snapshot["bets"] if bet[STOPPED]]
    return {
        **snapshot,
        "bets": [_bet(bet, scale) for bet in snapshot["bets"]],
        "guardrails": [
            *({key: rail[key] for key in rail if key != "name"} for rail in snapshot["guardrails"]),
            *(_limit_of_nothing(bet_id) for bet_id in stopped),
        ],
    }


def _bet(bet: Mapping[str, Any], scale: float) -> dict[str, Any]:
    row = {key: value for key, value in bet.items() if key not in (STOPPED, TITLE)}
    if bet[STOPPED]:
        attributes = {**row["attributes"], STOP_ATTRIBUTE: bet["id"]}
        return {**row, "value": NOTHING, "may_grow": False, "attributes": attributes}
    if scale != 1:
        row["value"] = {key: amount * scale for key, amount in row["value"].items()}
    return row


def _limit_of_nothing(bet_id: str) -> dict[str, Any]:
    return {
        "id": f"{STOP_PREFIX}{bet_id}",
        "kind": "amount",
        "scope": {STOP_ATTRIBUTE: [bet_id]},
        "min": None,
        "max": 0.0,
    }
