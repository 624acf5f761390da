from datetime import date
from decimal import Decimal

import pytest

from spm.sheets.cells import Unreadable, amount, day, is_undisclosed, year


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", "12"),
        ("£1,234.50", "1234.50"),
        ("£ 12,131.50", "12131.50"),
        ("\u00a0£9999.99", "9999.99"),
        ("1 234,5", None),
        ("(12.3)", "-12.3"),
        ("−2.7", "-2.7"),
        ("£1.5bn", "1500000000"),
        ("GBP 3m", "3000000"),
        (".5", "0.5"),
        ("12.", "12"),
    ],
)
def test_an_amount_is_read_with_its_signs_and_separators(text: str, value: str | None) -> None:
    if value is None:
        with pytest.raises(Unreadable):
            amount(text)
    else:
        assert amount(text) == Decimal(value)


def test_the_mapping_says_which_sign_stands_before_the_decimals() -> None:
    assert amount("1.234,50 €", decimal=",") == Decimal("1234.50")


@pytest.mark.parametrize("text", ["1,23", "1,2345", "12,34,567", "1.2.3", "1,234,56"])
def test_an_amount_whose_separators_stand_nowhere_known_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match=r"in two ways|not an amount"):
        amount(text)


@pytest.mark.parametrize("text", ["TBD", "12 or 13", "£", "NaN", "Infinity", "1e9", "12%", "--3"])
def test_free_text_is_no_amount(text: str) -> None:
    with pytest.raises(Unreadable, match="is not an amount"):
        amount(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2014-03-31", date(2014, 3, 31)),
        ("31.12.40", date(2040, 12, 31)),
        ("30/06/2008", date(2008, 6, 30)),
        ("1 April 2016", date(2016, 4, 1)),
        ("01-Apr-16", date(2016, 4, 1)),
        ("Mar 2020", date(2020, 3, 1)),
    ],
)
def test_a_date_is_read_in_the_forms_that_people_use(text: str, value: date) -> None:
    assert day(text) == value


def test_day_and_month_are_never_swapped_silently() -> None:
    assert day("04/05/2020", day_first=True) == date(2020, 5, 4)
    assert day("04/05/2020", day_first=False) == date(2020, 4, 5)
    with pytest.raises(Unreadable):
        day("04/31/2020", day_first=True)


@pytest.mark.parametrize(
    ("text", "value"), [("2018", 2018), ("2017/18", 2018), ("2017-2018", 2018)]
)
def test_a_financial_year_is_named_after_its_end(text: str, value: int) -> None:
    assert year(text) == value


@pytest.mark.parametrize("text", ["", "18", "2017/19", "Total"])
def test_what_is_no_year_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="is not a year"):
        year(text)


def test_a_cell_that_says_why_it_is_empty_is_undisclosed() -> None:
    said = ("Exempt under", "Not disclosed")
    assert is_undisclosed("  exempt under Section 43 of the Act", said)
    assert is_undisclosed("", said)
    assert not is_undisclosed("TBD", said)
