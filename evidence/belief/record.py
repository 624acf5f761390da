"""Reads the fields of one JSON object strictly, and says what is wrong where it stops.

Every refusal is a BeliefInputError: who it is about, which field, what is wrong, what would be
right. Nothing is guessed: an unknown key is refused, and a value of another type is not converted.
"""

import json
import math
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from evidence.belief.facts import BeliefInputError, Id

MISSING = object()
SHOWN = 60
LONGEST_ID = 200
LARGEST_NUMBER = 1e100
"""Nobody measures in such figures, and their squares must still be finite."""
LARGEST_COUNT = 10**12
EARLIEST_YEAR = 1900


class RepeatedKeys(dict[str, Any]):
    """A JSON object in which a key stood more than once; kept so that its owner can be named."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        keys = [key for key, _ in pairs]
        self.repeated = next(key for key in keys if keys.count(key) > 1)


def shown(value: object) -> str:
    """Return a value as it may stand in a message: JSON, on one line, not too long."""
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        text = repr(type(value).__name__)
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."


class Record:
    """One JSON object and who it is about, for reading its fields one by one.

    `kind` is what the object describes, `position` its place (from 0) in a list of such objects,
    by which it is named in messages where it has no id; `owners` are the objects around it.
    """

    __slots__ = ("_fields", "_kind", "_owners", "_position")

    def __init__(
        self,
        raw: object,
        kind: str,
        position: int | None = None,
        owners: tuple["Record", ...] = (),
    ) -> None:
        self._kind = kind
        self._position = position
        self._owners = owners
        self._fields: Mapping[str, Any] = {}
        if not isinstance(raw, Mapping):
            raise self.error("value", f"is {shown(raw)}; give an object with named fields")
        self._fields = raw
        if isinstance(raw, RepeatedKeys):
            raise self.error(raw.repeated, "stands twice in one object; give it once")

    @property
    def subject(self) -> str:
        """Name whom a message is about, from the outside in: hypothesis "a", item "b"."""
        return ", ".join(each._name for each in (*self._owners, self))

    @property
    def _name(self) -> str:
        if self._position is None:
            return self._kind
        identifier = self._fields.get("id")
        if isinstance(identifier, str | int) and identifier != "":
            return f"{self._kind} {shown(identifier)}"
        return f"{self._kind} number {self._position + 1}"

    def error(self, field: str, reason: str) -> BeliefInputError:
        """Return, to be raised, what is wrong with a field and what would be right."""
        return BeliefInputError(self.subject, shown(field).strip('"'), reason)

    def allow_only(self, keys: Collection[str]) -> None:
        """Refuse any field that is not among the keys."""
        for key in self._fields:
            if key not in keys:
                known = ", ".join(sorted(keys))
                raise self.error(str(key), f"is not a known field; known are {known}")

    def refuse_given(self, keys: Collection[str], reason: str) -> None:
        """Refuse fields that are known but do not belong here, unless they are null."""
        for key in sorted(keys):
            if self._fields.get(key) is not None:
                raise self.error(key, reason)

    def value(self, key: str, default: object = MISSING) -> Any:
        """Return a field as it is; the default where it is missing or null."""
        value = self._fields.get(key)
        if value is not None:
            return value
        if default is not MISSING:
            return default
        if key in self._fields:
            raise self.error(key, "is null; give a value")
        raise self.error(key, "is missing; give a value")

    def identifier(self, key: str) -> Id:
        """Return a field that is an id: text or a whole number."""
        return self._identifier(key, self.value(key))

    def _identifier(self, key: str, value: object) -> Id:
        if isinstance(value, str) and 0 < len(value) <= LONGEST_ID:
            if "\x00" in value or not _is_text(value):
                raise self.error(key, "has a character that no text may have; leave it out")
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        wanted = f"give a text of 1 to {LONGEST_ID} characters or a whole number"
        raise self.error(key, f"is {shown(value)}; {wanted}")

    def optional_identifier(self, key: str) -> Id | None:
        """Return a field that is an id, or None where it is missing or null."""
        return None if self.value(key, None) is None else self.identifier(key)

    def choice(self, key: str, choices: Collection[str]) -> str:
        """Return a field that is one of a few words."""
        value = self.value(key)
        if not isinstance(value, str) or value not in choices:
            known = ", ".join(f'"{choice}"' for choice in choices)
            raise self.error(key, f"is {shown(value)}; give one of {known}")
        return value

    def number(self, key: str, default: object = MISSING) -> float:
        """Return a field that is a finite number of a size that can be reckoned with."""
        value = self.value(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(key, f"is {shown(value)}; give a number")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self.error(key, f"is {shown(value)}; give a finite number")
        return number

    def bounded(self, key: str) -> float:
        """Return a field that is a number between −1e100 and 1e100."""
        number = self.number(key)
        if abs(number) > LARGEST_NUMBER:
            raise self.error(key, f"is {number!r}; give a number between -1e100 and 1e100")
        return number

    def open_probability(self, key: str) -> float:
        """Return a field that is a probability strictly between 0 and 1."""
        number = self.number(key)
        if not 0.0 < number < 1.0:
            raise self.error(key, f"is {number!r}; give a number above 0 and below 1")
        return number

    def probability(self, key: str, default: float) -> float:
        """Return a field that is a probability from 0 to 1."""
        number = self.number(key, default)
        if not 0.0 <= number <= 1.0:
            raise self.error(key, f"is {number!r}; give a number from 0 to 1")
        return number

    def count(self, key: str, least: int = 0) -> int:
        """Return a field that is a whole number from `least` to 10^12 (10.0 counts as whole)."""
        number = self.number(key)
        if number != math.floor(number) or not least <= number <= LARGEST_COUNT:
            wanted = f"give a whole number from {least} to 10^12"
            raise self.error(key, f"is {shown(self.value(key))}; {wanted}")
        return int(number)

    def moment(self, key: str) -> datetime:
        """Return a field that is an ISO 8601 date and time, in UTC.

        Without an offset it is read as UTC, and a date alone as the midnight that begins it.
        """
        value = self.value(key)
        wanted = 'give a date and time, such as "2026-01-31T09:00:00+00:00"'
        try:
            moment = datetime.fromisoformat(value)
            moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            raise self.error(key, f"is {shown(value)}; {wanted}") from None
        if moment.year < EARLIEST_YEAR:
            raise self.error(key, f"is {shown(value)}, before {EARLIEST_YEAR}; {wanted}")
        return moment

    def records(self, key: str, kind: str, default: object = ()) -> list["Record"]:
        """Return a field that is a list of objects, each as a record under this one."""
        is_whole_document = self._position is None and not self._owners
        owners = () if is_whole_document else (*self._owners, self)
        return [
            Record(raw, kind, position, owners)
            for position, raw in enumerate(self.sequence(key, default))
        ]

    def record(self, key: str, kind: str) -> "Record | None":
        """Return a field that is an object or null, as a record under this one."""
        raw = self.value(key, None)
        return None if raw is None else Record(raw, kind, None, (*self._owners, self))

    def identifiers(self, key: str) -> tuple[Id, ...]:
        """Return a field that is a list of ids."""
        return tuple(self._identifier(key, each) for each in self.sequence(key))

    def sequence(self, key: str, default: object = MISSING) -> Sequence[Any]:
        """Return a field that is a list."""
        value = self.value(key, default)
        if not isinstance(value, list | tuple):
            raise self.error(key, f"is {shown(value)}; give a list")
        return cast(Sequence[Any], value)


def _is_text(value: str) -> bool:
    """Tell whether a text can be written as UTF-8, which half of a surrogate pair cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
