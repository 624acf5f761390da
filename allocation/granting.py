"""Granting and revoking mandates: by finance, never to oneself, journalled with who and why."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from allocation import limit_journal
from allocation.guardrails import known_values
from allocation.limit_journal import Subject
from allocation.limits import LONGEST_REASON, read_scope
from allocation.mandates import ATTRIBUTES
from allocation.models import LimitChange, Mandate
from bets.models import Portfolio
from spm import live, reading
from spm.accounts.models import ApiKey, Membership, Scope, User
from spm.accounts.permissions import Principal, person_behind, require, require_person
from spm.errors import Conflict, Invalid

LONGEST = timedelta(days=366)
FIELDS = (
    "user",
    "api_key",
    "scope",
    "most_per_move",
    "most_per_30_days",
    "reversible_only",
    "books_at_once",
    "expires_at",
    "reason",
)
NEEDED = {
    "most_per_move": "Say how much one move may be, a month.",
    "most_per_30_days": "Say how much may be moved within 30 days.",
    "expires_at": "Say until when; at most a year.",
    "reason": "Say why: it is kept with the mandate.",
}

Given = Mapping[str, Any]


@transaction.atomic
def grant(
    by: Principal, portfolio: Portfolio, given: Given, *, at: datetime | None = None
) -> Mandate:
    """Give somebody, or a key, the right to decide within limits.

    Args:
        by: who grants it.
        portfolio: where.
        given: ``user`` or ``api_key`` (the id of the holder); ``scope``: values by attribute
            (theme, stream, liquidity); ``most_per_move`` and ``most_per_30_days``, currency per
            month; ``reversible_only`` (true unless said); ``books_at_once`` (false unless said);
            ``expires_at``; ``reason``.
        at: the moment, where a history is made up; now by default.

    Raises:
        NotAllowed: they may not set limits, or are a key.
        Invalid: a field cannot be taken; a mandate for oneself, or for one's own key, cannot.
    """
    require(by, "set_limits", portfolio.pk)
    require_person(by, "grant a mandate")
    fields, granter, moment = _read(given), person_behind(by), at or timezone.now()
    terms = {name: value for name, value in fields.values.items() if value is not None}
    faults = {
        **_faults_of_terms(terms, portfolio, moment),
        **_faults_of_holder(terms, portfolio, granter),
    }
    fields.wrong |= {name: text for name, text in faults.items() if name not in fields.wrong}
    fields.done()
    reason = terms.pop("reason")
    made = Mandate.objects.create(
        portfolio=portfolio,
        user_id=terms.pop("user", None),
        api_key_id=terms.pop("api_key", None),
        granted_by=granter,
        starts_at=moment,
        **terms,
    )
    _note(made, {}, by, reason, at)
    return made


@transaction.atomic
def revoke(by: Principal, mandate_id: int, reason: Any) -> Mandate:
    """Take a mandate back from now on; what was decided under it stands.

    Raises:
        Mandate.DoesNotExist: there is none that they may see.
        NotAllowed: they may not set limits.
        Invalid: there is no reason.
        Conflict: it is revoked already.
    """
    visible = Mandate.objects.visible_to(by).select_for_update(of=("self",))
    mandate: Mandate = visible.get(pk=mandate_id)
    require(by, "set_limits", mandate.portfolio_id)
    why = reading.text(LONGEST_REASON, required=True)(reason or "", "reason")
    if mandate.revoked_at is not None:
        raise Conflict("It is revoked already.", [f"{mandate} was revoked before."])
    before = terms_of(mandate)
    mandate.revoked_at = timezone.now()
    mandate.save(update_fields=["revoked_at"])
    _note(mandate, before, by, why)
    return mandate


def terms_of(mandate: Mandate) -> dict[str, Any]:
    """What a mandate says, as the journal keeps it; sums as text."""
    return {
        "holder": str(mandate.user or (mandate.api_key and f"key '{mandate.api_key.name}'")),
        "user": mandate.user_id,
        "api_key": mandate.api_key_id,
        "scope": mandate.scope,
        "most_per_move": f"{mandate.most_per_move:.2f}",
        "most_per_30_days": f"{mandate.most_per_30_days:.2f}",
        "reversible_only": mandate.reversible_only,
        "books_at_once": mandate.books_at_once,
        "expires_at": mandate.expires_at.isoformat(),
        "revoked": mandate.revoked_at is not None,
    }


def differences(portfolio: Portfolio) -> Iterator[tuple[str, str]]:
    """Each mandate that says otherwise than its journal, as (which, how); for the proof."""
    last = {
        change.mandate_id: change.after
        for change in LimitChange.objects.filter(
            portfolio=portfolio, mandate__isnull=False
        ).order_by("id")
    }
    rows = Mandate.objects.filter(portfolio=portfolio).select_related("user", "api_key")
    for mandate in rows.order_by("id"):
        said = last.get(mandate.pk)
        if said is None:
            yield f"mandate {mandate.pk}", "is not in the journal of limits"
            continue
        stands = terms_of(mandate)
        # A person may be called otherwise by now; who it is does not change.
        odd = [name for name in stands if name != "holder" and stands[name] != said.get(name)]
        if odd:
            yield f"mandate {mandate.pk}", f"has another {', '.join(odd)} than its journal says"


def _note(
    mandate: Mandate,
    before: dict[str, Any],
    by: Principal,
    reason: str,
    at: datetime | None = None,
) -> None:
    limit_journal.note(
        mandate.portfolio_id,
        Subject.MANDATE,
        before,
        terms_of(mandate),
        by=by,
        reason=reason,
        mandate=mandate,
        at=at,
    )
    live.say(mandate.portfolio_id, "limits", "proposals")


# --- reading --------------------------------------------------------------------------------------


def _read(given: Given) -> reading.Fields:
    fields = reading.Fields(given, FIELDS)
    for name, text in NEEDED.items():
        if given.get(name) in (None, ""):
            fields.wrong[name] = text
    fields.read("user", reading.optional(reading.whole(1, reading.LARGEST_ID)))
    fields.read("api_key", reading.optional(reading.whole(1, reading.LARGEST_ID)))
    fields.read("scope", read_scope)
    fields.read("most_per_move", reading.optional(reading.money))
    fields.read("most_per_30_days", reading.optional(reading.money))
    fields.read("reversible_only", _yes_or_no)
    fields.read("books_at_once", _yes_or_no)
    fields.read("expires_at", reading.optional(reading.moment))
    fields.read("reason", reading.text(LONGEST_REASON))
    return fields


def _yes_or_no(value: Any, field: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid({field: "Say true or false."})
    return value


def _faults_of_terms(terms: dict[str, Any], portfolio: Portfolio, now: datetime) -> dict[str, str]:
    """What is wrong with the fields that could be read."""
    wrong = {}
    one, all_of_them = terms.get("most_per_move"), terms.get("most_per_30_days")
    if one is not None and one <= 0:
        wrong["most_per_move"] = "It has to be more than nothing."
    if one is not None and all_of_them is not None and all_of_them < one:
        wrong["most_per_30_days"] = "It cannot be less than one move may be."
    expires: datetime | None = terms.get("expires_at")
    if expires is not None and not now < expires <= now + LONGEST:
        wrong["expires_at"] = "It ends in the future, and within a year."
    known = known_values(portfolio)
    for attribute, values in terms.get("scope", {}).items():
        if attribute not in ATTRIBUTES:
            wrong["scope"] = f"A mandate is limited by {', '.join(ATTRIBUTES)}; not by {attribute}."
        elif odd := [value for value in values if value not in (known[attribute] or {})]:
            wrong["scope"] = f"There is no {attribute} '{odd[0]}' here."
        elif not values:
            wrong["scope"] = f"Name at least one {attribute}, or leave it out."
    return wrong


def _faults_of_holder(terms: dict[str, Any], portfolio: Portfolio, granter: User) -> dict[str, str]:
    person_id, key_id = terms.get("user", 0), terms.get("api_key", 0)
    if bool(person_id) == bool(key_id):
        return {"user": "Name one holder: a person, or a key."}
    if key_id:
        return _faults_of_key(key_id, portfolio, granter)
    if person_id == granter.pk:
        return {"user": "Nobody grants a mandate to themselves: another in finance has to."}
    members = Membership.objects.filter(portfolio=portfolio, user__is_active=True)
    if not members.filter(user_id=person_id).exists():
        return {"user": "They have no role in this portfolio: bring them in first."}
    return {}


def _faults_of_key(key_id: int, portfolio: Portfolio, granter: User) -> dict[str, str]:
    rows = ApiKey.objects.filter(portfolio=portfolio, pk=key_id).select_related("owner")
    key = rows.first()
    if key is None or not key.usable_at(timezone.now()):
        return {"api_key": "There is no such key in force here."}
    if key.owner_id == granter.pk:
        return {"api_key": "It is your own key: another in finance has to grant it."}
    if Scope.DECIDE not in key.scopes:
        return {"api_key": "The key lacks the scope 'decide', so it could not use a mandate."}
    return {}
