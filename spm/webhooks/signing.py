"""Signatures as Standard Webhooks have them, so that receivers can use any of its libraries.

HMAC-SHA256 over ``id.timestamp.body``, in base64 behind ``v1,``; several signatures, one for each
secret that holds, are separated by blanks (standardwebhooks.com, specification 1.0).
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

PREFIX = "whsec_"
BYTES = 32


def new_secret() -> str:
    """A secret from the system's random source, as receivers are given it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def headers_of(
    message_id: str, body: str, secrets_in_force: Iterable[str], now: datetime
) -> dict[str, str]:
    """The headers by which a receiver knows that a delivery is ours, and not an old one."""
    stamp = str(int(now.timestamp()))
    signatures = [signature_of(secret, message_id, stamp, body) for secret in secrets_in_force]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(signatures),
    }


def signature_of(secret: str, message_id: str, stamp: str, body: str) -> str:
    """One signature, with its version."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, f"{message_id}.{stamp}.{body}".encode(), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
