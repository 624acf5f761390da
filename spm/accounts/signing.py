"""Signing: whoever decides shows once more that it is them, each time.

A person signs with their password, or with a code of their authenticator app (or one of their
recovery codes) if they have set one up. A key is its own signature. Attempts are counted for each
person in the cache that all processes share (``ACCOUNT_RATE_LIMITS``).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from django.http import HttpRequest
from django.utils import timezone

from spm.accounts.models import ApiKey, User
from spm.accounts.permissions import Principal
from spm.errors import Invalid

FIELD = "signature"
RATE = "sign"  # the name of the limit in the settings
PASSWORD, KEY = "password", "key"
LONGEST = 128

IN_WORDS = {
    PASSWORD: "password",
    Authenticator.Type.TOTP.value: "code of an app",
    Authenticator.Type.RECOVERY_CODES.value: "recovery code",
    KEY: "API key",
}


@dataclass(frozen=True)
class Signature:
    """How somebody showed that it is them (a key of ``IN_WORDS``), and when."""

    method: str
    at: datetime


def sign(principal: Principal, said: str, request: HttpRequest) -> Signature:
    """Check what somebody signs with.

    Args:
        principal: who signs. A key needs to say nothing.
        said: the password or the code.
        request: the request that it came with.

    Raises:
        Invalid: it is missing or wrong, or there were too many attempts; the field is ``FIELD``.
    """
    if isinstance(principal, ApiKey):
        return Signature(KEY, timezone.now())
    if not said:
        raise Invalid({FIELD: f"Sign with {means_of(principal)}."})
    if not ratelimit.consume(request, action=RATE, user=principal):
        raise Invalid({FIELD: "That was wrong too often. Wait five minutes, then sign again."})
    method = _method(principal, said)
    if not method:
        raise Invalid({FIELD: _wrong(principal)})
    ratelimit.clear(request, action=RATE, user=principal)
    return Signature(method, timezone.now())


def has_app(person: User) -> bool:
    """Whether they have set up an authenticator app."""
    return Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).exists()


def means_of(person: User) -> str:
    """What they can sign with, in words that follow 'sign with'."""
    return "your password or a code of your app" if has_app(person) else "your password"


def _method(person: User, said: str) -> str:
    """What it was, or an empty text for what is none of theirs."""
    if len(said) > LONGEST:
        return ""
    if said.replace(" ", "").isdigit():
        for each in Authenticator.objects.filter(user=person):
            authenticator: Any = each.wrap()
            if authenticator.validate_code(said):
                each.record_usage()
                return str(each.type)
    return PASSWORD if person.check_password(said) else ""


def _wrong(person: User) -> str:
    if not person.has_usable_password() and not has_app(person):
        return "You have no password to sign with: set up a second factor in the account menu."
    if has_app(person):
        return "That is neither your password nor a code that holds now; a code is taken once."
    return "That is not your password."
