"""A snapshot document with a lever's `change` in it, made without the engine."""

from __future__ import annotations

from typing import Any


def with_change(document: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """What the change says replaces what stands there: things by their id, pairs by both ends."""
    changed = dict(document)
    times = change.get("values_times", 1.0)
    changed["bets"] = [_worth(bet, times) for bet in document["bets"]]
    for name, said in change.items():
        if name == "values_times":
            continue
        if isinstance(said, list):
            changed[name] = _merged(changed.get(name, []), said)
        else:
            changed[name] = said
    return changed


def _worth(bet: dict[str, Any], times: float) -> dict[str, Any]:
    other = dict(bet)
    if "value_if_true" in bet:
        other["value_if_true"] = bet["value_if_true"] * times
    else:
        other["value"] = {name: value * times for name, value in bet["value"].items()}
    return other


def _merged(known: list[dict[str, Any]], said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    merged = [dict(thing) for thing in known]
    for thing in said:
        keys = [key for key in ("id", "from", "to") if key in thing]
        for other in merged:
            if all(other[key] == thing[key] for key in keys):
                other.update(thing)
                break
        else:
            merged.append(thing)
    return merged
