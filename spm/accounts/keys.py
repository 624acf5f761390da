"""API keys: making, collecting, rotating and revoking them. Page, API and command call the same.

A key acts in its owner's name. What moves money is no administrator's, so they never hold the
secret of a key that does: its owner collects it, and rotates it.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from spm import reading
from spm.accounts.key_reading import keys_of
from spm.accounts.models import LONGEST_KEY_DAYS, ApiKey, KeyChange, Membership, Scope, User
from spm.accounts.permissions import NotAllowed, Principal, may, require
from spm.accounts.signals import key_made
from spm.errors import Conflict, Invalid

#: What decides over money: the owner alone holds the secret of a key with one of these.
OWNER_HOLDS = frozenset({Scope.PROPOSE, Scope.DECIDE, Scope.LIMITS, Scope.ACTUALS})
LONGEST_NAME = 120
USUAL_DAYS = 90
LONGEST_OVERLAP_HOURS = 30 * 24
FIELDS = ("owner", "name", "scopes", "days")

Given = Mapping[str, Any]


@transaction.atomic
def make(by: User | None, portfolio_id: int, given: Given) -> tuple[ApiKey, str]:
    """Make a key for a member of the portfolio.

    Args:
        by: who makes it; None for the command on the server, which nothing is kept from.
        portfolio_id: where it may act.
        given: ``owner`` (the id of a member), ``name``, ``scopes``, and ``days`` that it lives.

    Returns:
        The key, and it in clear, which is kept nowhere; empty where its owner has to collect it.

    Raises:
        NotAllowed: they do not administer the portfolio.
        Invalid: a field cannot be taken.
    """
    if by is not None:
        require(by, "administer", portfolio_id)
    terms = _read(given, portfolio_id)
    owner, days = terms["owner"], terms["days"]
    key, clear = ApiKey.issue(owner, portfolio_id, terms["name"], terms["scopes"], days)
    key.made_by = by
    if by is not None and by != owner and is_held_by_owner(key):
        key.awaits_owner, key.secret_sha256, clear = True, "", ""
    key.save()
    _note(key, KeyChange.Kind.MADE, by)
    key_made.send(sender=ApiKey, key=key, by=by)
    return key, clear


@transaction.atomic
def collect(by: Principal, key_id: int) -> tuple[ApiKey, str]:
    """Take over a key that was made in one's name: from now on it opens.

    Raises:
        ApiKey.DoesNotExist: there is none that they may see.
        NotAllowed: it is another's.
        Conflict: it does not wait for that.
    """
    key = _locked(by, key_id)
    if by != key.owner:
        raise NotAllowed("It acts in another's name: its owner collects it.")
    if not key.awaits_owner or key.revoked_at is not None or key.expires_at <= timezone.now():
        raise Conflict("This key does not wait to be collected.")
    key.awaits_owner = False
    clear = key.take_new_secret()
    key.save()
    _note(key, KeyChange.Kind.COLLECTED, key.owner)
    return key, clear


@transaction.atomic
def rotate(by: Principal | None, key_id: int, given: Given) -> tuple[ApiKey, str]:
    """Give a key a new secret and another span of life; what it is and may stays.

    Args:
        by: who asks; None for the command on the server.
        key_id: which.
        given: ``overlap_hours`` for which the secret of before opens as well, 0 to 720, never
            beyond the end that it had; ``days`` from now until the new end.

    Returns:
        The key, and it in clear, which is kept nowhere.

    Raises:
        ApiKey.DoesNotExist: there is none that they may see.
        NotAllowed: it is neither theirs, nor one of which an administrator may hold the secret.
        Invalid: a field cannot be taken.
        Conflict: it is not in force.
    """
    key = _locked(by, key_id)
    _require_over(by, key)
    if by is not None and by != key.owner and is_held_by_owner(key):
        raise NotAllowed("It decides over money: its owner alone rotates it.")
    terms = _read_rotation(given)
    now = timezone.now()
    if not key.usable_at(now):
        raise Conflict("Only a key that is in force is rotated: make another.")
    ends = min(now + timedelta(hours=terms["overlap_hours"]), key.expires_at)
    key.earlier_sha256, key.earlier_until, key.earlier_used_at = key.secret_sha256, ends, None
    if not terms["overlap_hours"]:
        key.earlier_sha256, key.earlier_until = "", None
    key.expires_at = now + timedelta(days=terms["days"])
    clear = key.take_new_secret()
    key.save()
    _note(key, KeyChange.Kind.ROTATED, by)
    return key, clear


@transaction.atomic
def revoke(by: Principal | None, key_id: int) -> ApiKey:
    """End a key now, with every secret that it has; the next request by it is refused.

    Raises:
        ApiKey.DoesNotExist: there is none that they may see.
        NotAllowed: it is neither theirs, nor do they administer its portfolio.
        Conflict: it was revoked before.
    """
    key = _locked(by, key_id)
    _require_over(by, key)
    if key.revoked_at is not None:
        raise Conflict("This key was revoked before.")
    key.revoked_at = timezone.now()
    key.save()
    _note(key, KeyChange.Kind.REVOKED, by)
    return key


def is_held_by_owner(key: ApiKey) -> bool:
    """Whether nobody but its owner may come by its secret."""
    return bool(OWNER_HOLDS & set(key.scopes))


def may_rotate(by: Principal, key: ApiKey) -> bool:
    """Whether somebody who sees the key may give it a new secret."""
    return by == key.owner or (_administers(by, key) and not is_held_by_owner(key))


# --- inside ---------------------------------------------------------------------------------------


def _locked(by: Principal | None, key_id: int) -> ApiKey:
    rows = ApiKey.objects.all() if by is None else keys_of(by)
    locked: ApiKey = rows.select_for_update(of=("self",)).get(pk=key_id)
    return locked


def _administers(by: Principal, key: ApiKey) -> bool:
    return may(by, "administer", key.portfolio_id)


def _require_over(by: Principal | None, key: ApiKey) -> None:
    """Its owner, or an administrator; never a key, not even itself."""
    if by is not None and by != key.owner:
        require(by, "administer", key.portfolio_id)


def _note(key: ApiKey, kind: KeyChange.Kind, by: Principal | None) -> None:
    KeyChange.objects.create(
        portfolio_id=key.portfolio_id,
        api_key=key,
        kind=kind,
        at=timezone.now(),
        by=by if isinstance(by, User) else None,
        terms={
            "name": key.name,
            "owner": key.owner_id,
            "scopes": key.scopes,
            "expires_at": key.expires_at.isoformat(),
            "earlier_until": key.earlier_until and key.earlier_until.isoformat(),
        },
    )


def _read(given: Given, portfolio_id: int) -> dict[str, Any]:
    given = {"days": USUAL_DAYS, "scopes": None, "owner": None, "name": "", **given}
    fields = reading.Fields(given, FIELDS)
    fields.read("owner", lambda value, field: _owner(value, field, portfolio_id))
    fields.read("name", reading.text(LONGEST_NAME, required=True))
    fields.read("scopes", _scopes)
    fields.read("days", reading.whole(1, LONGEST_KEY_DAYS))
    return fields.done()


def _read_rotation(given: Given) -> dict[str, Any]:
    given = {"days": USUAL_DAYS, "overlap_hours": None, **given}
    fields = reading.Fields(given, ("overlap_hours", "days"))
    fields.read("overlap_hours", reading.whole(0, LONGEST_OVERLAP_HOURS))
    fields.read("days", reading.whole(1, LONGEST_KEY_DAYS))
    return fields.done()


def _owner(value: Any, field: str, portfolio_id: int) -> User:
    person_id = reading.whole(1, reading.LARGEST_ID)(value, field)
    rows = Membership.objects.filter(portfolio_id=portfolio_id, user__is_active=True)
    membership = rows.select_related("user").filter(user_id=person_id).first()
    if membership is None:
        raise Invalid({field: "They have no role in this portfolio, so their key could nothing."})
    return membership.user


def _scopes(value: Any, field: str) -> list[str]:
    if not isinstance(value, list | tuple | set | frozenset) or not value:
        raise Invalid({field: f"Name at least '{Scope.READ}'."})
    unknown = [each for each in value if each not in Scope.values]
    if unknown:
        raise Invalid({field: f"There is no scope '{unknown[0]}'. Some of {_all_scopes()}."})
    if Scope.READ not in value:
        raise Invalid({field: f"Every answer shows something: add '{Scope.READ}'."})
    return [scope for scope in Scope.values if scope in value]


def _all_scopes() -> str:
    return ", ".join(Scope.values)
