"""From a cookie to a person, outside Django's request cycle (the live channel needs it)."""

from http.cookies import CookieError, SimpleCookie
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from spm.accounts.models import User


def user_of_cookies(header: str) -> User | None:
    """The active person signed in by the session cookie of a Cookie header, or None."""
    try:
        morsel = SimpleCookie(header).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    if morsel is None:
        return None
    request = HttpRequest()
    engine = import_module(settings.SESSION_ENGINE)
    request.session = engine.SessionStore(morsel.value)
    user = get_user(request)
    return user if isinstance(user, User) and user.is_active else None
