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
    """A kind of problem: its name in ``type``, its status, and its title."""

    name: str
    status: int
    title: str

    @property
    def address(self) -> str:
        """The value of ``type``: where the kind is explained."""
        return f"{DOCUMENTS_PATH}#{self.name}"


INVALID = Kind("invalid", 400, "The request cannot be taken as it is")
UNAUTHENTICATED = Kind("unauthenticated", 401, "Sign in, or send an API key")
NOT_ALLOWED = Kind("not-allowed", 403, "You may not do this")
NOT_FOUND = Kind("not-found", 404, "There is nothing here that you may see")
METHOD = Kind("method-not-allowed", 405, "This path does not take this method")
TOO_SLOW = Kind("too-slow", 408, "The body took too long")
CONFLICT = Kind("conflict", 409, "The world has changed")
CHANGED = Kind("changed", 412, "It has changed since you read it")
TOO_LARGE = Kind("too-large", 413, "The body is too large")
MEDIA_TYPE = Kind("media-type", 415, "The body is not in a form that is read here")
KEY_REUSED = Kind("key-reused", 422, "This key was used for something else")
CONDITION_REQUIRED = Kind("condition-required", 428, "Say which version you mean")
THROTTLED = Kind("throttled", 429, "Too many requests")
FAULT = Kind("fault", 500, "The fault is ours")

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
