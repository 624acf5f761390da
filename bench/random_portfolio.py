"""Random portfolios with everything that makes the problem hard, of any size.

Minimums, needs, teams that lend, switching cost, and guardrails of every kind, some of them broken
from the start; 25 bets to a team, twenty streams and more, so that 10,000 bets have 400 and 200.
"""

from __future__ import annotations

import random
from typing import Any

HORIZON = 18
THEMES = [f"theme {number}" for number in range(5)]
STREAMS_FOR_EACH_BET = 0.02


def portfolio(bets: int, seed: int) -> dict[str, Any]:
    """A snapshot document with so many bets, 25 to a team."""
    dice = random.Random(seed)
    teams = [f"team {number}" for number in range(max(2, bets // 25))]
    streams = [f"stream {number}" for number in range(max(20, int(bets * STREAMS_FOR_EACH_BET)))]
    drawn = [_bet(dice, number, teams, streams) for number in range(bets)]
    held = sum(bet["working"] + bet["entangled"] for bet in drawn)
    return {
        "horizon_months": HORIZON,
        "envelope": round(1.05 * held, 2),
        "switching_cost": 20_000.0,
        "teams": [
            {"id": team, "capacity": round(_load(drawn, team) * dice.uniform(0.98, 1.2) + 1, 2)}
            for team in teams
        ],
        "fungibility": [
            {"from": lender, "to": borrower, "efficiency": 0.7}
            for lender, borrower in zip(teams, teams[1:] + teams[:1], strict=True)
        ],
        "bets": drawn,
        "guardrails": _guardrails(drawn, held, streams),
    }


def _bet(dice: random.Random, number: int, teams: list[str], streams: list[str]) -> dict[str, Any]:
    full = round(dice.lognormvariate(11, 0.8), 2)
    value = full * HORIZON * dice.uniform(0.5, 4)
    return {
        "id": f"bet {number:05d}",
        "working": round(full * dice.uniform(0.2, 1.2), 2) if dice.random() < 0.8 else 0.0,
        "entangled": round(0.05 * full, 2) if dice.random() < 0.1 else 0.0,
        "belief": round(dice.betavariate(2, 2), 3),
        "value": {"p10": 0.4 * value, "p50": value, "p90": 2 * value},
        "full_funding": full,
        "minimum": round(0.25 * full, 2) if dice.random() < 0.6 else 0.0,
        "maximum": round(1.5 * full, 2) if dice.random() < 0.3 else None,
        "reclaimable": dice.choice([1, 1, 0.8, 0.5]),
        "notice_months": dice.choice([0, 1, 3]),
        "exit_cost": dice.choice([0, 0, 0.5]),
        "ramp_cost": dice.choice([0, 0.2]),
        "withdrawable": dice.choice([1, 1, 1, 0.5]),
        "may_grow": dice.random() < 0.85,
        "teams": {dice.choice(teams): 1.0} if dice.random() < 0.7 else {},
        "needs": [f"bet {dice.randrange(number):05d}"] if number and dice.random() < 0.05 else [],
        "attributes": {"theme": dice.choice(THEMES), "stream": dice.choice(streams)},
    }


def _load(bets: list[dict[str, Any]], team: str) -> float:
    return sum(bet["teams"].get(team, 0.0) * (bet["working"] + bet["entangled"]) for bet in bets)


def _guardrails(
    bets: list[dict[str, Any]], held: float, streams: list[str]
) -> list[dict[str, Any]]:
    """Each theme within a fifth of where it stands, and one of each other kind."""
    rails: list[dict[str, Any]] = [
        {"id": "turnover", "kind": "turnover", "max": 0.15},
        {"id": "bet", "kind": "bet_share", "max": 0.05},
        {"id": "reserve", "kind": "reserve", "min": round(0.02 * held, 2)},
        {
            "id": "count",
            "kind": "count",
            "scope": {"stream": streams[: len(streams) // 10]},
            "max": int(0.08 * len(bets)),
        },
    ]
    for theme in THEMES:
        own = [bet for bet in bets if bet["attributes"]["theme"] == theme]
        share = sum(bet["working"] + bet["entangled"] for bet in own) / held
        low, high = round(0.8 * share, 3), round(1.2 * share, 3)
        rails.append(
            {"id": theme, "kind": "share", "scope": {"theme": [theme]}, "min": low, "max": high}
        )
    return rails
