"""The journal of limits: each change of a guardrail, a mandate or a sum, with its why."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from allocation.models import Guardrail, LimitChange, Mandate
from allocation.sealing import seal
from bets.edit import signature

Terms = dict[str, Any]
Subject = LimitChange.Subject


def terms_of(guardrail: Guardrail) -> Terms:
    """What a guardrail says, as the journal keeps it; figures as text, in the units of the row."""
    return {
        "name": guardrail.name,
        "kind": guardrail.kind,
        "scope": guardrail.scope,
        "minimum": _text(guardrail.minimum),
        "maximum": _text(guardrail.maximum),
        "active": guardrail.active,
    }


def _text(figure: Decimal | None) -> str | None:
    return None if figure is None else f"{figure:.4f}"


def note(
    portfolio_id: int,
    subject: LimitChange.Subject,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    by: object,
    reason: str,
    guardrail: Guardrail | None = None,
    mandate: Mandate | None = None,
    at: datetime | None = None,
) -> LimitChange:
    """Write one change down, in the transaction that makes it.

    ``at`` is the moment of a change of the past, where a history is made up.
    """
    return LimitChange.objects.create(
        portfolio_id=portfolio_id,
        subject=subject,
        guardrail=guardrail,
        mandate=mandate,
        before=dict(before),
        after=dict(after),
        changed_at=at or timezone.now(),
        reason=reason,
        **signature(by),
    )


def made(guardrails: list[Guardrail], by: object, reason: str) -> None:
    """Write down that guardrails were made, all in one statement."""
    now, who = timezone.now(), signature(by)
    changes = LimitChange.objects.bulk_create(
        LimitChange(
            portfolio_id=guardrail.portfolio_id,
            subject=Subject.GUARDRAIL,
            guardrail=guardrail,
            after=terms_of(guardrail),
            changed_at=now,
            reason=reason,
            **who,
        )
        for guardrail in guardrails
    )
    seal(changes)
