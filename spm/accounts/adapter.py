"""How django-allauth behaves here."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from spm.accounts.models import User


class ClosedAccountAdapter(DefaultAccountAdapter):
    """Accounts are made by administrators; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def reauthenticate(self, user: User, password: str) -> bool:
        """Whether it is the person's password: their address stands in our own table alone."""
        return user.check_password(password)
