"""Secrets that have to be read again, encrypted where they are stored.

The key never lies in the database or its dump: it is ``SPM_DATA_KEY``, else the file ``data-key``
in the home, else made from the secret key. What is sealed names the key by which it was, so that
earlier keys (``SPM_DATA_KEY_FALLBACKS``) still open it until ``manage.py reseal`` has been run.
"""

import base64
import hashlib
from collections.abc import Iterable

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.apps import apps
from django.conf import settings
from django.db import models, transaction

PURPOSE = b"strategic-portfolio-office sealed fields 1"


class SealedField(models.TextField):
    """A column that holds what ``seal`` returns; ``reseal_all`` knows it by its class."""


class Unreadable(Exception):
    """It was sealed by a key that is not here any more, or is not what was sealed."""


def seal(clear: str) -> str:
    """Encrypt a text under the present key."""
    name, box = _box(settings.DATA_KEYS[0])
    return f"{name}:{box.encrypt(clear.encode()).decode()}"


def unseal(sealed: str) -> str:
    """The text that was sealed.

    Raises:
        Unreadable: no key that is here opens it.
    """
    name, _, token = sealed.partition(":")
    boxes = dict(_box(material) for material in settings.DATA_KEYS)
    if name not in boxes:
        raise Unreadable(f"It was sealed by the key {name[:8]}, which is not among the data keys.")
    try:
        return boxes[name].decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("It is not what was sealed.") from error


def reseal_all() -> int:
    """Seal everything anew under the present key; how many values were not under it."""
    present, _ = _box(settings.DATA_KEYS[0])
    return sum(_reseal(field, present) for field in _sealed_fields())


def _reseal(field: SealedField, present: str) -> int:
    rows = field.model._default_manager.exclude(**{field.name: ""})
    done = 0
    with transaction.atomic():
        for row in rows.select_for_update().order_by("pk"):
            value = getattr(row, field.name)
            if not value.startswith(f"{present}:"):
                setattr(row, field.name, seal(unseal(value)))
                row.save(update_fields=[field.name])
                done += 1
    return done


def _sealed_fields() -> Iterable[SealedField]:
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, SealedField):
                yield field


def _box(material: str) -> tuple[str, Fernet]:
    """The name of a key, and what encrypts by it."""
    derived = HKDF(SHA256(), 32, salt=None, info=PURPOSE).derive(material.encode())
    name = hashlib.sha256(derived).hexdigest()[:8]
    return name, Fernet(base64.urlsafe_b64encode(derived))
