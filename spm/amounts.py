"""Money and numbers as text: one strict form for programs, one forgiving form for people.

Programs write ``1234567.00`` or ``1234567`` and nothing else (``money``, ``number``). People may
write ``1.234.567,00``, ``1,234,567.00``, ``1 234 567`` or ``1.2m`` (``money_as_typed``,
``number_as_typed``); what could be read in two ways is refused with both readings, never guessed.
All of them raise ``Invalid`` with the name of the field.
"""

import re
from decimal import Decimal

from spm.errors import Invalid

STRICT_MONEY = re.compile(r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{2})?")
STRICT_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,12})?")
LONGEST_TEXT = 40

_BLANKS_AND_MARKS = re.compile(r"[ \u00a0\u202f\u2009'’€$£]")
_TYPED = re.compile(r"(?P<minus>-?)(?P<digits>[0-9][0-9.,]*)(?P<scale>[kKmM]?)")
_IN_GROUPS = {
    ",": re.compile(r"[0-9]{1,3}(,[0-9]{3})+"),
    ".": re.compile(r"[0-9]{1,3}(\.[0-9]{3})+"),
}
_SCALES = {"": Decimal(1), "k": Decimal(1_000), "m": Decimal(1_000_000)}

NOT_MONEY = "Write an amount such as 120000 or 120000.00: digits, a point and two places, no more."
NOT_A_NUMBER = "Write a number such as 12 or 0.5: digits, and a point before the places."
NOT_TYPED = "Write a number such as 120000, 120,000.50, 120.000,50 or 120k."
TOO_LARGE = "Write a number of at most twelve digits before the decimal sign."


def money(text: object, field: str = "amount") -> Decimal:
    """An amount that a program wrote, in the one form that is taken.

    Args:
        text: digits without a leading zero, then nothing or a point and two places.
        field: the field's name as the caller knows it.

    Raises:
        Invalid: anything else, a number that is not text included.
    """
    if not isinstance(text, str) or not STRICT_MONEY.fullmatch(text):
        raise Invalid({field: NOT_MONEY})
    return Decimal(text) + 0  # no negative zero


def number(text: object, field: str = "number") -> Decimal:
    """A number that a program wrote as text: up to twelve digits and up to twelve places.

    Raises:
        Invalid: anything else.
    """
    if not isinstance(text, str) or not STRICT_NUMBER.fullmatch(text):
        raise Invalid({field: NOT_A_NUMBER})
    return Decimal(text) + 0


def money_as_typed(text: str, field: str = "amount", decimal_sign: str = "") -> Decimal:
    """An amount that a person typed, with a decimal comma or point, thousands apart or not.

    Args:
        text: what was typed; a currency sign, blanks, and a final k or m are understood.
        field: the field's name as the caller knows it.
        decimal_sign: the person's own decimal sign if it is known, ',' or '.'. It settles
            '1,000', which otherwise is refused as ambiguous.

    Raises:
        Invalid: it is no amount, could be two amounts, or has more than two places.
    """
    amount = number_as_typed(text, field, decimal_sign)
    if amount != round(amount, 2):
        raise Invalid({field: f"{_shown(amount)} has more than two places: round it to the cent."})
    return round(amount, 2)


def number_as_typed(text: str, field: str = "number", decimal_sign: str = "") -> Decimal:
    """A number that a person typed; see ``money_as_typed``.

    Raises:
        Invalid: it is no number, or could be two numbers.
    """
    bare = _BLANKS_AND_MARKS.sub("", text.strip()).replace("\u2212", "-")
    match = _TYPED.fullmatch(bare) if len(bare) <= LONGEST_TEXT else None
    if match is None:
        raise Invalid({field: NOT_TYPED})
    amount = _read(match["digits"], field, decimal_sign) * _SCALES[match["scale"].lower()]
    if amount >= Decimal(10) ** 12:
        raise Invalid({field: TOO_LARGE})
    return (-amount if match["minus"] else amount) + 0


def _read(digits: str, field: str, decimal_sign: str) -> Decimal:
    signs = {sign for sign in digits if sign in ",."}
    if not signs:
        return Decimal(digits)
    if len(signs) == 2:
        decimal = max(",", ".", key=digits.rfind)
        return _with_decimal(digits, decimal, field)
    (sign,) = signs
    if digits.count(sign) > 1:
        return _in_groups(digits, sign, field)
    # One sign: with three digits after it, it may part thousands or places.
    if not _IN_GROUPS[sign].fullmatch(digits) or digits.startswith("0"):
        return _with_decimal(digits, sign, field)
    if decimal_sign and decimal_sign != sign:
        return _in_groups(digits, sign, field)
    whole = digits.replace(sign, "")
    place = digits.replace(sign, ".")
    raise Invalid(
        {
            field: f"{digits} can be read as {_shown(Decimal(whole))} or as {place}: write {whole}"
            f" or {place.rstrip('0').rstrip('.')}."
        }
    )


def _with_decimal(digits: str, decimal: str, field: str) -> Decimal:
    whole, _, places = digits.rpartition(decimal)
    other = "," if decimal == "." else "."
    if other in whole:
        whole = str(_in_groups(whole, other, field))
    if not whole.isdigit() or not places.isdigit():
        raise Invalid({field: NOT_TYPED})
    return Decimal(f"{whole}.{places}")


def _in_groups(digits: str, sign: str, field: str) -> Decimal:
    if not _IN_GROUPS[sign].fullmatch(digits):
        raise Invalid({field: f"{digits}: thousands stand in groups of three. {NOT_TYPED}"})
    return Decimal(digits.replace(sign, ""))


def _shown(amount: Decimal) -> str:
    return f"{amount:,f}"
