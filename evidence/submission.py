"""A form that arrives twice is one piece of evidence: a failed line never says how far it got.

Each form carries a name of its own, by which the second delivery is known, as a program's is by
its ``external_id``.
"""

from collections.abc import Sequence
from dataclasses import replace

from bets.edit import Editor
from evidence.intake import NewEvidence, Recorded, record
from evidence.models import Evidence, Upload
from spm.errors import Reused


def submit(
    principal: Editor,
    hypothesis_id: int,
    event: NewEvidence,
    submission: str = "",
    files: Sequence[Upload] = (),
) -> Recorded:
    """Take what a form says, once however often it arrives.

    Args:
        principal: who sends it.
        hypothesis_id: what it speaks of.
        event: what was typed.
        submission: the form's own name; without one, each delivery is another event.
        files: what goes with it.

    Raises:
        As ``record``; Reused where the form was taken before and now says something else.
    """
    if not submission:
        return record(principal, hypothesis_id, event, files=files)
    named = replace(event, external_id=f"form-{submission}")
    _refuse_another_source_or_file(hypothesis_id, named, files)
    try:
        return record(principal, hypothesis_id, named, files=files)
    except Reused as reused:
        if reused.changed != ["observed_at"] or not _was_that_day(hypothesis_id, named):
            raise
    # It was 'now' on its first way, and that day is past on its second.
    return record(principal, hypothesis_id, replace(named, observed_at=None))


def _refuse_another_source_or_file(
    hypothesis_id: int, event: NewEvidence, files: Sequence[Upload]
) -> None:
    """Events are known by source and name together, and by what they say; a form is one."""
    rows = Evidence.objects.filter(hypothesis_id=hypothesis_id, external_id=event.external_id)
    known = rows.select_related("source").first()
    if known is None:
        return
    if {upload.evidence_id for upload in files} - {known.pk}:
        raise Reused("This form was taken before, with other files.", ["files"])
    if str(known.source or "").lower() != str(event.source or "").lower():
        raise Reused("This form was taken before, from another source.", ["source"])


def _was_that_day(hypothesis_id: int, event: NewEvidence) -> bool:
    rows = Evidence.objects.filter(hypothesis_id=hypothesis_id, external_id=event.external_id)
    return rows.filter(observed_at__date=event.observed_at.date()).exists()
