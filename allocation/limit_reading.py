"""What the Guardrails page reads: each limit today, what it allows, and what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone

from allocation.guardrails import known_values
from allocation.limit_changes import (
    MOST_CHANGES,
    ChangeRow,
    change_row,
    changes_in,
    range_of,
    scope_in_words,
    written,
)
from allocation.limit_history import History, days_until, histories, opened_on
from allocation.mandate_reading import MandateRow, mandate_rows
from allocation.models import Guardrail, LatestRun, LimitChange, Proposal
from allocation.reading import open_proposal
from bets.models import Portfolio
from spm import formats


@dataclass(frozen=True)
class Found:
    """What the last computation found of a limit.

    ``value`` is in the unit of the limits; ``broken_by`` in currency per month, or bets.
    """

    value: float | None
    proposed: float | None
    headroom: float | None
    broken_by: float
    is_binding: bool
    price: float | None
    price_per_point: float | None

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> "Found":
        """From a guardrail's result."""
        return cls(
            result["value_before"],
            result["value"],
            _headroom(result),
            result["breach_before"],
            result["binding"],
            result["shadow_price"],
            result["shadow_price_per_point"],
        )


def _headroom(result: Mapping[str, Any]) -> float | None:
    """How far today is from the nearer limit, in their unit; below zero where it is outside."""
    value = result["value_before"]
    if value is None:
        return None
    low, high = result["min"], result["max"]
    rooms = [value - low] if low is not None else []
    return min([*rooms, high - value] if high is not None else rooms)


@dataclass(frozen=True)
class GuardrailRow:
    """One guardrail as the page shows it; ``found`` is None until it has been computed."""

    guardrail: Guardrail
    scope: str
    found: Found | None
    binds_in: Proposal | None
    history: History | None
    last: LimitChange | None
    currency: str
    horizon_months: int

    @property
    def range(self) -> str:
        """What it allows."""
        return range_of(self.guardrail, self.currency)

    @property
    def value(self) -> str:
        """What it measures today."""
        return self.written(self.found.value if self.found else None)

    @property
    def headroom(self) -> str:
        """How far today is from the limit."""
        return self.written(self.found.headroom if self.found else None)

    @property
    def broken(self) -> str:
        """How far it is broken today, or an empty text."""
        if self.found is None or not self.found.broken_by:
            return ""
        if self.guardrail.kind == Guardrail.Kind.COUNT:
            return f"{self.found.broken_by:.0f}"
        return formats.rate(self.found.broken_by, self.currency)

    @property
    def price(self) -> str:
        """What relaxing it is worth, in a sentence; empty where that has no price."""
        if self.found is None or not self.found.is_binding:
            return ""
        return price_in_words(
            self.found, self.guardrail, self.loosened, self.currency, self.horizon_months
        )

    @property
    def loosened(self) -> str:
        """Which way it would be relaxed: 'more' or 'less'."""
        at = self.found.proposed if self.found else None
        return loosened_by(self.guardrail.minimum, self.guardrail.maximum, at)

    @property
    def series_label(self) -> str:
        """The history in words, for who does not see the line."""
        values = [
            each for each in (self.history.values if self.history else []) if each is not None
        ]
        if not values:
            return "No history yet"
        return (
            f"{self.guardrail.name}: {self.written(values[0])} then, {self.written(values[-1])} now"
        )

    def written(self, value: float | None) -> str:
        """A figure in the guardrail's unit."""
        return written(self.guardrail.kind, value, self.currency)


def loosened_by(low: float | Decimal | None, high: float | Decimal | None, at: float | None) -> str:
    """Which way the limit that a value is nearer to would be relaxed: 'more' or 'less'."""
    if low is None or high is None:
        return "less" if high is None else "more"
    is_nearer_low = at is not None and abs(at - float(low)) < abs(at - float(high))
    return "less" if is_nearer_low else "more"


def price_in_words(
    found: Found, guardrail: Guardrail, loosened: str, currency: str, months: int
) -> str:
    """What one step of relaxing a limit is worth over the horizon; empty where it has no price.

    A step is a percentage point of the envelope for limits that are shares of it, and a thousand
    a month for amounts.
    """
    over = f"over {months} month{'' if months == 1 else 's'}"
    if found.price_per_point:
        worth = formats.money(found.price_per_point, currency)
        return f"1 percentage point {loosened} {guardrail.name} is worth {worth} {over}"
    if found.price:
        worth = formats.money(found.price * 1000, currency)
        step = formats.rate(1000, currency)
        return f"{step} {loosened} {guardrail.name} is worth {worth} {over}"
    return ""


@dataclass(frozen=True)
class LimitsPage:
    """Everything on the page."""

    rows: list[GuardrailRow]
    out_of_force: list[Guardrail]
    changes: list[ChangeRow]
    mandates: list[MandateRow]
    run: LatestRun | None
    proposal: Proposal | None

    @property
    def envelope_price(self) -> float | None:
        """What a thousand a month more is worth over the horizon; None until it is known."""
        envelope = self.run.limits.get("envelope") if self.run else None
        return 1000 * envelope["gain_of_more"] if envelope and "gain_of_more" in envelope else None


def limits_page(portfolio: Portfolio, today: date) -> LimitsPage:
    """The limits of a portfolio, in a fixed number of queries."""
    guardrails = list(Guardrail.objects.filter(portfolio=portfolio))
    in_force = [each for each in guardrails if each.active]
    run = LatestRun.objects.filter(portfolio=portfolio).first()
    proposal = open_proposal(portfolio)
    known = known_values(portfolio)
    changes = list(changes_in(portfolio))
    last: dict[int | None, LimitChange] = {}
    for change in changes:
        last.setdefault(change.guardrail_id, change)
    found = {
        each["id"]: Found.of(each) for each in (run.limits if run else {}).get("guardrails", [])
    }
    binding = _binding_in(proposal)
    past = histories(portfolio, in_force, days_until(today, opened_on(portfolio)))
    rows = [
        GuardrailRow(
            guardrail,
            scope_in_words(guardrail.scope, known),
            found.get(str(guardrail.pk)),
            proposal if str(guardrail.pk) in binding else None,
            past.get(guardrail.pk),
            last.get(guardrail.pk),
            portfolio.currency,
            portfolio.horizon_months,
        )
        for guardrail in in_force
    ]
    held = mandate_rows(portfolio, timezone.now())
    return LimitsPage(
        rows,
        [each for each in guardrails if not each.active],
        [change_row(each, known, portfolio.currency) for each in changes[:MOST_CHANGES]],
        [row for row in held if not row.use.state],
        run,
        proposal,
    )


def _binding_in(proposal: Proposal | None) -> set[str]:
    """The ids of the guardrails at which the open proposal stands."""
    if proposal is None:
        return set()
    rows = Proposal.objects.filter(pk=proposal.pk).values_list("solution__guardrails", flat=True)
    return {each["id"] for each in rows.get() if each["binding"]}
