"""How values are shown: the markup around spm.formats, and the small parts of the design system.

A builtin of the template engine: no ``{% load %}`` is needed. docs/design-system.md lists them.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache as remembered
from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from spm import formats

register = template.Library()

Amount = Decimal | float | None
BELIEF_STEPS = 10


def _number(text: str, title: str) -> SafeString:
    if text == formats.NOTHING:
        return format_html('<span class="num none">{}</span>', text)
    return format_html('<span class="num" title="{}">{}</span>', title, text)


@register.filter
@formats.kept
def money(amount: Amount, currency: str = "") -> SafeString:
    """A one-off amount: '€2.1M' with the cents in the title."""
    return _number(formats.money(amount, currency), formats.exact_money(amount, currency))


@register.filter
@formats.kept
def signed_money(amount: Amount, currency: str = "") -> SafeString:
    """A one-off amount with its sign: '+€2.1M'."""
    text = formats.money(amount, currency, explicit_sign=True)
    return _number(text, formats.exact_money(amount, currency))


@register.filter
@formats.kept
def rate(amount: Amount, currency: str = "") -> SafeString:
    """A funding rate: '€120k/mo' with the cents in the title."""
    return _number(formats.rate(amount, currency), formats.exact_rate(amount, currency))


@register.filter
@formats.kept
def signed_rate(amount: Amount, currency: str = "") -> SafeString:
    """A change of a funding rate: '+€80k/mo', in the colour of its direction."""
    text = formats.rate(amount, currency, explicit_sign=True)
    title = formats.exact_rate(amount, currency)
    direction = "inflow" if amount and amount > 0 else "outflow" if amount else "none"
    return format_html('<span class="num {}" title="{}">{}</span>', direction, title, text)


@register.filter
@formats.kept
def exact(amount: Amount, currency: str = "") -> SafeString:
    """An amount to the cent, for ledgers: '€120,000.00'."""
    text = formats.exact_money(amount, currency)
    return format_html('<span class="num">{}</span>', text)


@register.filter
def percent(probability: float | Decimal | None) -> SafeString:
    """A probability as whole per cent with the exact value in the title."""
    return _number(formats.percent(probability), "" if probability is None else f"{probability:g}")


@register.filter
def decibans(weight: float | None) -> SafeString:
    """A weight of evidence: '+5 dB'."""
    return _number(formats.decibans(weight), "" if weight is None else f"{weight:.3f} dB")


@register.filter
def ago(when: datetime | date | None) -> SafeString:
    """How long ago, with the full moment in the title."""
    text = formats.ago(when, timezone.now())
    if when is None:
        return format_html('<span class="none">{}</span>', text)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        when.isoformat(),
        formats.full_moment(when),
        text,
    )


@register.filter
def span_since(when: datetime) -> str:
    """How long since a moment: '14 days'."""
    return formats.span(max((timezone.now() - when).total_seconds(), 0.0))


@register.filter
def stay_since(when: datetime) -> str:
    """How long something has stood where it is: '14 days here', 'just arrived'."""
    seconds = (timezone.now() - when).total_seconds()
    return "just arrived" if seconds < 60 else f"{formats.span(seconds)} here"


@register.filter
def full_moment(when: datetime | date) -> str:
    """The whole of a moment, for a title: '14 March 2026, 09:30 UTC'."""
    return formats.full_moment(when)


@register.filter
def belief_step(belief: float | None) -> str:
    """The class of the ramp for a belief: 'belief-0' to 'belief-10', 'belief-none' for None."""
    if belief is None:
        return "belief-none"
    return f"belief-{round(min(max(float(belief), 0.0), 1.0) * BELIEF_STEPS)}"


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """One icon of the sprite; decoration unless it has a label of its own."""
    return _decoration(name) if not label else _icon(name, label)


@remembered
def _decoration(name: str) -> SafeString:
    """A page has dozens of the same few, which are drawn once for each process."""
    return _icon(name, "")


def _icon(name: str, label: str) -> SafeString:
    source = f"{static('icons/sprite.svg')}#{name}"
    if not label:
        return format_html(
            '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}"/></svg>', source
        )
    return format_html(
        '<svg class="icon" role="img" aria-label="{}"><use href="{}"/></svg>', label, source
    )


@register.inclusion_tag("components/belief.html")
def belief_mark(
    belief: float | None,
    before: float | None = None,
    broken_at: datetime | None = None,
    status: str = "",
) -> dict[str, Any]:
    """The belief as a chip of the ramp with its number, its last change and 'thesis broke …'."""
    change = None
    if belief is not None and before is not None:
        change = round(belief * 100) - round(before * 100)
    return {
        "belief": belief,
        "change": change,
        "change_text": "" if change is None else f"{formats.sign_of(change, True)}{abs(change)}",
        "broken_at": broken_at,
        "broken": bool(broken_at) or status == "broken",
        "silent": status == "silent",
    }


@register.inclusion_tag("components/funding_bar.html")
def funding_bar(
    working: Amount,
    entangled: Amount,
    maximum: Amount = None,
    currency: str = "",
) -> dict[str, Any]:
    """Working funding, then entangled (hatched), against the maximum; rates per month."""
    work, held = float(working or 0), float(entangled or 0)
    limit = float(maximum) if maximum else 0.0
    whole = max(work + held, limit)
    return {
        "working": working or Decimal(0),
        "entangled": entangled or Decimal(0),
        "total": Decimal(str(working or 0)) + Decimal(str(entangled or 0)),
        "maximum": maximum,
        "currency": currency,
        "working_percent": _share(work, whole),
        "entangled_percent": _share(held, whole),
        "limit_percent": _share(limit, whole) if limit and limit < whole else "",
        "text": _funding_text(working or 0, entangled or 0, maximum, currency),
    }


def _share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.2f}%" if whole else "0%"


def _funding_text(working: Amount, entangled: Amount, maximum: Amount, currency: str) -> str:
    parts = [f"{formats.rate(working, currency)} working"]
    if entangled:
        parts.append(f"{formats.rate(entangled, currency)} entangled")
    if maximum:
        parts.append(f"maximum {formats.rate(maximum, currency)}")
    return ", ".join(parts)


@register.inclusion_tag("components/sort_header.html", takes_context=True)
def sort_header(
    context: template.Context, field: str, label: str, numeric: bool = False
) -> dict[str, Any]:
    """A column head that sorts: ``?sort=field``, a second click ``?sort=-field``."""
    request = context["request"]
    current = request.GET.get("sort", "")
    parameters = request.GET.copy()
    parameters["sort"] = f"-{field}" if current == field else field
    for page_parameter in ("page", "cursor"):
        parameters.pop(page_parameter, None)
    order = {field: "ascending", f"-{field}": "descending"}.get(current, "")
    return {
        "label": label,
        "href": f"?{parameters.urlencode()}",
        "order": order,
        "numeric": numeric,
    }


@dataclass(frozen=True)
class NavigationItem:
    """One entry of the bar; ``key`` goes there after ``g``.

    Where the bar has no room for all, what is not ``is_main`` waits behind 'More'.
    """

    label: str
    icon: str
    url: str
    key: str
    is_main: bool
    is_current: bool


# Names of addresses only, so that the floor imports nothing of the apps above it.
NAVIGATION = (
    ("reports:allocation", "Allocation", "allocation", "a"),
    ("bets:kanban", "Kanban", "kanban", "k"),
    ("evidence:stream", "Evidence", "evidence", "e"),
    ("allocation:proposals", "Proposals", "proposal", "p"),
    ("reports:decisions", "Decisions", "clock", "d"),
    ("allocation:guardrails", "Guardrails", "guardrail", "r"),
    ("allocation:scenarios", "Scenarios", "scenario", "s"),
    ("reports:flow", "Flow", "flow", "f"),
    ("allocation:ledger", "Ledger", "ledger", "l"),
    ("allocation:settings", "Settings", "settings", "t"),
)
ALWAYS_IN_THE_BAR = 4


def _is_under(path: str, url: str) -> bool:
    return path == url or (url != "/" and path.startswith(f"{url.rstrip('/')}/"))


@register.simple_tag(takes_context=True)
def navigation(context: template.Context) -> list[NavigationItem]:
    """The entries of the bar; an app that is not installed has none."""
    request = context.get("request")
    path = request.path if request else ""
    return [replace(item, is_current=_is_under(path, item.url)) for item in _entries()]


@remembered
def _entries() -> list[NavigationItem]:
    """The entries as they are for the whole life of a process."""
    items = []
    for place, (name, label, symbol, key) in enumerate(NAVIGATION):
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        is_main = place < ALWAYS_IN_THE_BAR
        items.append(NavigationItem(label, symbol, url, key, is_main, is_current=False))
    return items
