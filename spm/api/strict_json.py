"""JSON as RFC 8259 means it, and within limits, so that nothing behind it has to be careful.

Python's own reader takes NaN, lets the last of two equal names win, gives up with an exception of
its own on deep nesting, and passes on NUL and lone surrogates, which the database refuses.
"""

import json
import re
from collections import Counter
from typing import Any, NoReturn

from spm.errors import Invalid

MOST_NESTING = 32
MOST_NAMES = 10_000

# A string that does not end is taken to the end of the text, so that no text is read twice.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_SUSPICIOUS_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def decode(raw: bytes) -> Any:
    """The value that the bytes stand for.

    Raises:
        Invalid: they are not strict UTF-8 or not JSON, nest deeper than 32, have more than
            10,000 names or one name twice in an object, or contain NaN, Infinity, a number too
            large for a float, NUL, or half a surrogate pair. The field is the place, where it is
            known.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid({"": f"The body is not UTF-8: see byte {error.start + 1}."}) from None
    _refuse_deep_nesting(text)
    names = _Names()
    try:
        value = json.loads(
            text,
            object_pairs_hook=names.together,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Invalid({"": f"The body is not JSON: {error.msg} ({place})."}) from None
    except ValueError:
        # Python does not read whole numbers of more than 4,300 digits.
        raise Invalid({"": "A number has too many digits."}) from None
    if _SUSPICIOUS_ESCAPE.search(text):
        _refuse_what_cannot_be_stored(value, "")
    return value


def _refuse_deep_nesting(text: str) -> None:
    if text.count("[") + text.count("{") <= MOST_NESTING:
        return
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        sign = match.group()
        depth += (sign in "[{") - (sign in "]}")
        if depth > MOST_NESTING:
            raise Invalid({"": f"The body is nested more than {MOST_NESTING} deep."})


class _Names:
    """Puts objects together and counts their names over the whole body."""

    def __init__(self) -> None:
        self.count = 0

    def together(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        self.count += len(pairs)
        if self.count > MOST_NAMES:
            raise Invalid({"": f"The body has more than {MOST_NAMES:,} names."})
        together = dict(pairs)
        if len(together) < len(pairs):
            [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
            raise Invalid({_printable(twice): "This name is given twice. Give it once."})
        return together


def _refuse_constant(constant: str) -> NoReturn:
    raise Invalid({"": f"{constant} is not a JSON number."})


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise Invalid({"": f"The number {digits[:40]} is too large."})
    return number


def _refuse_what_cannot_be_stored(value: Any, path: str) -> None:
    if isinstance(value, str) and _NOT_STORABLE.search(value):
        problem = "The text contains NUL or half a surrogate pair. Leave it out."
        raise Invalid({_printable(path): problem})
    if isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_what_cannot_be_stored(item, f"{path}[{index}]")
    if isinstance(value, dict):
        for name, item in value.items():
            inner = f"{path}.{name}" if path else name
            _refuse_what_cannot_be_stored(name, inner)
            _refuse_what_cannot_be_stored(item, inner)


def _printable(path: str) -> str:
    return _NOT_STORABLE.sub("\N{REPLACEMENT CHARACTER}", path[:200])
