"""The parts of the design system that are more than a fragment: they work something out first.

A builtin of the template engine, as spm/templatetags/display.py; docs/design-system.md lists them.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import template

from spm import formats
from spm.sparkline import Series
from spm.sparkline import sparkline as place

register = template.Library()

Number = Decimal | float | int | None


@register.inclusion_tag("components/skeleton.html")
def skeleton(kind: str = "lines", count: int = 3) -> dict[str, Any]:
    """The outline of what is on its way: 'lines', 'rows', 'cards', 'numbers' or 'figure'."""
    return {"kind": kind, "places": range(count)}


@register.inclusion_tag("components/progress.html")
def progress(done: Number, total: Number, label: str, note: str = "") -> dict[str, Any]:
    """How far something has come; without ``done`` or ``total`` that it is under way."""
    known = done is not None and bool(total)
    return {"done": done, "total": total, "label": label, "note": note, "is_known": known}


@register.inclusion_tag("components/stepper.html")
def stepper(steps: Sequence[Any], current: int, kind: str = "") -> dict[str, Any]:
    """A way in numbered steps, the ``current`` one counted from 1.

    A step is its name, or a dict with ``label`` and the ``url`` that leads back to it. ``kind``
    'small' shows the rules alone, as in the corner of a tour.
    """
    places = []
    for number, step in enumerate(steps, start=1):
        facts = step if isinstance(step, dict) else {"label": step}
        state = "done" if number < current else "current" if number == current else "ahead"
        places.append({"number": number, "state": state, **facts})
    return {"places": places, "current": current, "total": len(places), "kind": kind}


@register.inclusion_tag("components/sparkline.html")
def sparkline(
    series: Series,
    label: str,
    low: float | None = None,
    high: float | None = None,
    threshold: float | None = None,
    belief: float | None = None,
    broken: bool = False,
    stepped: bool = False,
) -> dict[str, Any]:
    """A series as a line in a row of text; ``label`` says in words what it shows.

    ``belief`` gives its end the tone of the ramp, ``broken`` breaks the line.
    """
    return {
        "line": place(series, low, high, threshold, stepped),
        "label": label,
        "belief": belief,
        "broken": broken,
    }


@register.inclusion_tag("components/before_after.html")
def before_after(
    before: Number, after: Number, kind: str = "rate", currency: str = ""
) -> dict[str, Any]:
    """What was, what would be, and the difference.

    ``kind`` is 'rate' (per month, the difference in the colour of its direction), 'money'
    (one-off), 'percent' (probabilities or shares, the difference in percentage points) or 'count'.
    """
    return {
        "before": _written(before, kind, currency),
        "after": _written(after, kind, currency),
        "difference": _difference(before, after, kind, currency),
        "direction": _direction(before, after) if kind == "rate" else "",
    }


def _written(value: Number, kind: str, currency: str) -> str:
    if value is None:
        return formats.NOTHING
    if kind == "rate":
        return formats.rate(value, currency)
    if kind == "money":
        return formats.money(value, currency)
    if kind == "percent":
        return formats.percent(value)
    return f"{value:,}"


def _difference(before: Number, after: Number, kind: str, currency: str) -> str:
    if before is None or after is None:
        return ""
    if kind == "percent":
        points = round(float(after) * 100) - round(float(before) * 100)
        return f"{formats.sign_of(points, True)}{abs(points)} pp" if points else ""
    difference = Decimal(str(after)) - Decimal(str(before))
    if not difference:
        return ""
    if kind == "count":
        return f"{formats.sign_of(difference, True)}{abs(difference):,}"
    write = formats.rate if kind == "rate" else formats.money
    return write(difference, currency, explicit_sign=True)


def _direction(before: Number, after: Number) -> str:
    if before is None or after is None or before == after:
        return ""
    return "inflow" if Decimal(str(after)) > Decimal(str(before)) else "outflow"
