"""Somebody signs in by something new: whoever came in by what was before has to come in anew.

Another password ends the other sessions by itself, since each session carries a digest of it; what
the second factor changes is counted in the same digest. Live streams end within half a minute.
"""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth import update_session_auth_hash
from django.db.models import F
from django.http import HttpRequest

from spm.accounts.models import User
from spm.accounts.signals import sign_in_changed


def on_password_changed(sender: Any, user: User, **kwargs: Any) -> None:
    """Signal receiver: the sessions have ended; others have to know."""
    sign_in_changed.send(User, user=user)


def on_app_changed(
    sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    """Signal receiver: an app was set up or taken off; the codes that come along are no news."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        _end_other_sessions(request, user)


def on_codes_made_anew(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Signal receiver: the recovery codes of before open nothing any more."""
    _end_other_sessions(request, user)


def _end_other_sessions(request: HttpRequest, user: User) -> None:
    User.objects.filter(pk=user.pk).update(sign_in_epoch=F("sign_in_epoch") + 1)
    user.refresh_from_db(fields=["sign_in_epoch"])
    update_session_auth_hash(request, user)
    sign_in_changed.send(User, user=user)
