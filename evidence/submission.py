"""A form that arrives twice is one piece of evidence: a failed line never says how far it got.

Each form carries a name of its own, by which the second delivery is known, as a program's is by
its ``external_id``.
"""

from dataclasses import replace

from bets.edit import Editor
from evidence.intake import NewEvidence, Recorded, record
from evidence.models import Evidence
from spm.errors import Reused


def submit(
    principal: Editor, hypothesis_id: int, event: NewEvidence, submission: str = ""
) -> Recorded:
    """Take what a form says, once however often it arrives.

    Args:
        principal: who sends it.
        hypothesis_id: what it speaks of.
        event: what was typed.
        submission: the form's own name; without one, each delivery is another event.

    Raises:
        As ``record``; Reused where the form was taken before and now says something else.
    """
    if not submission:
        return record(principal, hypothesis_id, event)
    named = replace(event, external_id=f"form-{submission}")
    _refuse_another_source(hypothesis_id, named)
    try:
        return record(principal, hypothesis_id, named)
    except Reused as reused:
        if reused.changed != ["observed_at"] or not _was_that_day(hypothesis_id, named):
            raise
    # It was 'now' on its first way, and that day is past on its second.
    return record(principal, hypothesis_id, replace(named, observed_at=None))


def _refuse_another_source(hypothesis_id: int, event: NewEvidence) -> None:
    """Events are known by source and name together; a form is one, whatever its source."""
    rows = Evidence.objects.filter(hypothesis_id=hypothesis_id, external_id=event.external_id)
    known = rows.select_related("source").first()
    if known is not None and str(known.source or "").lower() != str(event.source or "").lower():
        raise Reused("This form was taken before, from another source.", ["source"])


def _was_that_day(hypothesis_id: int, event: NewEvidence) -> bool:
    rows = Evidence.objects.filter(hypothesis_id=hypothesis_id, external_id=event.external_id)
    return rows.filter(observed_at__date=event.observed_at.date()).exists()
