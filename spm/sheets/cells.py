"""Amounts and dates as people type them. Each function says why it cannot take a text."""

import re
from datetime import date, datetime
from decimal import Decimal

from spm.sheets.problems import quoted

SIGNS_OF_MONEY = re.compile(r"[£$€¥]|\b(?:GBP|EUR|USD|CHF)\b", re.IGNORECASE)
SCALES = {"": 1, "k": 10**3, "m": 10**6, "mn": 10**6, "million": 10**6}
SCALES |= {"bn": 10**9, "billion": 10**9}
SPACES = re.compile(r"[\s\u00a0\u202f']+")
MINUSES = str.maketrans({"−": "-", "–": "-", "—": "-"})
DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%d %B %Y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y")
DAY_FIRST = ("%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y", "%d-%m-%y")
MONTH_FIRST = ("%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y", "%m-%d-%y")
MONTH_ONLY = ("%b-%y", "%b %Y", "%B %Y", "%m/%Y", "%Y-%m")


class Unreadable(Exception):
    """A cell's text is not what its column holds; says what would be right."""


def is_undisclosed(text: str, beginnings: tuple[str, ...]) -> bool:
    """Whether a cell says that its content is not given: empty, or beginning as such cells do."""
    words = " ".join(text.split()).casefold()
    return not words or any(words.startswith(beginning.casefold()) for beginning in beginnings)


def amount(text: str, decimal: str = ".") -> Decimal:
    """A number with or without currency sign, thousands separators and brackets for a minus.

    Args:
        text: such as ``£1,234.50``, ``(12.3)``, ``1 234,5 m``; a scale (k, m, bn) multiplies.
        decimal: the sign before the decimals; the other of point and comma separates thousands.

    Raises:
        Unreadable: it is not one number, or its separators do not stand where they should.
    """
    bare = SIGNS_OF_MONEY.sub("", text.translate(MINUSES)).strip()
    negative = bare.startswith("(") and bare.endswith(")")
    bare = bare[1:-1].strip() if negative else bare
    matched = re.fullmatch(r"([+-]?)\s*([\d.,'\s\u00a0\u202f]*\d[.,]?)\s*([a-zA-Z]*)", bare)
    if matched is None or matched[3].casefold() not in SCALES:
        raise Unreadable(f"{quoted(text)} is not an amount")
    digits = _digits(matched[2], decimal)
    if digits is None:
        raise Unreadable(
            f"{quoted(text)} can be read in two ways; write it as 1234{decimal}50, or say in the "
            "mapping which sign stands before the decimals"
        )
    value = Decimal(digits) * SCALES[matched[3].casefold()]
    return -value if negative or matched[1] == "-" else value


def _digits(text: str, decimal: str) -> str | None:
    """The digits with a decimal point, or None where separators are not where they belong."""
    thousands = "," if decimal == "." else "."
    whole, _, decimals = text.partition(decimal)
    groups = SPACES.sub(thousands, whole.strip()).split(thousands)
    grouped = len(groups) > 1
    if grouped and (not 1 <= len(groups[0]) <= 3 or any(len(g) != 3 for g in groups[1:])):
        return None
    if not all(group.isdigit() for group in groups if group) or (
        decimals and not decimals.isdigit()
    ):
        return None
    return f"{''.join(groups) or '0'}.{decimals or '0'}"


def day(text: str, *, day_first: bool = True) -> date:
    """A date in one of the forms that people use; a month alone is its first day.

    Two-digit years up to 68 are of this century.

    Raises:
        Unreadable: it is none of them.
    """
    words = " ".join(text.split())
    numeric = DAY_FIRST if day_first else MONTH_FIRST
    for form in (*DATE_FORMATS, *numeric, *MONTH_ONLY):
        try:
            return datetime.strptime(words, form).date()  # noqa: DTZ007
        except ValueError:
            continue
    order = "31.12.2020 or 31/12/2020" if day_first else "12/31/2020"
    raise Unreadable(f"{quoted(text)} is not a date, such as 2020-12-31 or {order}")


def year(text: str) -> int:
    """A year, alone or as the end of a financial year such as ``2017/18``.

    Raises:
        Unreadable: it is neither.
    """
    words = "".join(text.split())
    if re.fullmatch(r"(19|20|21)\d\d(\.0)?", words):
        return int(words[:4])
    spans = re.fullmatch(r"((?:19|20|21)\d\d)[/-](\d\d|\d{4})", words)
    if spans is not None and (int(spans[1]) + 1) % 100 == int(spans[2]) % 100:
        return int(spans[1]) + 1
    raise Unreadable(f"{quoted(text)} is not a year, such as 2020 or 2019/20")
