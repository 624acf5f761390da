"""The journal of limits in words: what changed, from what to what; and limits in their units."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from allocation.engine.guardrails import KINDS
from allocation.guardrails import known_values
from allocation.models import Guardrail, LimitChange, Mandate
from bets.models import Portfolio
from spm import formats

MOST_CHANGES = 50
SIDES = {"minimum": "at least", "maximum": "at most"}
NAMES_OF_FIELDS = {"name": "Name", "minimum": "Least", "maximum": "Most", "scope": "Scope"}

ScopeNames = Mapping[str, Mapping[str, str] | None]


def written(kind: str, value: float | Decimal | None, currency: str) -> str:
    """A value or limit in the unit of its kind."""
    if value is None:
        return formats.NOTHING
    unit = KINDS[kind].unit
    if unit == "share":
        return f"{formats.sign_of(value)}{_trimmed(abs(100 * float(value)))}%"
    if unit == "count":
        return f"{formats.sign_of(value)}{abs(float(value)):.0f}"
    return formats.rate(value, currency)


def _trimmed(figure: float) -> str:
    return f"{figure:.1f}".removesuffix(".0")


def range_of(guardrail: Guardrail, currency: str) -> str:
    """What a guardrail allows, in words."""
    low, high = guardrail.minimum, guardrail.maximum
    if low is not None and high is not None:
        return (
            f"{written(guardrail.kind, low, currency)} to {written(guardrail.kind, high, currency)}"
        )
    if low is not None:
        return f"at least {written(guardrail.kind, low, currency)}"
    return f"at most {written(guardrail.kind, high, currency)}"


def scope_in_words(scope: Mapping[str, Any], known: ScopeNames) -> str:
    """Which bets a guardrail looks at."""
    parts = []
    for attribute, values in scope.items():
        names = known.get(attribute) or {}
        parts.append(" or ".join(names.get(str(value), str(value)) for value in values))
    return "; ".join(parts)


@dataclass(frozen=True)
class ChangeRow:
    """One entry of the journal of limits: what changed, in words."""

    change: LimitChange
    subject: str
    what: list[tuple[str, str, str]]

    @property
    def who(self) -> str:
        """The person, the key, or the office."""
        return str(self.change.changed_by or self.change.api_key or "The office")


def change_row(change: LimitChange, known: ScopeNames, currency: str) -> ChangeRow:
    """An entry as (what, before, after) in words."""
    if change.mandate is not None:
        return ChangeRow(change, str(change.mandate), _of_mandate(change, currency))
    if change.guardrail is None:
        before, after = (
            "never" if each["amount"] is None else formats.rate(Decimal(each["amount"]), currency)
            for each in (change.before, change.after)
        )
        return ChangeRow(change, change.get_subject_display(), [("", before, after)])
    before, after = change.before, change.after
    if not before:
        said = _terms_in_words(change.guardrail.kind, after, known, currency)
        return ChangeRow(change, after["name"], [("made", "", said)])
    what = []
    for field, label in NAMES_OF_FIELDS.items():
        if before[field] != after[field]:
            was, now = (
                _field_in_words(change.guardrail.kind, field, each[field], known, currency)
                for each in (before, after)
            )
            what.append((label, was, now))
    if before["active"] != after["active"]:
        what.append(("put back into force" if after["active"] else "taken out of force", "", ""))
    return ChangeRow(change, after["name"], what)


def _of_mandate(change: LimitChange, currency: str) -> list[tuple[str, str, str]]:
    after = change.after
    if change.before:
        return [(f"of {after['holder']}, revoked", "", "")]
    most, in_30_days = (
        formats.rate(Decimal(after[name]), currency)
        for name in ("most_per_move", "most_per_30_days")
    )
    until = datetime.fromisoformat(after["expires_at"])
    return [
        ("granted", "", f"to {after['holder']}: {most} a move, {in_30_days} in 30 days"),
        ("until", "", f"{until.day} {until:%b %Y}"),
    ]


def _terms_in_words(kind: str, terms: Mapping[str, Any], known: ScopeNames, currency: str) -> str:
    parts = [
        f"{word} {_field_in_words(kind, side, terms[side], known, currency)}"
        for side, word in SIDES.items()
        if terms[side] is not None
    ]
    scope = scope_in_words(terms["scope"], known)
    return ", ".join([*parts, *([scope] if scope else [])])


def _field_in_words(kind: str, field: str, value: Any, known: ScopeNames, currency: str) -> str:
    if field == "scope":
        return scope_in_words(value, known) or "all bets"
    if field == "name":
        return str(value)
    return "none" if value is None else written(kind, Decimal(value), currency)


def changes_in(portfolio: Portfolio) -> Any:
    """The journal of a portfolio, newest first."""
    rows = LimitChange.objects.filter(portfolio=portfolio)
    return rows.select_related("guardrail", "mandate", "changed_by", "api_key").order_by("-id")


def changes_of_mandate(mandate: Mandate) -> list[ChangeRow]:
    """The journal of one mandate, newest first."""
    rows = changes_in(mandate.portfolio).filter(mandate=mandate)
    return [change_row(each, {}, mandate.portfolio.currency) for each in rows[:MOST_CHANGES]]


def changes_of(guardrail: Guardrail) -> list[ChangeRow]:
    """The journal of one guardrail, newest first."""
    known = known_values(guardrail.portfolio)
    rows = changes_in(guardrail.portfolio).filter(guardrail=guardrail)
    return [change_row(each, known, guardrail.portfolio.currency) for each in rows[:MOST_CHANGES]]
