"""The kinds of problem that the API answers with (RFC 9457), and the document for each.

``docs/api.md`` has a section for each kind; ``type`` leads to it on the documents page. No Django
here: ``spm.body_limit`` answers before Django is asked.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DOCUMENTS_PATH = "/api/v1/docs"
CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """A kind of problem: its name in ``type``, its status, its title, and what to do about it."""

    name: str
    status: int
    title: str
    remedy: str

    @property
    def address(self) -> str:
        """The value of ``type``: where the kind is explained."""
        return f"{DOCUMENTS_PATH}#{self.name}"


INVALID = Kind(
    "invalid",
    400,
    "The request cannot be taken as it is",
    "'errors' names each field that is at fault and what would be right. Nothing was changed.",
)
UNAUTHENTICATED = Kind(
    "unauthenticated",
    401,
    "Sign in, or send an API key",
    "Send 'Authorization: Bearer spm_...' with a key that is in force.",
)
NOT_ALLOWED = Kind(
    "not-allowed",
    403,
    "You may not do this",
    "'detail' says which roles may, or which scope the key lacks.",
)
NOT_FOUND = Kind(
    "not-found",
    404,
    "There is nothing here that you may see",
    "What does not exist and what you may not see are answered alike.",
)
METHOD = Kind(
    "method-not-allowed",
    405,
    "This path does not take this method",
    "The header 'Allow' names those that it takes.",
)
TOO_SLOW = Kind(
    "too-slow",
    408,
    "The body took too long",
    "A body has to arrive within a minute. Nothing was changed; send it again.",
)
CONFLICT = Kind(
    "conflict",
    409,
    "The world has changed",
    "'changed' says in which respects. Read again, look, and decide again.",
)
CHANGED = Kind(
    "changed",
    412,
    "It has changed since you read it",
    "The version in 'If-Match' is no longer the current one. Read it again, with its new ETag.",
)
TOO_LARGE = Kind(
    "too-large",
    413,
    "The body is too large",
    "1 MB is read, and 10 MB of at most 50,000 lines at …/bulk. Send it in parts.",
)
MEDIA_TYPE = Kind(
    "media-type",
    415,
    "The body is not in a form that is read here",
    "Send 'Content-Type: application/json' (application/x-ndjson in bulk), uncompressed.",
)
KEY_REUSED = Kind(
    "key-reused",
    422,
    "This key was used for something else",
    "The same Idempotency-Key, or the same source and external_id, came with another body.",
)
CONDITION_REQUIRED = Kind(
    "condition-required",
    428,
    "Say which version you mean",
    "Send the ETag of what you have read as 'If-Match', or '*' for whatever it is now.",
)
THROTTLED = Kind(
    "throttled",
    429,
    "Too many requests",
    "'Retry-After' says after how many seconds the same request will be served.",
)
FAULT = Kind(
    "fault",
    500,
    "The fault is ours",
    "Nothing was changed. Tell us the 'request_id'; it leads to the cause in our logs.",
)

KINDS = (
    INVALID,
    UNAUTHENTICATED,
    NOT_ALLOWED,
    NOT_FOUND,
    METHOD,
    TOO_SLOW,
    CONFLICT,
    CHANGED,
    TOO_LARGE,
    MEDIA_TYPE,
    KEY_REUSED,
    CONDITION_REQUIRED,
    THROTTLED,
    FAULT,
)
KIND_OF_STATUS = {kind.status: kind for kind in KINDS}


def new_request_id() -> str:
    """A name for a request, by which its log lines are found."""
    return secrets.token_hex(8)


def problem_document(
    kind: Kind,
    detail: str,
    request_id: str,
    fields: Mapping[str, str] | None = None,
    changed: Sequence[str] | None = None,
) -> dict[str, Any]:
    """The problem document.

    Args:
        kind: which problem.
        detail: one or two sentences about this occurrence.
        request_id: name of the request.
        fields: for each field that is at fault what is wrong and what would be right.
        changed: for a conflict, in which respects the world has changed.
    """
    document: dict[str, Any] = {
        "type": kind.address,
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "errors": [{"field": name, "problem": text} for name, text in (fields or {}).items()],
        "request_id": request_id,
    }
    if changed is not None:
        document["changed"] = list(changed)
    return document
