"""How second factors are kept: their secrets only encrypted.

The key comes from ``SECRET_KEY``, which is outside the database and its dumps; keys of before
(``SECRET_KEY_FALLBACKS``) still open what they have closed.
"""

import base64
import hashlib

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings

PURPOSE = b"second factor\n"


class EncryptingAdapter(DefaultMFAAdapter):
    """Keeps the secrets of apps and recovery codes encrypted."""

    def encrypt(self, text: str) -> str:
        """The text as it is stored."""
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The stored text in clear; raises ``InvalidToken`` under another key."""
        return _box().decrypt(encrypted_text.encode()).decode()


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [
            Fernet(base64.urlsafe_b64encode(hashlib.sha256(PURPOSE + key.encode()).digest()))
            for key in keys
        ]
    )
