"""Resolving a hypothesis: it held or it did not, with what shows it.

The belief follows by one event through the one door, as heavy as events get; opening the
hypothesis again retracts it. What was believed before stays what it was: from then on it is a
forecast that can be scored (``evidence.calibration``).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from bets.edit import Editor, Office
from bets.models import Bet, Hypothesis
from evidence import beliefs
from evidence.event_row import visible_hypotheses
from evidence.intake import record, retract
from evidence.models import Outcome, Resolution
from evidence.said import NewEvidence
from evidence.standing import CLOCKS_DIFFER_BY
from spm import live, reading
from spm.accounts.models import ApiKey, User
from spm.accounts.permissions import require
from spm.errors import Conflict, Invalid
from spm.reading import Fields, optional, or_default

#: The weight of what settles it: ±60 dB, the heaviest that a likelihood ratio counts for.
SETTLES = 1e6
SOURCE = "Resolution"
LONGEST = 4_900

_READERS = {
    "outcome": reading.one_of([Outcome.HELD, Outcome.DID_NOT_HOLD]),
    "shown_by": reading.text(LONGEST, required=True),
    "link": or_default(reading.web_address(500), ""),
    "became_clear_at": optional(reading.moment),
}


@dataclass(frozen=True)
class _Said:
    outcome: str
    shown_by: str
    link: str
    became_clear_at: datetime


def resolution_of(hypothesis: Hypothesis) -> Resolution | None:
    """The last word on a hypothesis, if it is resolved."""
    last = hypothesis.resolutions.order_by("-id").first()
    return None if last is None or last.outcome == Outcome.REOPENED else last


@transaction.atomic
def resolve(principal: Editor, hypothesis_id: int, fields: dict[str, Any]) -> Resolution:
    """Say that a hypothesis held or did not.

    Args:
        principal: who says so; whoever may edit the bet.
        hypothesis_id: which.
        fields: ``outcome`` ('held' or 'did_not_hold'), ``shown_by`` (what shows it), and, if
            wanted, ``link`` and ``became_clear_at`` (now by default; beliefs before it are
            forecasts).

    Raises:
        Hypothesis.DoesNotExist, NotAllowed, Invalid.
        Conflict: it is resolved already.
    """
    hypothesis = _locked(principal, hypothesis_id)
    said = _read(fields)
    known = resolution_of(hypothesis)
    if known is not None:
        raise Conflict(f"It is resolved already: it {known.get_outcome_display().lower()}.")
    held = said.outcome == Outcome.HELD
    event = NewEvidence(
        kind="ratio",
        likelihood_ratio=SETTLES if held else 1 / SETTLES,
        source=SOURCE,
        observed_at=said.became_clear_at,
        note=f"Resolved: it {'held' if held else 'did not hold'}. {said.shown_by}",
        link=said.link,
    )
    taken = record(principal, hypothesis_id, event)
    return _written(principal, hypothesis, said.outcome, said.shown_by, said, taken.evidence)


@transaction.atomic
def reopen(principal: Editor, hypothesis_id: int, reason: str) -> Resolution:
    """Open a resolved hypothesis again, with a reason: what settled it is retracted.

    Raises:
        Hypothesis.DoesNotExist, NotAllowed, Invalid.
        Conflict: it is not resolved.
    """
    hypothesis = _locked(principal, hypothesis_id)
    why = reading.text(LONGEST, required=True)(reason, "reason")
    known = resolution_of(hypothesis)
    if known is None:
        raise Conflict("It is not resolved.")
    taken = retract(principal, known.evidence_id, why)
    said = _Said(Outcome.REOPENED, why, "", timezone.now())
    return _written(principal, hypothesis, Outcome.REOPENED, why, said, taken.evidence)


# --- inside ---------------------------------------------------------------------------------------


def _locked(principal: Editor, hypothesis_id: int) -> Hypothesis:
    """The hypothesis, for this editor to resolve, its bet locked against others."""
    hypothesis = visible_hypotheses(principal).get(pk=hypothesis_id)
    bet: Bet = hypothesis.bet
    if not isinstance(principal, Office):
        require(principal, "edit_bet", bet.portfolio_id, bet.team_ids)
    beliefs.lock([bet.pk])
    return hypothesis


def _read(fields: dict[str, Any]) -> _Said:
    found = Fields({name: value for name, value in fields.items() if value is not None}, _READERS)
    for name, reader in _READERS.items():
        found.read(name, reader)
    for name, asked in (("outcome", "Say whether it held."), ("shown_by", "Say what shows it.")):
        if name not in found.values:
            found.wrong.setdefault(name, asked)
    values = found.done()
    now = timezone.now()
    clear = values.get("became_clear_at") or now
    if clear > now + CLOCKS_DIFFER_BY:
        raise Invalid({"became_clear_at": "It lies in the future: say when it became clear."})
    return _Said(values["outcome"], values["shown_by"], values.get("link", ""), clear)


def _written(
    principal: Editor, hypothesis: Hypothesis, outcome: str, shown_by: str, said: _Said, event: Any
) -> Resolution:
    row: Resolution = Resolution.objects.create(
        hypothesis=hypothesis,
        outcome=outcome,
        became_clear_at=said.became_clear_at,
        shown_by=shown_by,
        link=said.link,
        evidence=event,
        resolved_at=timezone.now(),
        resolved_by=principal if isinstance(principal, User) else None,
        api_key=principal if isinstance(principal, ApiKey) else None,
    )
    live.say(hypothesis.bet.portfolio_id, f"bet:{hypothesis.bet_id}", "calibration")
    return row
