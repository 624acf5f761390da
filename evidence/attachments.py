"""Files attached to evidence: taken in before the form that names them, then kept for good.

A form names its files by tokens, so that a failed line costs neither the text nor the files, and
a form that arrives twice finds them again.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from secrets import token_hex
from typing import Any

from django.db.models import F, Func, Prefetch
from django.utils import timezone

from evidence.digest import attachment_digest
from evidence.file_kinds import clean_name, kind_of
from evidence.models import Attachment, Evidence, Upload
from spm.accounts.models import User
from spm.errors import Invalid

MOST_BYTES = 5_000_000
MOST_FILES = 5
#: How many files of one person wait for their forms at most; the oldest makes room.
MOST_WAITING = 20
WAITS_FOR = timedelta(days=7)

#: What pages need of attachments: everything but the files themselves.
FOR_PAGES = Prefetch("attachments", Attachment.objects.defer("content"))


def hand_in(person: User, name: str, content: bytes) -> Upload:
    """Take a file that a form will name; files that nobody named in a week are dropped.

    Raises:
        Invalid: it is too large, empty, or of no kind that is taken.
    """
    if len(content) > MOST_BYTES:
        raise Invalid({"file": f"The file has more than {MOST_BYTES // 1_000_000} MB."})
    kind = kind_of(content, name)
    _make_room(person)
    return Upload.objects.create(
        token=token_hex(16),
        uploaded_by=person,
        uploaded_at=timezone.now(),
        name=clean_name(name, kind),
        media_type=kind.media_type,
        size=len(content),
        content=content,
    )


def on_their_way(person: User, tokens: Iterable[str]) -> list[Upload]:
    """The files of a person with these tokens, without what is in them; unknown ones left out."""
    known = {
        upload.token: upload
        for upload in Upload.objects.filter(
            uploaded_by=person, token__in=[token for token in tokens if "\0" not in token]
        ).defer("content")
    }
    return [known[token] for token in dict.fromkeys(tokens) if token in known]


def tokens_in(given: dict[str, Any]) -> list[str]:
    """Take the tokens of files out of a body.

    Raises:
        Invalid: they are no list of texts.
    """
    tokens = given.pop("files", [])
    if not isinstance(tokens, list) or not all(isinstance(each, str) for each in tokens):
        raise Invalid({"files": "Give a list of the tokens that files were answered with."})
    return tokens


def named(person: User, tokens: Sequence[str]) -> list[Upload]:
    """The files that a form names.

    Raises:
        Invalid: there are too many, or one is no longer there.
    """
    found = on_their_way(person, tokens[: 4 * MOST_FILES])
    if len(found) > MOST_FILES or len(tokens) > 4 * MOST_FILES:
        raise Invalid({"files": f"At most {MOST_FILES} files can be attached: remove some."})
    if len(found) < len(set(tokens)):
        raise Invalid({"files": "A file did not wait so long: attach it again."})
    return found


def contents_of(uploads: Sequence[Upload], evidence: Evidence) -> list[Attachment]:
    """What becomes of the files with the evidence; not saved.

    Raises:
        Invalid: one of them has gone with other evidence.
    """
    waiting = Upload.objects.select_for_update().filter(evidence=None)
    found = waiting.in_bulk([upload.pk for upload in uploads])
    for upload in uploads:
        if upload.pk not in found:
            raise Invalid({"files": f"{upload.name} went with other evidence: attach it again."})
    return [_attachment(found[upload.pk], evidence) for upload in uploads]


def attach(
    evidence: Evidence, attachments: Sequence[Attachment], uploads: Sequence[Upload]
) -> None:
    """Keep the files with evidence that has just been written."""
    for attachment in attachments:
        attachment.evidence = evidence
    Attachment.objects.bulk_create(attachments)
    taken = Upload.objects.filter(pk__in=[upload.pk for upload in uploads])
    taken.update(evidence=evidence, content=b"")


def digests_by_evidence(portfolio_id: int | None = None) -> dict[int, list[str]]:
    """What the digest of each evidence with files has to cover, worked out from the files."""
    digests: dict[int, list[str]] = {}
    rows = Attachment.objects.defer("content").order_by("id")
    if portfolio_id is not None:
        rows = rows.filter(evidence__portfolio_id=portfolio_id)
    # The database digests the files itself: none of them is moved.
    for row in rows.annotate(found=Func(F("content"), function="sha256")).iterator():
        row.sha256 = bytes(row.found).hex()
        digests.setdefault(row.evidence_id, []).append(attachment_digest(row))
    return digests


def _attachment(upload: Upload, evidence: Evidence) -> Attachment:
    content = bytes(upload.content)
    return Attachment(
        portfolio_id=evidence.portfolio_id,
        name=upload.name,
        media_type=upload.media_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
    )


def _make_room(person: User) -> None:
    Upload.objects.filter(uploaded_at__lt=timezone.now() - WAITS_FOR).delete()
    waiting = Upload.objects.filter(uploaded_by=person, evidence=None).order_by("-id")
    too_many = list(waiting.values_list("id", flat=True)[MOST_WAITING - 1 :])
    Upload.objects.filter(pk__in=too_many).delete()
