"""What pages, the API and notices read of keys; never their secrets."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from spm.accounts.models import ApiKey, KeyChange, Membership, Role, User
from spm.accounts.permissions import Principal, visible_portfolio_ids

#: How long before its end a key is marked, and its owner told.
SOON = timedelta(days=14)


def keys_of(principal: Principal, portfolio_id: int | None = None) -> "QuerySet[ApiKey]":
    """The keys that somebody may see, newest first, with their owners.

    One's own; all of a portfolio for who administers it. A key sees itself. ``has_role`` says
    whether the owner still has a role where the key acts, without which it opens nothing.
    """
    rows = ApiKey.objects.filter(portfolio_id__in=visible_portfolio_ids(principal))
    if portfolio_id is not None:
        rows = rows.filter(portfolio_id=portfolio_id)
    if isinstance(principal, ApiKey):
        rows = rows.filter(pk=principal.pk)
    else:
        rows = rows.filter(Q(owner=principal) | Q(portfolio_id__in=_administered_by(principal)))
    role = Membership.objects.filter(user=OuterRef("owner"), portfolio=OuterRef("portfolio"))
    return rows.annotate(has_role=Exists(role)).select_related("owner", "made_by").order_by("-id")


def changes_of(principal: Principal, portfolio_id: int | None = None) -> "QuerySet[KeyChange]":
    """The journal of the keys that somebody may see, newest first."""
    rows = KeyChange.objects.filter(api_key__in=keys_of(principal, portfolio_id).values("pk"))
    return rows.select_related("api_key", "by")


def state_of(key: ApiKey, now: datetime) -> str:
    """How a key stands, in words that follow 'it'; needs ``keys_of``'s ``has_role``."""
    if key.revoked_at is not None:
        return "was revoked"
    if key.expires_at <= now:
        return "has expired"
    if not key.owner.is_active or not getattr(key, "has_role", True):
        return "opens nothing: its owner has no role here any more"
    if key.awaits_owner:
        return "waits to be collected by its owner"
    return "ends soon" if ends_soon(key, now) else "is in force"


def ends_soon(key: ApiKey, now: datetime) -> bool:
    """Whether a key that is in force ends within two weeks."""
    return key.usable_at(now) and key.expires_at <= now + SOON


def _administered_by(person: User) -> list[int]:
    rows = Membership.objects.filter(user=person, user__is_active=True)
    return [each.portfolio_id for each in rows if Role.ADMIN in each.roles]
