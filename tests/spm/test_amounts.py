"""Money and numbers as text."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spm.amounts import money, money_as_typed, number, number_as_typed
from spm.errors import Invalid

NEVER_MONEY = [
    "1_000", "１２", "٣", "1e1", "+1", " 1 ", "1 ", "1\n", "", "-", ".", ".50", "1.", "1.5",
    "1.005", "01", "00", "1,00", "NaN", "nan", "Infinity", "-Infinity", "sNaN", "0x10", "1\x00",
    "1234567890123",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", "0"),
        ("120000", "120000"),
        ("120000.00", "120000.00"),
        ("-310.05", "-310.05"),
        ("999999999999.99", "999999999999.99"),
    ],
)
def test_a_program_writes_money_in_one_form(text: str, amount: str) -> None:
    assert money(text) == Decimal(amount)


@pytest.mark.parametrize("text", NEVER_MONEY)
def test_a_program_that_writes_money_otherwise_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        money(text, "minimum")
    assert list(refusal.value.fields) == ["minimum"]


@pytest.mark.parametrize("value", [1, 1.5, Decimal("1.00"), True, None, ["1"]])
def test_money_that_is_not_text_is_refused(value: object) -> None:
    with pytest.raises(Invalid):
        money(value)


def test_there_is_no_negative_zero() -> None:
    assert str(money("-0")) == "0"
    assert str(number("-0.0")) == "0.0"
    assert str(money_as_typed("-0")) == "0.00"


def test_a_number_has_as_many_as_twelve_places() -> None:
    assert number("0.123456789012") == Decimal("0.123456789012")
    with pytest.raises(Invalid):
        number("0.1234567890123")


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("120000", "120000"),
        ("120000,5", "120000.50"),
        ("120000.50", "120000.50"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1.234.567", "1234567"),
        ("1,234,567", "1234567"),
        ("1 234 567,89", "1234567.89"),
        ("1\u202f234\u00a0567.89", "1234567.89"),
        ("1'234'567.89", "1234567.89"),
        ("€120k", "120000"),
        ("1,2m", "1200000"),
        ("  7 ", "7"),
        ("\u2212310", "-310"),
        ("0,05", "0.05"),
    ],
)
def test_a_person_may_write_a_comma_or_a_point(text: str, amount: str) -> None:
    assert money_as_typed(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    [
        "1_000", "１２", "1e1", "+1", "NaN", "inf", "", "-", ",5", "5,", "1,2,3", "1.23.456",
        "1.234,567.89", "12,34.5", "1..2", "abc", "12 apples", "1k2", "0.005", "1e999999999",
        "9" * 13, "1000000m", "1" * 10_000,
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        money_as_typed(text, "maximum")
    assert list(refusal.value.fields) == ["maximum"]


def test_an_amount_that_could_be_two_is_refused_with_both_readings() -> None:
    with pytest.raises(Invalid) as refusal:
        money_as_typed("120.000", "maximum")
    assert refusal.value.fields["maximum"] == (
        "120.000 can be read as 120,000 or as 120.000: write 120000 or 120."
    )


def test_the_decimal_sign_of_the_person_settles_which_amount_is_meant() -> None:
    assert money_as_typed("120.000", decimal_sign=",") == 120_000
    assert money_as_typed("120,000", decimal_sign=".") == 120_000
    with pytest.raises(Invalid, match="can be read as"):
        money_as_typed("120,000", decimal_sign=",")


def test_a_number_may_have_more_than_two_places() -> None:
    assert number_as_typed("0,125") == Decimal("0.125")
    assert number_as_typed("1.5") == Decimal("1.5")


@given(st.decimals(min_value=-(10**11), max_value=10**11, places=2))
def test_every_amount_is_read_back_from_how_it_is_shown(amount: Decimal) -> None:
    shown = f"{amount:,.2f}"
    assert money_as_typed(shown) == amount
    assert money_as_typed(shown.translate(str.maketrans(",.", ".,"))) == amount
    assert money(f"{amount:.2f}") == amount
