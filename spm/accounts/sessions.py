"""From cookies to people, outside Django's request cycle: the live channel needs it."""

from collections.abc import Collection
from http.cookies import CookieError, SimpleCookie
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from spm.accounts.models import Membership, User
from spm.accounts.permissions import ROLES_FOR


def session_key_in(header: str) -> str | None:
    """The key of a session in a Cookie header, or None; whether it is one is not asked."""
    try:
        morsel = SimpleCookie(header).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    return morsel.value if morsel is not None else None


def who_may_listen(asked: Collection[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """Who is behind sessions, where they may see the portfolio that they listen to.

    Args:
        asked: pairs of a session's key and a portfolio's id; three queries for all of them.

    Returns:
        The person's id for each pair that still stands: signed in, active, with a role there.
    """
    people = _people_of({key for key, _ in asked})
    of_people = Membership.objects.filter(
        user__in=set(people.values()), portfolio__in={portfolio_id for _, portfolio_id in asked}
    )
    seeing = {
        (membership.user_id, membership.portfolio_id)
        for membership in of_people
        if membership.roles & ROLES_FOR["see"]
    }
    return {
        (key, portfolio_id): people[key]
        for key, portfolio_id in asked
        if (people.get(key), portfolio_id) in seeing
    }


def _people_of(keys: Collection[str]) -> dict[str, int]:
    """The active person signed in by each session, as Django's own check has it."""
    rows = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    sessions = {row.session_key: row.get_decoded() for row in rows}
    sessions = {key: said for key, said in sessions.items() if _is_of_ours(said)}
    ids = {int(said[SESSION_KEY]) for said in sessions.values()}
    people = User.objects.filter(is_active=True).in_bulk(ids)
    return {
        key: person.pk
        for key, said in sessions.items()
        if (person := people.get(int(said[SESSION_KEY]))) is not None
        and constant_time_compare(said.get(HASH_SESSION_KEY, ""), person.get_session_auth_hash())
    }


def _is_of_ours(said: dict[str, Any]) -> bool:
    return (
        str(said.get(SESSION_KEY, "")).isdecimal()
        and said.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
    )
