"""How long the allocation engine takes: `python -m bench.allocation_engine [bets …]`.

Random portfolios with everything that makes the problem hard: minimums, needs, teams that lend,
switching cost, and guardrails of every kind, some of them broken from the start.
"""

from __future__ import annotations

import random
import sys
import time
from typing import Any

from allocation.engine import parse_snapshot, solve

SIZES = (40, 500, 2000)
HORIZON = 18
THEMES = [f"theme {number}" for number in range(5)]
STREAMS = [f"stream {number}" for number in range(20)]


def portfolio(bets: int, seed: int) -> dict[str, Any]:
    """A snapshot document with so many bets, 25 to a team."""
    dice = random.Random(seed)
    teams = [f"team {number}" for number in range(max(2, bets // 25))]
    drawn = [_bet(dice, number, teams) for number in range(bets)]
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
        "guardrails": _guardrails(drawn, held),
    }


def _bet(dice: random.Random, number: int, teams: list[str]) -> dict[str, Any]:
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
        "attributes": {"theme": dice.choice(THEMES), "stream": dice.choice(STREAMS)},
    }


def _load(bets: list[dict[str, Any]], team: str) -> float:
    return sum(bet["teams"].get(team, 0.0) * (bet["working"] + bet["entangled"]) for bet in bets)


def _guardrails(bets: list[dict[str, Any]], held: float) -> list[dict[str, Any]]:
    """Each theme within a fifth of where it stands, and one of each other kind."""
    rails: list[dict[str, Any]] = [
        {"id": "turnover", "kind": "turnover", "max": 0.15},
        {"id": "bet", "kind": "bet_share", "max": 0.05},
        {"id": "reserve", "kind": "reserve", "min": round(0.02 * held, 2)},
        {
            "id": "count",
            "kind": "count",
            "scope": {"stream": STREAMS[:2]},
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


def main(sizes: list[int]) -> None:
    """Print one line for each size and seed."""
    print("bets seed  parse  build  solve  explain  total s   gap to LP bound  changes")
    for size in sizes:
        for seed in (1, 2, 3):
            document = portfolio(size, seed)
            began = time.perf_counter()
            snapshot = parse_snapshot(document)
            parsed = time.perf_counter() - began
            solution = solve(snapshot)
            took = solution.seconds
            total = parsed + took.build + took.solve + took.explain
            print(
                f"{size:4d} {seed:4d} {parsed:6.3f} {took.build:6.3f} {took.solve:6.3f} "
                f"{took.explain:8.3f} {total:8.3f} {solution.objective.gap:17.4%} "
                f"{len(solution.changes):8d}",
                flush=True,
            )


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(SIZES))
