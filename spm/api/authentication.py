"""Who is asking: ``Authorization: Bearer spm_<id>_<secret>``, in the header only."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from spm.accounts.models import ApiKey

CHALLENGE = 'Bearer realm="spm"'
LAST_USE_PRECISION = timedelta(minutes=1)


class ApiKeyAuthentication(BaseAuthentication):
    """A key stands for itself: it is the principal, bound to its owner's role and its scopes."""

    def authenticate(self, request: Request) -> tuple[ApiKey, ApiKey] | None:
        """The key, or None where no key was sent.

        Raises:
            AuthenticationFailed: a key was sent that opens nothing. A session beside it is not
                tried: who sends a key means the key.
        """
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _, clear = header.partition(" ")
        key = ApiKey.from_clear(clear.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            raise AuthenticationFailed(
                "This key opens nothing: unknown, expired or revoked. "
                "Send 'Authorization: Bearer spm_...' with a key that is in force."
            )
        _note_use(key)
        return key, key

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return CHALLENGE


def _note_use(key: ApiKey) -> None:
    now = timezone.now()
    # An earlier secret dies soon: few requests come by it, and each may write.
    if key.came_by_earlier:
        ApiKey.objects.filter(_long_ago("earlier_used_at", now), pk=key.pk).update(
            earlier_used_at=now
        )
    if key.last_used_at is not None and now - key.last_used_at < LAST_USE_PRECISION:
        return
    # Of many requests at the same moment one writes: the row must not become a queue.
    ApiKey.objects.filter(_long_ago("last_used_at", now), pk=key.pk).update(last_used_at=now)


def _long_ago(field: str, now: datetime) -> Q:
    return Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__lt": now - LAST_USE_PRECISION})


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """How the schema describes keys."""

    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """A bearer token."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "spm_<id>_<secret>",
            "description": "Made under Settings, API keys; shown once.",
        }
