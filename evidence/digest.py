"""The digest of a row of evidence: what it said, and who said it when, cannot be changed unseen."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from evidence.models import SAID, Attachment, Evidence

#: All columns but the row's number, which is not known before it is written, and the digest.
DIGESTED = (
    "portfolio_id",
    "bet_id",
    "hypothesis_id",
    "source_id",
    "external_id",
    *SAID,
    "retracts_id",
    "reliability",
    "observed_at",
    "recorded_at",
    "recorded_by_id",
    "api_key_id",
    "note",
    "link",
)


def content_digest(evidence: Evidence, attached: Sequence[str] = ()) -> str:
    """SHA-256, in hexadecimal, of everything that a row says.

    Numbers are written so that they come back exactly, moments in UTC to the microsecond.
    ``attached`` are the digests of its files; without files they have no part in it.
    """
    values = _digested(vars(evidence))
    return _sha256([*values, list(attached)] if attached else values)


def attachment_digest(attachment: Attachment) -> str:
    """SHA-256, in hexadecimal, of a file and what it is called and said to be."""
    said = (attachment.name, attachment.media_type, attachment.size, attachment.sha256)
    return _sha256(list(said))


def _sha256(values: Sequence[Any]) -> str:
    return hashlib.sha256(_as_text(values).encode("ascii")).hexdigest()


@lru_cache(maxsize=256)
def _plain(value: Any) -> str:
    """What JSON has no word for; many rows share a moment."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"{type(value).__name__} has no place in a digest.")


# Made once: for each of a million rows it would cost more than the text itself.
_as_text = json.JSONEncoder(
    ensure_ascii=True,
    allow_nan=False,
    check_circular=False,
    separators=(",", ":"),
    default=_plain,
).encode
_digested = itemgetter(*DIGESTED)
