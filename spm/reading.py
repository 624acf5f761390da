"""Reading the fields of a form or a request: each function takes what was given and the field's
name, and returns what is meant or raises ``Invalid`` with a sentence about that field.

``Fields`` reads several and says everything that is wrong at once.
"""

import math
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from spm import amounts
from spm.errors import Invalid
from spm.fields import MONEY_LIMIT

LARGEST_WHOLE = 2**31 - 1
LARGEST_ID = 2**63 - 1
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff]")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

# A time near the ends of the calendar could be stored, and then be read in no time zone.
YEARS = range(1900, 2200)
_require_web_address = URLValidator(schemes=["http", "https"])

Reader = Callable[[Any, str], Any]


class Fields:
    """Several fields, read one by one, with everything that is wrong said together."""

    def __init__(self, given: Mapping[str, Any], known: Collection[str]) -> None:
        self.given = given
        self.wrong = {
            name: "There is no such field. These can be given: " + ", ".join(sorted(known)) + "."
            for name in map(str, given)
            if name not in known
        }
        self.values: dict[str, Any] = {}

    def read(self, name: str, reader: Reader) -> None:
        """Read a field if it was given."""
        if name not in self.given:
            return
        try:
            self.values[name] = reader(self.given[name], name)
        except Invalid as refusal:
            self.wrong.update(refusal.fields)

    def done(self) -> dict[str, Any]:
        """What was read.

        Raises:
            Invalid: anything was wrong.
        """
        if self.wrong:
            raise Invalid(self.wrong)
        return self.values


def text(longest: int, *, required: bool = False) -> Reader:
    """A reader of text: no control characters but tabs and line ends, nothing unencodable."""

    def read(value: Any, field: str) -> str:
        if not isinstance(value, str):
            raise Invalid({field: "Write text."})
        stripped = value.strip().replace("\r\n", "\n")
        if required and not stripped:
            raise Invalid({field: "Write something here."})
        if len(stripped) > longest:
            raise Invalid(
                {field: f"Write at most {longest} characters; these are {len(stripped)}."}
            )
        if _CONTROL.search(stripped):
            raise Invalid({field: "Leave out control characters: they cannot be stored or shown."})
        return stripped

    return read


def one_of(choices: Collection[str]) -> Reader:
    """A reader of one of a few words."""

    def read(value: Any, field: str) -> str:
        if not isinstance(value, str) or value not in choices:
            words = ", ".join(choice or "nothing" for choice in choices)
            raise Invalid({field: f"Choose one of these: {words}."})
        return value

    return read


def optional(reader: Reader) -> Reader:
    """A reader for which None and the empty text mean that there is none."""

    def read(value: Any, field: str) -> Any:
        return None if value is None or value == "" else reader(value, field)

    return read


def or_default(reader: Reader, default: Any) -> Reader:
    """A reader for which None and the empty text mean the default."""

    def read(value: Any, field: str) -> Any:
        return default if value is None or value == "" else reader(value, field)

    return read


def money(value: Any, field: str) -> Decimal:
    """An amount of zero or more: a Decimal of two places, or text in the strict form."""
    amount = value if isinstance(value, Decimal) else amounts.money(value, field)
    if not amount.is_finite() or abs(amount) >= MONEY_LIMIT or amount != round(amount, 2):
        raise Invalid({field: amounts.NOT_MONEY})
    if amount < 0:
        raise Invalid({field: "Write an amount of zero or more."})
    return round(amount, 2) + 0


def number(at_least: float, at_most: float) -> Reader:
    """A reader of a finite number: a number, or text in the strict form."""

    def read(value: Any, field: str) -> float:
        if isinstance(value, str):
            value = amounts.number(value, field)
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise Invalid({field: amounts.NOT_A_NUMBER})
        try:
            figure = float(value)
        except OverflowError:
            figure = math.inf
        if not math.isfinite(figure) or not at_least <= figure <= at_most:
            raise Invalid({field: f"Write a number from {at_least:g} to {at_most:g}."})
        return figure + 0.0

    return read


def whole(at_least: int = 0, at_most: int = LARGEST_WHOLE) -> Reader:
    """A reader of a whole number: a number, or its digits."""

    def read(value: Any, field: str) -> int:
        if isinstance(value, str):
            value = amounts.number(value, field)
        is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
        if not is_number or value != int(value) or not at_least <= value <= at_most:
            raise Invalid({field: f"Write a whole number from {at_least} to {at_most}."})
        return int(value)

    return read


def moment(value: Any, field: str) -> datetime:
    """A moment with its offset: a datetime, or text by RFC 3339; from 1900 to 2199."""
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        try:
            value = datetime.fromisoformat(value.upper().replace("Z", "+00:00"))
        except ValueError:  # the 31st of February
            value = None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise Invalid({field: "Write a time with its offset, such as 2026-03-14T09:30:00+01:00."})
    if value.year not in YEARS:
        raise Invalid({field: f"Write a time from {YEARS.start} to {YEARS.stop - 1}."})
    return value.astimezone(UTC)


def day(value: Any, field: str) -> date:
    """A day: a date, or text such as 2026-03-14."""
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
        if type(value) is date:
            return value
    except ValueError:  # the 31st of February
        pass
    raise Invalid({field: "Write a day such as 2026-03-14."})


def id_of(text: str) -> int | None:
    """The id that a word of a form or an address is, or None: ASCII digits that a row may have."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def web_address(longest: int) -> Reader:
    """A reader of an http or https address, or of nothing: it will be shown as a link."""

    def read(value: Any, field: str) -> str:
        address: str = text(longest)(value, field)
        if address and not _is_web_address(address):
            raise Invalid({field: "Write an address that begins with https:// (or http://)."})
        return address

    return read


def _is_web_address(address: str) -> bool:
    try:
        _require_web_address(address)
    except ValidationError:
        return False
    return True
