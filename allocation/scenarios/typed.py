"""Cells of a sheet as people type them, and as they stand there: text to JSON and back.

A cell is one value of a change, or one part of it: the middle of a value's three amounts, one
limit of a guardrail. Decimal comma and point are both understood; thousands are parted as the
reader's language does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from allocation.engine.guardrails import KINDS as GUARDRAIL_KINDS
from spm.amounts import money_as_typed, number_as_typed
from spm.errors import Invalid

VALUE = "to"
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Unit:
    """How a value is typed and shown."""

    read: Callable[[str, str], Any]
    show: Callable[[Any, str], str]
    suffix: str = ""
    optional: bool = False
    choices: tuple[str, ...] = ()


def grouped(number: Decimal | float, sign: str) -> str:
    """A number with thousands parted, and the reader's decimal sign: '1,200,000.5'."""
    text = f"{Decimal(repr(number)) if isinstance(number, float) else number:,f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.translate(str.maketrans(",.", ".,")) if sign == "," else text


def _amount(text: str, sign: str) -> float:
    amount = money_as_typed(text, VALUE, sign)
    if amount < 0:
        raise Invalid({VALUE: "Write an amount of zero or more."})
    return float(amount)


def _per_cent(text: str, sign: str) -> float:
    percentage = number_as_typed(text.replace("%", ""), VALUE, sign)
    if not 0 <= percentage <= HUNDRED:
        raise Invalid({VALUE: "Write a number from 0 to 100: it is in per cent."})
    return float(percentage / HUNDRED)


def _number(text: str, sign: str) -> float:
    return float(number_as_typed(text, VALUE, sign))


def _show_per_cent(share: float, sign: str) -> str:
    return grouped(round(Decimal(repr(share)) * HUNDRED, 1), sign)


YES, NO = "yes", "no"


def _yes_or_no(text: str, sign: str) -> bool:
    answer = text.strip().lower()
    if answer not in (YES, NO):
        raise Invalid({VALUE: f"Write {YES} or {NO}."})
    return answer == YES


MONEY = Unit(_amount, grouped)
MONEY_OR_NONE = Unit(_amount, grouped, optional=True)
PER_CENT = Unit(_per_cent, _show_per_cent, suffix="%")
PER_CENT_OR_NONE = Unit(_per_cent, _show_per_cent, suffix="%", optional=True)
MONTHS = Unit(_number, grouped, suffix="mo")
NUMBER_OR_NONE = Unit(_number, grouped, optional=True)
CHOICE = Unit(_yes_or_no, lambda value, sign: YES if value else NO, choices=(YES, NO))

UNITS: dict[str, Unit] = {
    "envelope": MONEY,
    "reserve_floor": MONEY,
    "horizon": MONTHS,
    "belief": PER_CENT,
    "value": MONEY,
    "minimum": MONEY,
    "maximum": MONEY_OR_NONE,
    "may_grow": CHOICE,
    "notice": MONTHS,
    "freed_share": PER_CENT,
    "withdrawable": PER_CENT,
    "capacity": MONEY,
    "lending": PER_CENT,
}
OF_LIMITS = {"share": PER_CENT_OR_NONE, "amount": MONEY_OR_NONE, "count": NUMBER_OR_NONE}
SIDES = ("min", "max")


def unit_of(kind: str, value: Any) -> Unit:
    """How a slot's value is typed; a guardrail's limits in the unit of its kind."""
    if kind == "guardrail":
        return OF_LIMITS[GUARDRAIL_KINDS[value["kind"]].unit]
    return UNITS[kind]


def shown(kind: str, part: str, value: Any, sign: str) -> str:
    """What stands in a cell; empty for none."""
    unit = unit_of(kind, value)
    bare = _part_of(kind, part, value)
    return "" if bare is None else unit.show(bare, sign)


def _part_of(kind: str, part: str, value: Any) -> Any:
    if kind == "guardrail":
        return value[part]
    return value["p50"] if kind == "value" else value


def read(kind: str, part: str, current: Any, text: str, sign: str) -> Any:
    """The value that a slot has once this is typed into one of its cells.

    Args:
        kind: of the slot.
        part: 'min' or 'max' of a guardrail, else empty.
        current: what the slot has now.
        text: what was typed.
        sign: the reader's decimal sign.

    Raises:
        Invalid: ``to`` says what is wrong with the text.
    """
    unit = unit_of(kind, current)
    bare: Any = None
    if text.strip():
        bare = unit.read(text, sign)
    elif not unit.optional:
        raise Invalid({VALUE: "Write a number here; Escape brings back what stood here."})
    if kind == "guardrail":
        return {**current, part: bare}
    return scaled(current, bare) if kind == "value" else bare


def scaled(value: Mapping[str, float], middle: float) -> dict[str, float]:
    """The three amounts of a value with another middle, the outer two moved in proportion."""
    if value["p50"] <= 0:
        return {"p10": middle, "p50": middle, "p90": middle}
    by = middle / value["p50"]
    low, high = round(value["p10"] * by, 2), round(value["p90"] * by, 2)
    return {"p10": min(low, middle), "p50": middle, "p90": max(high, middle)}
