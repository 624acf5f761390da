"""Fields that take one form of a value and refuse what merely resembles it.

The framework's own take ``"1_000"``, ``"１２"``, ``true`` for 1 and 7 for text; none of these is
what the client meant, or at least nobody can know.
"""

import math
import re
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from spm import amounts, reading
from spm.errors import Invalid

LARGEST_WHOLE = 2**63 - 1
_CLOCK = re.compile(r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
_DIGITS = re.compile(r"^[0-9]{1,19}$")


class TextField(serializers.CharField):
    """Text; a number is not text."""

    def to_internal_value(self, data: Any) -> str:
        """The text without surrounding blanks."""
        if not isinstance(data, str):
            raise serializers.ValidationError("Give a text.")
        return super().to_internal_value(data)


class ChoiceField(serializers.ChoiceField):
    """One of some words."""

    def to_internal_value(self, data: Any) -> str:
        """The word."""
        if not isinstance(data, str) or data not in self.choices:
            words = ", ".join(f"'{word}'" for word in self.choices)
            raise serializers.ValidationError(f"Give one of {words}.")
        return data


class WholeField(serializers.IntegerField):
    """A whole number, as a JSON number."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", 0)
        kwargs.setdefault("max_value", LARGEST_WHOLE)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        """The number."""
        if isinstance(data, bool) or not isinstance(data, int):
            raise serializers.ValidationError("Give a whole number.")
        return data


class QueryWholeField(serializers.IntegerField):
    """A whole number in an address, where everything is text."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", 1)
        kwargs.setdefault("max_value", LARGEST_WHOLE)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        """The number."""
        if not _DIGITS.match(data):
            raise serializers.ValidationError("Give a whole number.")
        return int(data)


class NumberField(serializers.FloatField):
    """A finite number, as a JSON number."""

    def to_internal_value(self, data: Any) -> float:
        """The number."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            raise serializers.ValidationError("Give a number.")
        try:
            number = float(data)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise serializers.ValidationError("The number is too large.")
        return number


MONEY_PATTERN = rf"^{amounts.STRICT_MONEY.pattern.removeprefix('-?')}$"


@extend_schema_field({"type": "string", "pattern": MONEY_PATTERN, "examples": ["125000.00"]})
class MoneyField(serializers.Field[Decimal, str, str, Any]):
    """An amount, or a rate per month, in the portfolio's currency, as text: ``"125000.00"``."""

    def to_internal_value(self, data: Any) -> Decimal:
        """The amount."""
        if not isinstance(data, str):
            raise serializers.ValidationError('Give money as a text such as "125000.00".')
        try:
            amount = amounts.money(data)
        except Invalid as error:
            raise serializers.ValidationError(" ".join(error.fields.values())) from None
        if amount < 0:
            raise serializers.ValidationError("Give an amount that is not below zero.")
        return amount

    def to_representation(self, value: Decimal) -> str:
        """Always two places."""
        return f"{value:.2f}"


class MomentField(serializers.DateTimeField):
    """A moment as RFC 3339 with its offset; a time without one could be any of 26 hours."""

    def to_internal_value(self, value: Any) -> datetime:
        """The moment, in UTC."""
        try:
            return reading.moment(value, "")
        except Invalid as error:
            raise serializers.ValidationError(" ".join(error.fields.values())) from None

    def to_representation(self, value: datetime) -> str:
        """In UTC."""
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


class YesNoField(serializers.BooleanField):
    """Yes or no, as JSON has it; 'yes', 1 and 'true' are none."""

    def to_internal_value(self, data: object) -> bool:
        """The value."""
        if not isinstance(data, bool):
            raise serializers.ValidationError("Give true or false.")
        return data


class ClockField(serializers.TimeField):
    """A time of day to the minute, such as 22:00."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%H:%M", input_formats=["%H:%M"], **kwargs)

    def to_internal_value(self, value: Any) -> time:
        """The time."""
        if not isinstance(value, str) or not _CLOCK.match(value):
            raise serializers.ValidationError("Give a time such as 22:00.")
        return super().to_internal_value(value)


@extend_schema_field({"type": ["integer", "string"], "minimum": 1, "maxLength": 254})
class IdOrNameField(serializers.Field[Any, Any, Any, Any]):
    """A row, by its id or by its name."""


@extend_schema_field({"type": "integer", "enum": [1, 2, 3, 5, 8, 13, 20]})
class ScoreField(serializers.IntegerField):
    """A relative estimate."""
