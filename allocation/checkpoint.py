"""Signed checkpoints, kept outside of the database: where the chains ended, and when.

Whoever owns the database can shorten a chain, or make all of it anew, so that it ties out in
itself. A line that was written before and that they cannot sign says what it was. Each line is
JSON, signed with the key of the installation (HMAC-SHA256).
"""

import hmac
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac

from allocation.models import LedgerHead, Seal, Transfer
from allocation.verify import Checked, Finding

SALT = "allocation.checkpoint"


@dataclass(frozen=True)
class Checkpoint:
    """Where the chains of a portfolio ended at a moment (``at``, RFC 3339)."""

    at: str
    portfolio: int
    name: str
    transfers: int
    transfers_sha256: str
    seals: int
    seals_sha256: str

    @classmethod
    def of(cls, end: LedgerHead, at: str) -> "Checkpoint":
        """From the ends of the chains."""
        return cls(
            at,
            end.portfolio_id,
            end.portfolio.name,
            end.sequence,
            end.sha256,
            end.seals,
            end.seals_sha256,
        )

    def line(self) -> str:
        """The signed line."""
        return json.dumps({**asdict(self), "hmac": _signature(self, settings.SECRET_KEY)})


class Unreadable(Exception):
    """The file is no file of checkpoints; the text says what is wrong with it."""


def _signature(checkpoint: Checkpoint, secret: str) -> str:
    said = json.dumps(asdict(checkpoint), sort_keys=True)
    return salted_hmac(SALT, said, secret=secret, algorithm="sha256").hexdigest()


def compare(path: Path, done: Iterable[Checked]) -> list[Finding]:
    """Hold the chains against the last line about each portfolio; no file is nothing to hold.

    Raises:
        Unreadable: the file cannot be read.
    """
    findings, last = [], {}
    for number, checkpoint in _lines(path):
        if checkpoint is None:
            said = "was not signed by this installation, or was changed afterwards"
            findings.append(Finding(path.name, f"line {number}", said))
        else:
            last[checkpoint.portfolio] = checkpoint
    by_portfolio = {each.portfolio.pk: each for each in done}
    for portfolio_id, checkpoint in last.items():
        if portfolio_id in by_portfolio:
            findings += _differences(checkpoint, by_portfolio[portfolio_id])
    return findings


def missing_portfolios(path: Path, known: Iterable[int]) -> list[Finding]:
    """The portfolios of which the file speaks and which are not there any more."""
    there = set(known)
    gone = {
        checkpoint.portfolio: checkpoint
        for _, checkpoint in _lines(path)
        if checkpoint is not None and checkpoint.portfolio not in there
    }
    return [
        Finding(each.name, "portfolio", f"was there on {each.at} and is not any more")
        for each in gone.values()
    ]


def _lines(path: Path) -> Iterator[tuple[int, Checkpoint | None]]:
    """Each line with its number; None where it does not carry our signature."""
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path} cannot be read as a file of checkpoints: {error}") from error
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, _read(line)


def _read(line: str) -> Checkpoint | None:
    try:
        given: dict[str, Any] = json.loads(line)
        signature = given.pop("hmac")
        checkpoint = Checkpoint(**given)
        secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        signed = [hmac.compare_digest(_signature(checkpoint, each), signature) for each in secrets]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return checkpoint if any(signed) else None


def _differences(checkpoint: Checkpoint, done: Checked) -> Iterator[Finding]:
    """Whether each chain still runs through where it ended then."""
    ends: list[tuple[str, Any, int, str]] = [
        ("transfer", Transfer, checkpoint.transfers, checkpoint.transfers_sha256),
        ("seal", Seal, checkpoint.seals, checkpoint.seals_sha256),
    ]
    for word, model, sequence, sha256 in ends:
        if sequence == 0:
            continue
        row = model.objects.filter(portfolio=done.portfolio, sequence=sequence).first()
        if row is None:
            said = f"was the last one on {checkpoint.at} and is not there any more"
        elif row.sha256 != sha256:
            said = f"is another one than on {checkpoint.at}: the chain was made anew"
        else:
            continue
        yield Finding(done.portfolio.name, f"{word} {sequence}", said)


def append(path: Path, done: Iterable[Checked]) -> int:
    """Add a signed line for each portfolio, safely on disk before it returns; how many.

    Raises:
        Unreadable: the file cannot be written.
    """
    at = timezone.now().isoformat(timespec="seconds")
    lines = [Checkpoint.of(each.end, at).line() for each in done]
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Unreadable(f"{path} cannot be written: {error}") from error
    return len(lines)
