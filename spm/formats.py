"""How values are written: money, probabilities, decibans, spans of time.

Pure text, no markup: the template tags (spm/templatetags/display.py), the figures, e-mails and
exports for reading all write a value the same way. Separators follow the active language.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

from django.utils.formats import get_format
from django.utils.formats import number_format as localised
from django.utils.translation import get_language

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹"}
SCALES = ((Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))

SECONDS_PER_DAY = 86_400
DAYS_PER_MONTH = 30.44


MOST_KEPT = 8_192

P = ParamSpec("P")
T = TypeVar("T")


def kept(write: Callable[P, T]) -> Callable[P, T]:
    """Keep how amounts were written, for each language: a page writes the same ones each time."""

    @lru_cache(MOST_KEPT, typed=True)
    def written(language: str | None, *args: P.args, **kwargs: P.kwargs) -> T:
        return write(*args, **kwargs)

    @wraps(write)
    def keeping(*args: P.args, **kwargs: P.kwargs) -> T:
        return written(get_language(), *args, **kwargs)  # type: ignore[arg-type]  # amounts, words

    return keeping


def symbol_of(currency: str) -> str:
    """The sign that stands before an amount: '€', or 'CHF ' where there is none."""
    return SYMBOLS.get(currency, f"{currency}\N{NO-BREAK SPACE}" if currency else "")


def sign_of(value: Decimal | float, explicit: bool = False) -> str:
    """A true minus for what is below zero; a plus only where asked for."""
    if value < 0:
        return MINUS
    return "+" if explicit and value > 0 else ""


def _rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _places_for(value: Decimal) -> int:
    """Decimal places that leave three figures that count."""
    return 0 if value >= 100 else 1 if value >= 10 else 2


def _trimmed(value: Decimal, places: int) -> str:
    text = f"{_rounded(value, places):f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace(".", str(get_format("DECIMAL_SEPARATOR")))


def _scaled(amount: Decimal) -> str:
    """An amount of zero or more with three figures: '120k', '1.25M', '850'."""
    for scale, suffix in SCALES:
        scaled = amount / scale
        # 999,950 is 1M and not 1000k: what counts is the value as it will be shown.
        if _rounded(scaled, 2 if scaled < 10 else 0) >= 1 and scaled >= Decimal("0.9995"):
            return _trimmed(scaled, _places_for(scaled)) + suffix
    return _trimmed(amount, 0 if amount >= 100 else 2)


@kept
def money(amount: Decimal | float | None, currency: str = "", explicit_sign: bool = False) -> str:
    """A one-off amount with three figures: '€2.1M', '−€310k'; '–' for None."""
    if amount is None:
        return NOTHING
    value = Decimal(str(amount))
    text = _scaled(abs(value))
    sign = sign_of(value, explicit_sign) if text != "0" else ""
    return f"{sign}{symbol_of(currency)}{text}"


def rate(amount: Decimal | float | None, currency: str = "", explicit_sign: bool = False) -> str:
    """A funding rate, currency per month: '€120k/mo'; '–' for None."""
    if amount is None:
        return NOTHING
    return f"{money(amount, currency, explicit_sign)}/mo"


@kept
def exact_money(amount: Decimal | float | None, currency: str = "") -> str:
    """An amount to the cent with thousands separated: '€120,000.00'; '–' for None."""
    if amount is None:
        return NOTHING
    value = Decimal(str(amount))
    digits = localised(abs(value), decimal_pos=2, use_l10n=True, force_grouping=True)
    return f"{sign_of(_rounded(value, 2))}{symbol_of(currency)}{digits}"


def exact_rate(amount: Decimal | float | None, currency: str = "") -> str:
    """A funding rate to the cent: '€120,000.00 per month'; '–' for None."""
    return NOTHING if amount is None else f"{exact_money(amount, currency)} per month"


def percent(probability: float | Decimal | None) -> str:
    """A probability or share as whole per cent: '62%'; '–' for None.

    Nothing but certainty is written as 0 % or 100 %: 0.998 is '>99%'.
    """
    if probability is None:
        return NOTHING
    whole = int(_rounded(Decimal(str(probability)) * 100, 0))
    if whole == 100 and probability < 1:
        return ">99%"
    if whole == 0 and probability > 0:
        return "<1%"
    return f"{sign_of(whole)}{abs(whole)}%"


def decibans(weight: float | None) -> str:
    """A weight of evidence with its sign: '+5 dB', '−4.8 dB'; '–' for None."""
    if weight is None:
        return NOTHING
    value = Decimal(str(weight))
    text = _trimmed(abs(value), 0 if abs(value) >= 10 else 1)
    sign = sign_of(value, explicit=True) if text != "0" else ""
    return f"{sign}{text} dB"


def moment_of(when: datetime | date) -> datetime:
    """A date as the start of its day, a moment without zone as UTC."""
    if not isinstance(when, datetime):
        return datetime.combine(when, time.min, tzinfo=UTC)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def span(seconds: float) -> str:
    """A length of time in its largest whole unit: '40 min', '14 days', '3 months'."""
    days = seconds / SECONDS_PER_DAY
    if seconds < 3_600:
        return f"{int(seconds // 60)} min"
    if days < 1:
        return f"{int(seconds // 3_600)} h"
    if days < 2 * DAYS_PER_MONTH:
        return _counted(int(days), "day")
    months = int(days / DAYS_PER_MONTH)
    return _counted(months, "month") if months < 24 else _counted(months // 12, "year")


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def ago(when: datetime | date | None, now: datetime) -> str:
    """How long ago, or until when: '14 days ago', 'in 3 months', 'just now'; '–' for None."""
    if when is None:
        return NOTHING
    seconds = (now - moment_of(when)).total_seconds()
    if not isinstance(when, datetime) and 0 <= seconds < SECONDS_PER_DAY:
        return "today"
    if abs(seconds) < 60:
        return "just now"
    return f"{span(seconds)} ago" if seconds > 0 else f"in {span(-seconds)}"


def full_moment(when: datetime | date) -> str:
    """The whole of a moment for a title: '14 March 2026, 09:30 UTC'."""
    if not isinstance(when, datetime):
        return f"{when.day} {when:%B %Y}"
    moment = moment_of(when)
    return f"{moment.day} {moment:%B %Y, %H:%M} {moment.tzname()}"
