"""Who may do what. Every page, fragment, API path, stream and export asks ``may``.

A principal is a person or an API key. A key may do what its scopes name and its owner may do,
in the one portfolio that it was made for. What one may not see answers 404.
"""

from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from spm.accounts.models import ApiKey, Membership, Role, Scope, User

Principal: TypeAlias = User | ApiKey
Action = Literal[
    "see",  # every page and reading API path
    "log_evidence",  # add evidence to a bet; a contributor: to bets of their own teams
    "ask_for_evidence",  # ask somebody for evidence on a bet; the same limit
    "edit_bet",  # create and change bets, theses and dependencies; the same limit
    "move_card",  # move a bet along the board; the same limit
    "override_wip",  # go over a WIP limit, with a reason
    "set_wip_limits",  # say how many bets may stand in a stage
    "save_view",  # keep filters of the board under a name, for oneself
    "share_view",  # give a saved view of the board to everybody in the portfolio
    "comment",  # say something about a proposal
    "propose",  # make scenarios, draw up a proposal, ask for a recomputation
    "decide",  # approve or refuse a proposal
    "unwind",  # record that entangled money is free again
    "prove",  # have the books proved, and see which rows do not tie out
    "record_actuals",  # say what bets really cost
    "set_limits",  # envelope, reserve, guardrails, mandates
    "manage_webhooks",  # say which addresses are told of what happens
    "edit_settings",  # the portfolio's name, its themes, value streams and teams: no money
    "administer",  # members and keys; by people alone, so no scope lets a key do it
]

ROLES_FOR: dict[str, frozenset[str]] = {
    "see": frozenset(Role.values),
    "log_evidence": frozenset({Role.CONTRIBUTOR, Role.LEAD}),
    "ask_for_evidence": frozenset({Role.CONTRIBUTOR, Role.LEAD, Role.FINANCE}),
    "edit_bet": frozenset({Role.CONTRIBUTOR, Role.LEAD}),
    "move_card": frozenset({Role.CONTRIBUTOR, Role.LEAD}),
    "override_wip": frozenset({Role.LEAD}),
    "set_wip_limits": frozenset({Role.LEAD}),
    "save_view": frozenset(Role.values),
    "share_view": frozenset({Role.LEAD}),
    "comment": frozenset({Role.CONTRIBUTOR, Role.LEAD, Role.FINANCE}),
    "propose": frozenset({Role.LEAD, Role.FINANCE}),
    "decide": frozenset({Role.FINANCE}),
    "unwind": frozenset({Role.FINANCE}),
    "prove": frozenset({Role.FINANCE, Role.ADMIN}),
    "record_actuals": frozenset({Role.FINANCE}),
    "set_limits": frozenset({Role.FINANCE}),
    "manage_webhooks": frozenset({Role.ADMIN}),
    "edit_settings": frozenset({Role.ADMIN}),
    "administer": frozenset({Role.ADMIN}),
}

SCOPE_FOR: dict[str, str] = {
    "see": Scope.READ,
    "log_evidence": Scope.EVIDENCE,
    "ask_for_evidence": Scope.EVIDENCE,
    "edit_bet": Scope.BETS,
    "move_card": Scope.BETS,
    "save_view": Scope.BETS,
    "share_view": Scope.BETS,
    "set_wip_limits": Scope.LIMITS,
    "comment": Scope.PROPOSE,
    "propose": Scope.PROPOSE,
    "decide": Scope.DECIDE,
    "unwind": Scope.DECIDE,
    "prove": Scope.READ,
    "record_actuals": Scope.ACTUALS,
    "set_limits": Scope.LIMITS,
    "manage_webhooks": Scope.WEBHOOKS,
    "edit_settings": Scope.SETTINGS,
}


class NotAllowed(Exception):
    """The principal may see the object, but not do this. The text says who may."""


def person_behind(principal: Principal) -> User:
    """The person themselves, or the owner of the key."""
    return principal.owner if isinstance(principal, ApiKey) else principal


def membership_of(principal: Any, portfolio_id: int) -> Membership | None:
    """The role that the principal draws on in a portfolio, or None."""
    if principal is None or isinstance(principal, AnonymousUser):
        return None
    if isinstance(principal, ApiKey) and principal.portfolio_id != portfolio_id:
        return None
    person = person_behind(principal)
    if not person.is_active:
        return None
    return Membership.objects.filter(user=person, portfolio_id=portfolio_id).first()


def may(
    principal: Any, action: Action, portfolio_id: int, team_ids: Iterable[int] | None = None
) -> bool:
    """Whether the principal may do this in the portfolio.

    Args:
        principal: a person, a key, or nobody.
        action: what is to be done.
        portfolio_id: where.
        team_ids: the teams of the bet that it is about. A contributor acts on bets of their own
            teams only; None asks whether they may at all.
    """
    membership = membership_of(principal, portfolio_id)
    if membership is None or not membership.roles & ROLES_FOR[action]:
        return False
    if isinstance(principal, ApiKey) and SCOPE_FOR.get(action) not in principal.scopes:
        return False
    if membership.role == Role.CONTRIBUTOR and action != "see" and team_ids is not None:
        return membership.teams.filter(id__in=list(team_ids)).exists()
    return True


def require(
    principal: Any, action: Action, portfolio_id: int, team_ids: Iterable[int] | None = None
) -> None:
    """Raise NotAllowed unless the principal may do this."""
    if may(principal, action, portfolio_id, team_ids):
        return
    roles = ", ".join(sorted(Role(role).label for role in ROLES_FOR[action]))
    wanted = action.replace("_", " ")
    if isinstance(principal, ApiKey) and action not in SCOPE_FOR:
        require_person(principal, wanted)
    if isinstance(principal, ApiKey) and SCOPE_FOR[action] not in principal.scopes:
        scope = SCOPE_FOR[action]
        raise NotAllowed(f"This key may not {wanted}: it lacks the scope '{scope}'.")
    raise NotAllowed(f"You may not {wanted} here. These roles may: {roles}.")


def require_person(principal: Any, wanted: str) -> None:
    """Raise NotAllowed for a key: who may what is said by people, whatever a key's scopes."""
    if isinstance(principal, ApiKey):
        raise NotAllowed(f"No key may {wanted}: people do, signed in.")


def visible_portfolio_ids(principal: Any) -> QuerySet[Membership, int]:
    """The portfolios of which the principal may see anything; part of the query that asks."""
    memberships = Membership.objects.filter(user__is_active=True)
    if principal is None or isinstance(principal, AnonymousUser):
        memberships = memberships.none()
    else:
        memberships = memberships.filter(user_id=person_behind(principal).pk)
    if isinstance(principal, ApiKey):
        if Scope.READ not in principal.scopes:
            memberships = memberships.none()
        memberships = memberships.filter(portfolio_id=principal.portfolio_id)
    return memberships.values_list("portfolio_id", flat=True)
