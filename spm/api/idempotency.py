"""``Idempotency-Key``: the same request, delivered again or twice at once, has one effect.

Key, effect and answer are committed together. A server that dies before the commit has neither,
after it has all three; there is no state "in progress" in which a key could be stuck.
"""

import hashlib
import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from rest_framework.request import Request

from spm.accounts.models import ApiKey, IdempotentAnswer
from spm.errors import Invalid, Reused

HEADER = "Idempotency-Key"
KEPT_FOR = timedelta(hours=24)
# What a person signs with: signed anew it is the same request, and no trace of it is kept.
UNSAID = frozenset({"signature"})
_KEY = re.compile(r"^[\x21-\x7e]{1,255}$")


@dataclass(frozen=True)
class Answer:
    """A status and a body that JSON can say; ``replayed`` if it was given before."""

    status: int
    body: dict[str, Any]
    replayed: bool = False


def once(request: Request, act: Callable[[], Answer], *, said_once: Collection[str] = ()) -> Answer:
    """Act, or give the answer that was given to the same request before.

    Args:
        request: whose key, method, path and body say what "the same" is. Without a key, each
            request is a new one.
        act: makes the change and says what to answer. An exception undoes it and is not kept:
            the next delivery tries again.
        said_once: fields of the answer that hold a secret: they are not kept, and null in a
            repetition.

    Raises:
        Reused: the key stands for another request.
        Invalid: the key is not 1 to 255 visible ASCII characters.
    """
    key = request.headers.get(HEADER)
    if key is None:
        with transaction.atomic():
            return act()
    if not _KEY.match(key):
        raise Invalid({HEADER: "Give 1 to 255 visible ASCII characters."})
    digest = _digest(request)
    holder = _holder(request.user)
    with transaction.atomic():
        _wait_for_others(holder, key)
        kept = IdempotentAnswer.objects.filter(**holder, key=key).first()
        if kept is not None and kept.created_at > timezone.now() - KEPT_FOR:
            return _again(kept, digest)
        if kept is not None:
            kept.delete()
        answer = act()
        body = answer.body | {name: None for name in said_once if name in answer.body}
        IdempotentAnswer.objects.create(
            **holder, key=key, request_sha256=digest, status=answer.status, body=body
        )
    return answer


def forget_old() -> int:
    """Remove the answers that nobody can ask for any more; how many."""
    count, _ = IdempotentAnswer.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
    return count


def _again(kept: IdempotentAnswer, digest: str) -> Answer:
    if kept.request_sha256 != digest:
        raise Reused(
            f"This {HEADER} was sent before with another request. Use a new key for a new one."
        )
    return Answer(kept.status, kept.body, replayed=True)


def _holder(principal: Any) -> dict[str, Any]:
    return {"api_key" if isinstance(principal, ApiKey) else "user": principal}


def _digest(request: Request) -> str:
    data = request.data
    if isinstance(data, bytes):
        said = data
    elif isinstance(data, list):
        said = b"\n".join(data)
    else:
        content = {name: value for name, value in data.items() if name not in UNSAID}
        said = json.dumps(content, sort_keys=True).encode()
    head = f"{request.method} {request.get_full_path()}\n".encode()
    return hashlib.sha256(head + said).hexdigest()


def _wait_for_others(holder: dict[str, Any], key: str) -> None:
    """Let deliveries under the same key pass one by one, until the end of the transaction."""
    [(kind, principal)] = holder.items()
    name = hashlib.sha256(f"{kind} {principal.pk} {key}".encode()).digest()
    number = int.from_bytes(name[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
