"""The digest of a row of evidence: what it said, and who said it when, cannot be changed unseen."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from evidence.models import Evidence

#: All columns but the row's number, which is not known before it is written, and the digest.
DIGESTED = (
    "portfolio_id",
    "bet_id",
    "hypothesis_id",
    "source_id",
    "external_id",
    "kind",
    "direction",
    "strength",
    "likelihood_ratio",
    "successes",
    "trials",
    "mean",
    "standard_deviation",
    "sample_size",
    "retracts_id",
    "reliability",
    "observed_at",
    "recorded_at",
    "recorded_by_id",
    "api_key_id",
    "note",
    "link",
)


def content_digest(evidence: Evidence) -> str:
    """SHA-256, in hexadecimal, of everything that a row says.

    Numbers are written so that they come back exactly, moments in UTC to the microsecond.
    """
    values = [_plain(getattr(evidence, name)) for name in DIGESTED]
    text = json.dumps(values, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value
