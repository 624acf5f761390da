"""Every constraint, checked on an output document against its snapshot document; engine unused."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from tests.allocation.engine.reference import (
    DEFAULT_RESPONSE,
    covers,
    held_today,
    least_overload,
    value_if_true,
)

CENT = 0.01
HALF = 0.0101


def faults(document: dict[str, Any], output: dict[str, Any]) -> list[str]:
    """What is wrong with an output, in words; nothing if all is right."""
    positions = output["positions"]
    found = [fault for bet in document["bets"] for fault in _bet_faults(bet, positions)]
    found += _need_faults(document, positions)
    found += _limit_faults(document, positions)
    found += _overload_faults(document, positions)
    found += _money_faults(document, output)
    found += _change_faults(document, output)
    worth = objective(document, positions)
    told = output["objective"]["proposed"]
    if abs(worth - told) > 1e-6 * max(1.0, abs(worth)):
        found.append(f"objective {told} is told, {worth} is right")
    return found


def working(positions: dict[str, Any], bet: dict[str, Any]) -> float:
    """x."""
    return float(positions[bet["id"]]["working"])


def held(positions: dict[str, Any], bet: dict[str, Any]) -> float:
    """x + u + (1−ρ)·w."""
    return float(positions[bet["id"]]["working"] + positions[bet["id"]]["entangled"])


def objective(document: dict[str, Any], positions: dict[str, Any]) -> float:
    """The objective of an output's positions, term by term."""
    total = 0.0
    for bet in document["bets"]:
        new, today = working(positions, bet), bet["working"]
        added, withdrawn = max(new - today, 0.0), max(today - new, 0.0)
        stuck = positions[bet["id"]]["entangled"] - bet.get("entangled", 0.0)
        full = bet["full_funding"]
        if full > 0:
            total += bet["belief"] * value_if_true(bet) * _response(bet, new / full)
        total -= document["horizon_months"] * held(positions, bet)
        total -= bet.get("notice_months", 0) * (withdrawn - stuck)
        total -= bet.get("exit_cost", 0) * withdrawn
        total -= bet.get("ramp_cost", 0) * added
        total -= document.get("switching_cost", 0.0) * (new != today)
    return total


def _response(bet: dict[str, Any], share: float) -> float:
    points = [[0.0, 0.0], *(bet.get("response") or DEFAULT_RESPONSE)]
    for (x0, y0), (x1, y1) in pairwise(points):
        if share <= x1:
            return float(y0 + (y1 - y0) * (share - x0) / (x1 - x0))
    return float(points[-1][1])


def _bet_faults(bet: dict[str, Any], positions: dict[str, Any]) -> list[str]:
    """Liquidity, minimum, maximum, growth, and what becomes entangled."""
    found = []
    name, today, new = bet["id"], bet["working"], working(positions, bet)
    withdrawn = max(today - new, 0.0)
    if new < 0:
        found.append(f"{name} holds {new}")
    if withdrawn > bet.get("withdrawable", 1.0) * today + HALF:
        found.append(f"{name}: {withdrawn} withdrawn")
    least = bet.get("minimum", 0.0)
    least = min(least, today) if today > 0 else least
    if 0 < new < least - HALF:
        found.append(f"{name} holds {new}, below its minimum {least}")
    most = bet.get("maximum")
    if most is not None and new > max(most, today) + HALF:
        found.append(f"{name} holds {new}, above its maximum {most}")
    if not bet.get("may_grow", True) and new > today + HALF:
        found.append(f"{name} grows to {new}")
    stuck = positions[name]["entangled"] - bet.get("entangled", 0.0)
    if abs(stuck - (1 - bet.get("reclaimable", 1.0)) * withdrawn) > HALF:
        found.append(f"{name}: {stuck} entangled of {withdrawn}")
    return found


def _need_faults(document: dict[str, Any], positions: dict[str, Any]) -> list[str]:
    """What is funded without a bet it needs, above what is so today."""
    today = {bet["id"]: bet["working"] for bet in document["bets"]}
    return [
        f"{bet['id']} holds {working(positions, bet)} without {needed}"
        for bet in document["bets"]
        for needed in bet.get("needs", [])
        if positions[needed]["working"] <= 0
        and working(positions, bet) > (today[bet["id"]] if today[needed] <= 0 else 0.0) + HALF
    ]


