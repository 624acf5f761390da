"""In what the world differs from the one that a scenario was made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allocation.assumptions.change import Change
from allocation.assumptions.kinds import KINDS

# What stands in these slots is no kind that a scenario changes, but it moves under scenarios.
FUNDING = (("working", "working"), ("entangled", "entangled"))
COMPARED_BELIEF = 0.005
"""A belief that differs by less is shown as the same whole per cent or the next."""


def moved_on(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    """What has changed from one snapshot to another, both in order, as changes.

    Beliefs first, then funding, limits and the rest; bets that came or went as the kinds ``came``
    and ``went``.
    """
    before = {bet["id"] for bet in then["bets"]}
    after = {bet["id"] for bet in now["bets"]}
    found = [
        *_of_kind("belief", then, now),
        *_funding(then, now),
        *_of_kind("guardrail", then, now),
        *(Change("came", bet_id, False, True) for bet_id in sorted(after - before, key=_rank)),
        *(Change("went", bet_id, True, False) for bet_id in sorted(before - after, key=_rank)),
    ]
    for kind in KINDS:
        if kind not in ("belief", "guardrail", "bet", "stop"):
            found += _of_kind(kind, then, now)
    return found


def _of_kind(name: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    kind = KINDS[name]
    old = {target: kind.value(then, target) for target in kind.targets(then)}
    new = {target: kind.value(now, target) for target in kind.targets(now)}
    optional = name in ("guardrail", "lending")
    targets = sorted(old.keys() | new.keys() if optional else old.keys() & new.keys(), key=_rank)
    return [
        Change(name, target, old.get(target), new.get(target))
        for target in targets
        if _differs(name, old.get(target), new.get(target))
    ]


def _differs(name: str, old: Any, new: Any) -> bool:
    if name == "belief":
        return bool(abs(old - new) >= COMPARED_BELIEF)
    return bool(old != new)


def _funding(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    old = {bet["id"]: bet for bet in then["bets"]}
    return [
        Change(name, bet["id"], old[bet["id"]][field], bet[field])
        for bet in now["bets"]
        for name, field in FUNDING
        if bet["id"] in old and old[bet["id"]][field] != bet[field]
    ]


def _rank(target: str) -> tuple[int, str]:
    return len(target), target
