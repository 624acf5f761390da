"""Reading what a change goes to: each takes any JSON value, and returns it checked or refuses it.

All raise ``ChangeError`` that names the field and what would be right.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from allocation.assumptions.change import ChangeError
from allocation.engine.guardrails import KINDS as GUARDRAIL_KINDS

LARGEST_AMOUNT = 1e12
LONGEST_HORIZON = 240
LONGEST_NOTICE = 120
LONGEST_NAME = 200
TOLERANCE = 1e-9

Reader = Callable[[Any, str], Any]


def number(least: float, most: float, what: str) -> Reader:
    """A reader of a finite number from ``least`` to ``most``."""

    def read(value: Any, field: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ChangeError(field, f"Give {what}.")
        # An integer may be larger than any float.
        figure = float(value) if abs(value) <= LARGEST_AMOUNT else math.inf
        if not least <= figure <= most:
            raise ChangeError(field, f"Give {what}, from {least:g} to {most:g}.")
        return figure + 0.0

    return read


def _to_the_cent(value: Any, field: str) -> float:
    return round(_any_amount(value, field), 2)


_any_amount = number(0.0, LARGEST_AMOUNT, "an amount")
amount: Reader = _to_the_cent
share: Reader = number(0.0, 1.0, "a share")
months: Reader = number(0.0, LONGEST_NOTICE, "a number of months")


def horizon(value: Any, field: str) -> int:
    """Whole months, at least one."""
    figure = number(1, LONGEST_HORIZON, "a number of months")(value, field)
    if figure != int(figure):
        raise ChangeError(field, "Give whole months.")
    return int(figure)


def or_none(reader: Reader) -> Reader:
    """A reader for which None means that there is none."""

    def read(value: Any, field: str) -> Any:
        return None if value is None else reader(value, field)

    return read


def yes_or_no(value: Any, field: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ChangeError(field, "Give true or false.")
    return value


def name(value: Any, field: str) -> str:
    """A text that is not empty."""
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > LONGEST_NAME or not text.isprintable():
        raise ChangeError(field, f"Give a name of at most {LONGEST_NAME} characters.")
    return text


def value(given: Any, field: str) -> dict[str, float]:
    """What a bet is worth over the horizon if its thesis holds: three amounts that rise."""
    fields = _object(given, field, ("p10", "p50", "p90"))
    read = {key: amount(fields.get(key), f"{field}.{key}") for key in ("p10", "p50", "p90")}
    if not read["p10"] <= read["p50"] <= read["p90"]:
        raise ChangeError(field, "Give a low, a middle and a high value that rise.")
    return read


def guardrail(given: Any, field: str) -> dict[str, Any]:
    """A whole guardrail: kind, scope, min, max, and the name if it is a new one."""
    fields = _object(given, field, ("name", "kind", "scope", "min", "max"))
    kind = fields.get("kind")
    if not isinstance(kind, str) or kind not in GUARDRAIL_KINDS:
        raise ChangeError(f"{field}.kind", f"Give one of {', '.join(GUARDRAIL_KINDS)}.")
    row: dict[str, Any] = {"kind": kind, "scope": _scope(fields.get("scope", {}), field, kind)}
    for side in ("min", "max"):
        row[side] = _limit(fields.get(side), f"{field}.{side}", kind, side)
    if row["min"] is None and row["max"] is None:
        side = GUARDRAIL_KINDS[kind].limits[-1]
        raise ChangeError(f"{field}.{side}", "Give a least, a most, or both: it limits nothing.")
    if row["min"] is not None and row["max"] is not None and row["min"] > row["max"]:
        raise ChangeError(f"{field}.min", "The least is above the most.")
    if "name" in fields:
        row["name"] = name(fields["name"], f"{field}.name")
    return row


def _limit(given: Any, field: str, kind: str, side: str) -> float | None:
    if given is None:
        return None
    unit = GUARDRAIL_KINDS[kind].unit
    if side not in GUARDRAIL_KINDS[kind].limits:
        word = "least" if side == "min" else "most"
        raise ChangeError(field, f"A limit of this kind has no {word}; leave it empty.")
    if unit == "share":
        limit: float = share(given, field)
    else:
        limit = amount(given, field)
    if unit == "count" and limit != int(limit):
        raise ChangeError(field, "Give a whole number of bets.")
    return limit


def _scope(given: Any, field: str, kind: str) -> dict[str, list[str]]:
    if not isinstance(given, Mapping):
        raise ChangeError(f"{field}.scope", 'Give an object such as {"horizon": ["H3"]}.')
    if given and not GUARDRAIL_KINDS[kind].scoped:
        raise ChangeError(f"{field}.scope", "A limit of this kind looks at the whole envelope.")
    scope = {}
    for attribute, values in given.items():
        texts = isinstance(values, list) and all(isinstance(each, str) and each for each in values)
        if not texts or not values:
            raise ChangeError(f"{field}.scope", f"Give a list of texts for {attribute}.")
        scope[str(attribute)] = list(values)
    return scope


NEW_BET_FIELDS = (
    "title", "belief", "value", "full_funding", "minimum", "maximum", "teams", "attributes",
)  # fmt: skip


def new_bet(given: Any, field: str) -> dict[str, Any]:
    """A bet that there is not yet: what it is worth, what it needs, who works on it."""
    fields = _object(given, field, NEW_BET_FIELDS)
    row = {
        "title": name(fields.get("title"), f"{field}.title"),
        "belief": share(fields.get("belief"), f"{field}.belief"),
        "value": value(fields.get("value"), f"{field}.value"),
        "full_funding": amount(fields.get("full_funding"), f"{field}.full_funding"),
        "minimum": amount(fields.get("minimum", 0.0), f"{field}.minimum"),
        "maximum": or_none(amount)(fields.get("maximum"), f"{field}.maximum"),
        "teams": _teams(fields.get("teams", {}), f"{field}.teams"),
        "attributes": _attributes(fields.get("attributes", {}), f"{field}.attributes"),
    }
    if row["full_funding"] <= 0:
        raise ChangeError(f"{field}.full_funding", "Give the rate at which it earns its value.")
    if row["maximum"] is not None and row["minimum"] > row["maximum"]:
        raise ChangeError(f"{field}.maximum", "The most is below the least.")
    return row


def _teams(given: Any, field: str) -> dict[str, float]:
    if not isinstance(given, Mapping):
        raise ChangeError(field, 'Give an object such as {"3": 0.5}: shares by team.')
    shares = {str(team): share(part, field) for team, part in given.items()}
    if sum(shares.values()) > 1 + TOLERANCE:
        raise ChangeError(field, "The shares of the teams add up to more than a whole.")
    return shares


def _attributes(given: Any, field: str) -> dict[str, str]:
    texts = isinstance(given, Mapping) and all(isinstance(each, str) for each in given.values())
    if not texts:
        raise ChangeError(field, 'Give an object of texts such as {"horizon": "H3"}.')
    return {str(key): text for key, text in given.items()}


def _object(given: Any, field: str, known: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise ChangeError(field, f"Give an object with {', '.join(known)}.")
    for key in given:
        if key not in known:
            raise ChangeError(f"{field}.{key}", f"There is no such field; use {', '.join(known)}.")
    return given
