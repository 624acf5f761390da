"""No moving goalposts in the dark: every change of a hypothesis is kept, and some must say why.

Once something has been learnt on a bet, changing what evidence is held against (a threshold, a
prior, a half-life, a kill criterion) changes what that evidence means. It may be right to do so;
it has to be said, and stands in the bet's history from then on.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from bets.models import Hypothesis, HypothesisChange
from spm import reading
from spm.errors import Invalid

GOALPOSTS = frozenset(
    {"metric", "threshold", "direction", "prior", "half_life_days", "kill_criteria"}
)
LONGEST_REASON = 2_000
_read_reason = reading.text(LONGEST_REASON)

State = Mapping[str, Any]


def reason_for(hypothesis: Hypothesis, changed: Iterable[str], reason: str) -> str:
    """The reason for a change, read.

    Raises:
        Invalid: it is needed and missing, or cannot be stored.
    """
    said: str = _read_reason(reason, "reason")
    moved = sorted(GOALPOSTS.intersection(changed))
    if moved and not said and had_evidence(hypothesis):
        names = ", ".join(name.replace("_", " ") for name in moved)
        raise Invalid(
            {
                "reason": f"Say why: there is evidence already, and a changed {names} changes what "
                "it means. The reason stays on record."
            }
        )
    return said


def had_evidence(hypothesis: Hypothesis) -> bool:
    """Whether anything has been learnt on the bet."""
    return hypothesis.bet.freshest_evidence_at is not None


def keep(
    hypothesis: Hypothesis, before: State, after: State, reason: str, signed: Mapping[str, Any]
) -> HypothesisChange:
    """Keep what it said before; both states hold only what was changed."""
    return HypothesisChange.objects.create(
        hypothesis=hypothesis,
        before={name: _plain(value) for name, value in before.items()},
        after={name: _plain(value) for name, value in after.items()},
        reason=reason,
        had_evidence=had_evidence(hypothesis),
        changed_at=timezone.now(),
        **signed,
    )


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return [{name: _plain(each) for name, each in row.items()} for row in value]
    return value
