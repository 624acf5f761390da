"""What every template knows of the portfolio and the person."""

from typing import Any

from django.http import HttpRequest

from spm.accounts.models import Membership
from spm.accounts.permissions import ROLES_FOR


def portfolio(request: HttpRequest) -> dict[str, Any]:
    """``portfolio``, ``portfolios`` to choose from, ``role`` and the set ``may`` of its actions."""
    current = getattr(request, "portfolio", None)
    if current is None:
        return {"portfolio": None, "portfolios": [], "role": None, "may": frozenset()}
    memberships: list[Membership] = sorted(
        getattr(request, "memberships", []), key=lambda each: (each.portfolio.name, each.pk)
    )
    role = next((m.role for m in memberships if m.portfolio_id == current.pk), None)
    return {
        "portfolio": current,
        "portfolios": [membership.portfolio for membership in memberships],
        "role": role,
        "may": frozenset(action for action, roles in ROLES_FOR.items() if role in roles),
    }
