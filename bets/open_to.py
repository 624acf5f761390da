"""On which bets somebody may do something, as a part of the query that asks."""

from typing import Any

from django.db.models import QuerySet

from bets.models import Bet, BetTeam
from spm.accounts.models import Role
from spm.accounts.permissions import ROLES_FOR, Action, membership_of


def bets_open_to(person: Any, action: Action, portfolio_id: int) -> "QuerySet[Bet]":
    """What ``may(person, action, ...)`` says of each bet of a portfolio.

    Args:
        person: who wants to do it; a person, not a key, whose scopes are not looked at.
        action: what.
        portfolio_id: where.
    """
    bets: QuerySet[Bet] = Bet.objects.filter(portfolio_id=portfolio_id)
    membership = membership_of(person, portfolio_id)
    if membership is None or not membership.roles & ROLES_FOR[action]:
        return bets.none()
    if membership.role == Role.CONTRIBUTOR and action != "see":
        own = BetTeam.objects.filter(team__in=membership.teams.all())
        bets = bets.filter(pk__in=own.values("bet"))
    return bets
