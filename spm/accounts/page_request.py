"""What a view behind the sign-in gets."""

from typing import Any

from django.http import HttpRequest

from spm.accounts.models import User


class PageRequest(HttpRequest):
    """A request that the middleware has let through: somebody is signed in.

    ``portfolio`` is the ``bets.Portfolio`` that the page is about, or None for a person who has a
    role in none.
    """

    user: User
    portfolio: Any
