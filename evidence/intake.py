"""The one door for evidence: a page, the API, imports and commands all come through here.

Everything that one event causes is one transaction: the bet is locked, the event appended, all
beliefs of the bet worked out and written, and the floors above are told. The same event delivered
again, one after the other or at once, is known by its ``external_id`` and taken once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from bets.edit import Editor, Office
from bets.models import Bet, Hypothesis
from evidence import beliefs
from evidence.attachments import attach, contents_of
from evidence.beliefs import Cause
from evidence.bulk import Outcome, record_many
from evidence.digest import attachment_digest, content_digest
from evidence.effect import Effect, effect_of
from evidence.event_row import (
    already_taken,
    refuse_idle_retraction,
    refuse_unless_same,
    require_intake,
    row_of,
    visible_hypotheses,
)
from evidence.history import BetHistory, histories_of, item_of
from evidence.models import Evidence, Source, ThesisBreak, Upload
from evidence.said import NewEvidence, Said, event_of, read
from evidence.sources import known_sources, sources_named
from evidence.standing import CLOCKS_DIFFER_BY, moment_for

__all__ = [
    "NewEvidence",
    "Outcome",
    "Recorded",
    "content_digest",
    "event_of",
    "preview",
    "record",
    "record_many",
    "retract",
]

#: The id that an event has in a preview; rows begin at 1.
NOT_WRITTEN = 0


@dataclass(frozen=True, kw_only=True)
class Recorded(Effect):
    """An event that was taken, and what it did.

    ``created`` is False where it had been taken before: then nothing was done, and both beliefs
    are today's. ``turned`` is the break or revival that it caused, if any.
    """

    evidence: Evidence
    created: bool
    turned: ThesisBreak | None = None

    @property
    def broke(self) -> ThesisBreak | None:
        """The thesis break that it caused, if it did."""
        return self.turned if self.turned is not None and self.turned.kind == "break" else None


@transaction.atomic
def record(
    principal: Editor,
    hypothesis_id: int,
    event: NewEvidence,
    *,
    as_of: datetime | None = None,
    recorded_at: datetime | None = None,
    files: Sequence[Upload] = (),
) -> Recorded:
    """Take one piece of evidence and work out what it does.

    Args:
        principal: who hands it in.
        hypothesis_id: what it speaks of.
        event: what it says.
        as_of: the moment to judge at, for imports that replay the past; now by default.
        recorded_at: when it became known, for the same; now by default.
        files: what goes with it (``evidence.attachments``).

    Raises:
        Hypothesis.DoesNotExist: there is none that the principal may see.
        NotAllowed: they may not log evidence on this bet.
        Invalid: fields that cannot be taken.
        Conflict: an event of this source and ``external_id`` was taken that said something else;
            ``changed`` names what differs.
    """
    hypothesis = visible_hypotheses(principal).get(pk=hypothesis_id)
    (bet,) = beliefs.lock([hypothesis.bet_id])
    require_intake(principal, bet)
    now = timezone.now()
    said = read(event, hypothesis.metric, None if as_of else now + CLOCKS_DIFFER_BY)
    source = _source(bet.portfolio_id, said)
    known = already_taken(bet.portfolio_id, source, said.external_id)
    if known is not None:
        return _as_before(known, hypothesis, said)
    history = histories_of([bet])[bet.pk]
    if said.columns["kind"] == "retraction":
        refuse_idle_retraction(history, hypothesis_id, said.columns["retracts"])
    moment = as_of or now
    row = row_of(principal, hypothesis, bet, said, source, moment, recorded_at or moment)
    attachments = contents_of(files, row)
    row.content_sha256 = content_digest(row, [attachment_digest(each) for each in attachments])
    try:
        with transaction.atomic():  # the constraint decides between two bets that take it at once
            row.save(force_insert=True)
            attach(row, attachments, files)
    except IntegrityError:
        known = already_taken(bet.portfolio_id, source, said.external_id)
        if known is None:
            raise
        return _as_before(known, hypothesis, said)
    return _taken(bet, history, hypothesis, row, moment)


def retract(principal: Editor, evidence_id: int, reason: str) -> Recorded:
    """Take a piece of evidence back: a new row that says why, and counts as if it had never been.

    Raises:
        Evidence.DoesNotExist: there is none that the principal may see.
        NotAllowed, Invalid: as for ``record``.
    """
    rows = Evidence.objects.all()
    if not isinstance(principal, Office):
        rows = rows.visible_to(principal)
    hypothesis_id = rows.values_list("hypothesis_id", flat=True).get(pk=evidence_id)
    event = NewEvidence(kind="retraction", retracts=evidence_id, note=reason)
    return record(principal, hypothesis_id, event)


def preview(principal: Editor, hypothesis_id: int, event: NewEvidence) -> Effect:
    """What an event would do if it were logged now; nothing is written.

    Raises:
        As ``record``, but for conflicts.
    """
    hypothesis = visible_hypotheses(principal).get(pk=hypothesis_id)
    bet = hypothesis.bet
    require_intake(principal, bet)
    now = timezone.now()
    said = read(event, hypothesis.metric, now + CLOCKS_DIFFER_BY)
    history = histories_of([bet])[bet.pk]
    if said.columns["kind"] == "retraction":
        refuse_idle_retraction(history, hypothesis_id, said.columns["retracts"])
    known = known_sources(bet.portfolio_id, [said.source] if said.source else [])
    source = next(iter(known.values()), None)
    if source is None and said.source:
        source = Source(pk=NOT_WRITTEN, name=said.source)
    row = row_of(principal, hypothesis, bet, said, source, now, now)
    row.pk = NOT_WRITTEN
    return _effect(history, hypothesis, row, now)[1]


# --- inside ---------------------------------------------------------------------------------------


def _source(portfolio_id: int, said: Said) -> Source | None:
    if not said.source:
        return None
    return sources_named(portfolio_id, [said.source])[said.source.lower()]


def _as_before(known: Evidence, hypothesis: Hypothesis, said: Said) -> Recorded:
    refuse_unless_same(known, hypothesis.pk, said)
    bet = Bet.objects.get(pk=known.bet_id)
    now = hypothesis.belief_now.belief
    thesis = bet.belief or 0.0
    return Recorded(
        evidence=known,
        created=False,
        hypothesis_before=now,
        hypothesis_after=now,
        thesis_before=thesis,
        thesis_after=thesis,
        decibans=0.0,
        status_before=bet.thesis_status,
        status_after=bet.thesis_status,
    )


def _taken(
    bet: Bet, history: BetHistory, hypothesis: Hypothesis, row: Evidence, moment: datetime
) -> Recorded:
    longer, effect = _effect(history, hypothesis, row, moment)
    cause = Cause(
        f"Evidence on {bet.title}", row.recorded_at, evidence=row, touched={hypothesis.pk}
    )
    (written,) = beliefs.write([bet], {bet.pk: longer}, moment, cause)
    turned = written.turns[-1] if written.turns else None
    return Recorded(evidence=row, created=True, turned=turned, **_as_fields(effect))


def _as_fields(effect: Effect) -> Mapping[str, Any]:
    return {name: getattr(effect, name) for name in effect.__dataclass_fields__}


def _effect(
    history: BetHistory, hypothesis: Hypothesis, row: Evidence, moment: datetime
) -> tuple[BetHistory, Effect]:
    """The history with the event, and what the event does to it."""
    item = item_of(vars(row), hypothesis.metric)
    longer = history.with_item(hypothesis.pk, item)
    effect = effect_of(history, longer, hypothesis.pk, item, moment_for(longer, moment))
    return longer, effect
