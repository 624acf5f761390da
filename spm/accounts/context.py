"""What every template knows of the portfolio and the person."""

from typing import Any

from django.http import HttpRequest

from spm.accounts.models import Membership
from spm.accounts.permissions import ROLES_FOR

#: In the session: the portfolio whose founder is being led to its first three bets.
LED_TO_FIRST_BETS = "first_bets"


def portfolio(request: HttpRequest) -> dict[str, Any]:
    """``portfolio``, ``portfolios`` to choose from, ``role`` and the set ``may`` of its actions.

    ``first_bets`` says that the person is on the way to the first bets of a new portfolio.
    """
    current = getattr(request, "portfolio", None)
    if current is None:
        return {"portfolio": None, "portfolios": [], "role": None, "may": frozenset()}
    memberships: list[Membership] = sorted(
        getattr(request, "memberships", []), key=lambda each: (each.portfolio.name, each.pk)
    )
    here = next((each for each in memberships if each.portfolio_id == current.pk), None)
    roles = here.roles if here else frozenset()
    return {
        "portfolio": current,
        "portfolios": [membership.portfolio for membership in memberships],
        "role": here.role if here else None,
        "first_bets": request.session.get(LED_TO_FIRST_BETS) == current.pk,
        "may": frozenset(action for action, needed in ROLES_FOR.items() if roles & needed),
    }
