"""Asking somebody for evidence on a hypothesis, and taking that back.

A request is a row that stays as it was; whether it is open, overdue, answered or withdrawn is
worked out from what was recorded since (``EvidenceRequest.objects.with_state``).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from bets.models import Bet, Hypothesis, Portfolio
from evidence.event_row import visible_hypotheses
from evidence.models import EvidenceRequest, RequestState, RequestWithdrawal
from evidence.notices.requests import tell_of_request, tell_of_withdrawal
from evidence.resolve import resolution_of
from spm import live, reading
from spm.accounts.models import ApiKey, Membership, Role, User
from spm.accounts.permissions import (
    ROLES_FOR,
    NotAllowed,
    Principal,
    may,
    membership_of,
    person_behind,
    require,
)
from spm.errors import Conflict, Invalid
from spm.reading import Fields, optional

LONGEST = 2_000
#: How far ahead evidence may be asked for.
FARTHEST = timedelta(days=730)

_READERS = {
    "asked_of": optional(reading.whole(1, reading.LARGEST_ID)),
    "due_on": reading.day,
    "what_would_help": reading.text(LONGEST, required=True),
}


def who_may_answer(bet: Bet) -> "QuerySet[User]":
    """The members who may log evidence on a bet, by name; a contributor of one of its teams."""
    here = Q(memberships__portfolio_id=bet.portfolio_id)
    others = ROLES_FOR["log_evidence"] - {Role.CONTRIBUTOR}
    teams = here & Q(
        memberships__role=Role.CONTRIBUTOR, memberships__teams__id__in=list(bet.team_ids)
    )
    people = User.objects.filter((here & Q(memberships__role__in=others)) | teams, is_active=True)
    return people.distinct().order_by("name", "email")


@transaction.atomic
def ask(principal: Principal, hypothesis_id: int, fields: Mapping[str, Any]) -> EvidenceRequest:
    """Ask somebody for evidence; they are told.

    Args:
        principal: who asks.
        hypothesis_id: what the evidence should speak of.
        fields: ``due_on`` (a day), ``what_would_help`` (text) and, if wanted, ``asked_of`` (the id
            of a member who may log evidence on the bet; its owner by default).

    Raises:
        Hypothesis.DoesNotExist, NotAllowed, Invalid.
        Conflict: the hypothesis is resolved.
    """
    hypothesis = visible_hypotheses(principal).get(pk=hypothesis_id)
    bet: Bet = hypothesis.bet
    require(principal, "ask_for_evidence", bet.portfolio_id, bet.team_ids)
    values = _read(fields)
    asked_of = _asked_of(bet, values.get("asked_of"))
    if resolution_of(hypothesis) is not None:
        raise Conflict("It is resolved: there is nothing more to learn about it.")
    row: EvidenceRequest = EvidenceRequest.objects.create(
        portfolio_id=bet.portfolio_id,
        bet=bet,
        hypothesis=hypothesis,
        asked_of=asked_of,
        asked_by=person_behind(principal),
        api_key=principal if isinstance(principal, ApiKey) else None,
        asked_at=timezone.now(),
        due_on=values["due_on"],
        what_would_help=values["what_would_help"],
        belief_before=_belief_in(hypothesis),
    )
    tell_of_request(row)
    live.say(bet.portfolio_id, "requests", f"bet:{bet.pk}")
    return row


@transaction.atomic
def withdraw(principal: Principal, request_id: int) -> RequestWithdrawal:
    """Say that evidence is no longer asked for: who asked may, and whoever leads the portfolio.

    Raises:
        EvidenceRequest.DoesNotExist, NotAllowed.
        Conflict: it was answered or withdrawn already.
    """
    today = timezone.now().date()
    rows = EvidenceRequest.objects.with_state(today).visible_to(principal).select_related("bet")
    # Two that withdraw at once: the second waits, and then sees the first.
    Bet.objects.select_for_update(no_key=True).get(pk=rows.get(pk=request_id).bet_id)
    row: EvidenceRequest = rows.get(pk=request_id)
    if not may_withdraw(principal, row):
        raise NotAllowed("Who asked may withdraw it, and whoever leads the portfolio.")
    if row.state not in (RequestState.OPEN, RequestState.OVERDUE):
        raise Conflict(f"It is {RequestState(row.state).label.lower()} already.")
    person = person_behind(principal)
    done: RequestWithdrawal = RequestWithdrawal.objects.create(
        request=row, withdrawn_by=person, withdrawn_at=timezone.now()
    )
    tell_of_withdrawal(row, person)
    live.say(row.portfolio_id, "requests", f"bet:{row.bet_id}")
    return done


def may_withdraw(principal: Any, row: EvidenceRequest) -> bool:
    """Whether the principal asked, or leads the portfolio, and may ask at all."""
    membership = membership_of(principal, row.portfolio_id)
    is_known = may(principal, "ask_for_evidence", row.portfolio_id)
    return is_known and member_may_withdraw(membership, row)


def member_may_withdraw(membership: Membership | None, row: EvidenceRequest) -> bool:
    """The same for a member of its portfolio, without a query."""
    if membership is None or not membership.roles & ROLES_FOR["ask_for_evidence"]:
        return False
    return membership.role == Role.LEAD or row.asked_by_id == membership.user_id


def requests_of(portfolio: Portfolio, state: str = "") -> "QuerySet[EvidenceRequest]":
    """The requests of a portfolio with their states, newest first; of one state if it is named."""
    rows = EvidenceRequest.objects.filter(portfolio=portfolio)
    rows = rows.with_state(timezone.now().date())
    if state in RequestState.values:
        rows = rows.filter(state=state)
    return rows.select_related("bet", "hypothesis", "asked_of", "asked_by").order_by("-id")


# --- inside ---------------------------------------------------------------------------------------


def _read(given: Mapping[str, Any]) -> dict[str, Any]:
    found = Fields(given, _READERS)
    for name, reader in _READERS.items():
        found.read(name, reader)
    missing = {"due_on": "Say by when.", "what_would_help": "Say what would help."}
    for name, text in missing.items():
        if name not in found.values:
            found.wrong.setdefault(name, text)
    values = found.done()
    today = timezone.now().date()
    if values["due_on"] < today:
        raise Invalid({"due_on": "It lies in the past: choose a day to come."})
    if values["due_on"] > today + FARTHEST:
        raise Invalid({"due_on": "Choose a day within the next two years."})
    return values


def _asked_of(bet: Bet, person_id: int | None) -> User:
    people = who_may_answer(bet)
    if person_id is None:
        owner = people.filter(bets=bet).first()
        if owner is None:
            text = "The bet has no owner who may log evidence on it: say who is asked."
            raise Invalid({"asked_of": text})
        return owner
    person = people.filter(pk=person_id).first()
    if person is None:
        raise Invalid({"asked_of": "Choose a member who may log evidence on this bet."})
    return person


def _belief_in(hypothesis: Hypothesis) -> float:
    """What is believed of it now; of one that nothing was written about yet, its prior."""
    known = getattr(hypothesis, "belief_now", None)
    return known.belief if known is not None else hypothesis.prior
