"""Cells as people type them."""

from typing import Any

import pytest

from allocation.scenarios import typed
from spm.errors import Invalid

VALUE = {"p10": 1_000_000.0, "p50": 2_000_000.0, "p90": 4_000_000.0}
SHARE: dict[str, Any] = {"kind": "share", "scope": {}, "min": None, "max": 0.3}


@pytest.mark.parametrize(
    ("kind", "text", "sign", "read"),
    [
        ("belief", "62.5", ".", 0.625),
        ("belief", "62,5 %", ",", 0.625),
        ("belief", "7", ".", 0.07),
        ("envelope", "1,200,000", ".", 1_200_000.0),
        ("envelope", "1.200.000", ",", 1_200_000.0),
        ("envelope", "1.2m", ".", 1_200_000.0),
        ("envelope", "€ 850k", ",", 850_000.0),
        ("maximum", "", ".", None),
        ("notice", "1,5", ",", 1.5),
        ("may_grow", "Yes", ".", True),
    ],
)
def test_it_is_read_as_it_was_meant(kind: str, text: str, sign: str, read: Any) -> None:
    assert typed.read(kind, "", None, text, sign) == read


@pytest.mark.parametrize(
    ("kind", "text", "sign"),
    [
        ("belief", "", "."),
        ("belief", "high", "."),
        ("belief", "140", "."),
        ("belief", "-1", "."),
        ("envelope", "1,200", ","),
        ("envelope", "-5", "."),
        ("envelope", "1.234", "."),
        ("may_grow", "perhaps", "."),
    ],
)
def test_what_is_unclear_is_refused(kind: str, text: str, sign: str) -> None:
    with pytest.raises(Invalid) as refusal:
        typed.read(kind, "", None, text, sign)
    assert list(refusal.value.fields) == ["to"]


def test_the_low_and_the_high_value_move_with_the_middle_one() -> None:
    assert typed.read("value", "", VALUE, "3,000,000", ".") == {
        "p10": 1_500_000.0,
        "p50": 3_000_000.0,
        "p90": 6_000_000.0,
    }
    nothing = {"p10": 0.0, "p50": 0.0, "p90": 0.0}
    assert set(typed.read("value", "", nothing, "5k", ".").values()) == {5_000.0}


def test_one_limit_of_a_guardrail_is_typed_by_itself_in_its_own_unit() -> None:
    assert typed.read("guardrail", "min", SHARE, "12.5", ".") == {**SHARE, "min": 0.125}
    count = {**SHARE, "kind": "count", "max": 4.0}
    assert typed.read("guardrail", "max", count, "6", ".")["max"] == 6.0


@pytest.mark.parametrize("sign", [".", ","])
@pytest.mark.parametrize("amount", [0.0, 0.5, 1234.56, 1_200_000.0, 999_999_999.99])
def test_what_stands_in_a_cell_is_read_back_the_same(amount: float, sign: str) -> None:
    text = typed.shown("envelope", "", amount, sign)
    assert typed.read("envelope", "", None, text, sign) == amount