def _limit_faults(document: dict[str, Any], positions: dict[str, Any]) -> list[str]:
    """Envelope and guardrails: outside by more than half a cent, and by more than today."""
    envelope, bets = document["envelope"], document["bets"]
    room = envelope - document.get("reserve_floor", 0.0)
    found = _outside("envelope", bets, positions, None, room)
    for rail in document.get("guardrails", []):
        covered = [bet for bet in bets if covers(rail, bet)]
        low, high = rail.get("min"), rail.get("max")
        unit = envelope if rail["kind"] in ("share", "bet_share", "turnover") else 1.0
        low, high = (None if x is None else x * unit for x in (low, high))
        if rail["kind"] in ("share", "amount"):
            found += _outside(rail["id"], covered, positions, low, high)
        elif rail["kind"] == "bet_share":
            for bet in covered:
                found += _outside(f"{rail['id']} {bet['id']}", [bet], positions, None, high)
        elif rail["kind"] == "reserve":
            found += _outside(rail["id"], bets, positions, None, envelope - low)
        elif rail["kind"] == "turnover":
            moved = sum(max(bet["working"] - working(positions, bet), 0.0) for bet in covered)
            if moved > (high or 0.0) + HALF:
                found.append(f"{rail['id']}: turnover {moved}")
        elif rail["kind"] == "count":
            now = sum(bet["working"] > 0 for bet in covered)
            new = sum(working(positions, bet) > 0 for bet in covered)
            if new > max(high or 0.0, now) or new < min(low or 0.0, now):
                found.append(f"{rail['id']}: {new} funded")
    return found


def _outside(
    name: str,
    covered: list[dict[str, Any]],
    positions: dict[str, Any],
    low: float | None,
    high: float | None,
) -> list[str]:
    now = sum(held_today(bet) for bet in covered)
    new = sum(held(positions, bet) for bet in covered)
    if high is not None and new > max(high, now) + HALF:
        return [f"{name}: {new} above {high} and today's {now}"]
    if low is not None and new < min(low, now) - HALF:
        return [f"{name}: {new} below {low} and today's {now}"]
    return []


def _overload_faults(document: dict[str, Any], positions: dict[str, Any]) -> list[str]:
    """Teams over capacity, in sum over the least lending, by more than today."""
    bets = document["bets"]
    now = least_overload(document, {bet["id"]: held_today(bet) for bet in bets})
    new = least_overload(document, {bet["id"]: held(positions, bet) for bet in bets})
    rounding = HALF * max(1, len(document.get("teams", [])))
    return [f"teams are {new} over, today {now}"] if new > now + rounding else []


def _money_faults(document: dict[str, Any], output: dict[str, Any]) -> list[str]:
    """The reserve, and moves against what is freed and added."""
    found = []
    total = sum(held(output["positions"], bet) for bet in document["bets"])
    if abs(document["envelope"] - total - output["reserve"]) > HALF:
        found.append(f"reserve {output['reserve']}")
    out: dict[Any, float] = {}
    into: dict[Any, float] = {}
    for move in output["moves"]:
        if move["amount"] <= 0 or move["from"] == move["to"]:
            found.append(f"move {move}")
        out[move["from"]] = out.get(move["from"], 0.0) + move["amount"]
        into[move["to"]] = into.get(move["to"], 0.0) + move["amount"]
    for change in output["changes"]:
        freed, added = change["freed"], max(change["nominal"], 0.0)
        if abs(out.get(change["bet"], 0.0) - freed) > HALF:
            found.append(f"{change['bet']}: {freed} freed, {out.get(change['bet'])} moved out")
        if abs(into.get(change["bet"], 0.0) - added) > HALF:
            found.append(f"{change['bet']}: {added} added, {into.get(change['bet'])} moved in")
    return found


def _change_faults(document: dict[str, Any], output: dict[str, Any]) -> list[str]:
    """Changes against positions: what is withdrawn is freed or entangled, to the cent."""
    bets = {bet["id"]: bet for bet in document["bets"]}
    changes = {change["bet"]: change for change in output["changes"]}
    found = []
    for name, bet in bets.items():
        new = working(output["positions"], bet)
        if (new != bet["working"]) != (name in changes):
            found.append(f"{name}: from {bet['working']} to {new}, and changes do not say so")
    for name, change in changes.items():
        withdrawn = max(-change["nominal"], 0.0)
        if abs(change["freed"] + change["entangled"] - withdrawn) > 1e-6 * max(1, withdrawn):
            found.append(f"{name}: freed and entangled are not what is withdrawn: {change}")
        if change["to"] != output["positions"][name]["working"]:
            found.append(f"{name}: to {change['to']}")
        if change["gain_alone"] is not None and change["gain_alone"] < 0:
            found.append(f"{name}: gain alone {change['gain_alone']}")
    return found
