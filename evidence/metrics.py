"""A running system as a source of evidence: one reading of a hypothesis' leading indicator.

A reading says a value over n observations at a time. The same time from the same source is the
same reading, however often it is delivered. Readings are counted together, so each must be of new
observations; a system that only knows running totals says so, and each total then takes the place
of the one before.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from bets.edit import Editor
from bets.models import Hypothesis
from bets.models.thesis import Metric
from evidence import beliefs
from evidence.event_row import require_intake, visible_hypotheses
from evidence.intake import Recorded, record
from evidence.models import Evidence
from evidence.said import LARGEST_COUNT, LARGEST_FIGURE, SMALLEST_SCALE, NewEvidence
from spm import reading
from spm.accounts.models import ApiKey
from spm.errors import Conflict, Invalid
from spm.reading import Fields, Reader, optional

READING, SUPERSEDED = "reading", "superseded"


def _yes_or_no(value: Any, field: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid({field: "Write true or false."})
    return value


_READERS: dict[str, Reader] = {
    "value": reading.number(-LARGEST_FIGURE, LARGEST_FIGURE),
    "n": reading.whole(1, LARGEST_COUNT),
    "time": reading.moment,
    "sd": optional(reading.number(SMALLEST_SCALE, LARGEST_FIGURE)),
    "source": optional(reading.text(120)),
    "is_total": optional(_yes_or_no),
}


@dataclass(frozen=True)
class _Reading:
    value: float
    n: int
    time: datetime
    sd: float | None
    source: str
    is_total: bool

    @property
    def external_id(self) -> str:
        """By which the same reading is known again."""
        return f"{READING}:{self.time.isoformat()}"


@transaction.atomic
def take(principal: Editor, hypothesis_id: int, fields: dict[str, Any]) -> Recorded:
    """Take one reading.

    Args:
        principal: whose; the name of the key is the source, unless another is given.
        hypothesis_id: whose leading indicator it is.
        fields: ``value`` (a proportion's share, 0 to 1, or a mean), ``n`` (observations),
            ``time``; of a mean also ``sd`` (of one observation); ``source``; ``is_total`` where
            the reading takes the place of the source's last one.

    Raises:
        Hypothesis.DoesNotExist, NotAllowed.
        Invalid: a field lacks or cannot be, or the hypothesis measures nothing.
        Conflict: another value was taken for that time, or a later total has been.
    """
    hypothesis = visible_hypotheses(principal).get(pk=hypothesis_id)
    require_intake(principal, hypothesis.bet)
    said = _read(principal, fields)
    event = _event(hypothesis, said)
    beliefs.lock([hypothesis.bet_id])
    last = _last_total(hypothesis, said) if said.is_total else None
    if last is not None and last.observed_at > said.time:
        raise Conflict("A later total of this source has been taken: this one says nothing new.")
    taken = record(principal, hypothesis_id, event)
    if last is not None and taken.created:
        superseding = NewEvidence(
            kind="retraction",
            retracts=last.pk,
            note=f"A later total takes its place: {taken.evidence.summary}.",
            source=said.source,
            external_id=f"{SUPERSEDED}:{last.pk}",
        )
        record(principal, hypothesis_id, superseding)
    return taken


def _read(principal: Editor, fields: dict[str, Any]) -> _Reading:
    found = Fields({name: value for name, value in fields.items() if value is not None}, _READERS)
    for name, reader in _READERS.items():
        found.read(name, reader)
    for name in ("value", "n", "time"):
        if name not in found.values:
            found.wrong.setdefault(name, "This is needed.")
    values = found.done()
    own_name = principal.name if isinstance(principal, ApiKey) else str(principal)
    return _Reading(
        values["value"],
        values["n"],
        values["time"],
        values.get("sd"),
        values.get("source") or own_name[:120],
        bool(values.get("is_total")),
    )


def _event(hypothesis: Hypothesis, said: _Reading) -> NewEvidence:
    common = {
        "kind": "measurement",
        "source": said.source,
        "observed_at": said.time,
        "external_id": said.external_id,
    }
    if hypothesis.metric == Metric.PROPORTION:
        if not 0 <= said.value <= 1:
            raise Invalid({"value": "A proportion lies between 0 and 1: 0.12 is 12 of 100."})
        return NewEvidence(successes=round(said.value * said.n), trials=said.n, **common)
    if hypothesis.metric == Metric.MEAN:
        if said.sd is None:
            raise Invalid({"sd": "A mean needs the standard deviation of one observation."})
        return NewEvidence(
            mean=said.value, standard_deviation=said.sd, sample_size=said.n, **common
        )
    raise Invalid({"": "This hypothesis measures nothing: give it a metric and a threshold first."})


def _last_total(hypothesis: Hypothesis, said: _Reading) -> Evidence | None:
    """The last reading of the source that still counts, but for this very one."""
    rows = Evidence.objects.filter(
        hypothesis=hypothesis,
        source__name__iexact=said.source,
        external_id__startswith=f"{READING}:",
        retractions__isnull=True,
    )
    last: Evidence | None = (
        rows.exclude(external_id=said.external_id).order_by("-observed_at", "-id").first()
    )
    return last
