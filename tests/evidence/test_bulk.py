"""Many events at once."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from allocation.models import RecomputeRequest
from bets.models import Bet, Hypothesis
from evidence.beliefs import differences
from evidence.intake import NewEvidence, record, record_many, retract
from evidence.models import Evidence, ThesisBreak
from spm.accounts.models import Role
from spm.accounts.permissions import NotAllowed
from spm.errors import Invalid, Reused
from tests.factories import make_bet, make_hypothesis, make_member, make_portfolio, make_team

pytestmark = pytest.mark.django_db

#: A net against a slow path: rows for each second of our own computing, which says the same on a
#: busy machine. In time on the clock, bench/ measures it.
FEWEST_ROWS_PER_SECOND = 1_500


def judgement(**fields: Any) -> NewEvidence:
    """A moderate judgement for."""
    return NewEvidence(
        **{"kind": "judgement", "direction": "for", "strength": "moderate", **fields}
    )


def hypothesis_of_a_lead() -> tuple[Any, Hypothesis]:
    """A portfolio lead and a hypothesis of theirs."""
    portfolio = make_portfolio()
    return make_member(portfolio), make_hypothesis(make_bet(portfolio))


def test_many_events_leave_the_beliefs_that_single_ones_would() -> None:
    now = timezone.now()
    lead, hypothesis = hypothesis_of_a_lead()
    twin_lead, twin = hypothesis_of_a_lead()
    events = [
        judgement(
            direction=direction, source=source, observed_at=now - timedelta(days=age), note=source
        )
        for direction, source, age in [("for", "A", 9), ("against", "B", 5), ("for", "A", 1)]
    ]
    for event in events:
        record(lead, hypothesis.pk, event)
    outcomes = record_many(
        twin_lead, twin.bet.portfolio, [(twin.pk, event) for event in events], as_of=now
    )
    assert [outcome.created for outcome in outcomes] == [True] * 3
    one, other = Bet.objects.get(pk=hypothesis.bet_id), Bet.objects.get(pk=twin.bet_id)
    assert one.belief == pytest.approx(other.belief, abs=1e-5)
    assert one.freshest_evidence_at == other.freshest_evidence_at
    assert differences() == []


def test_bulk_evidence_owes_one_recomputation_and_changes_each_bet_once() -> None:
    lead, hypothesis = hypothesis_of_a_lead()
    record_many(lead, hypothesis.bet.portfolio, [(hypothesis.pk, judgement())] * 10)
    assert RecomputeRequest.objects.count() == 1
    assert Bet.objects.get().version == 2


def test_the_good_ones_are_taken_and_each_other_says_why_not() -> None:
    lead, hypothesis = hypothesis_of_a_lead()
    foreign = make_hypothesis(make_bet(make_portfolio()))
    named = judgement(external_id="1")
    outcomes = record_many(
        lead,
        hypothesis.bet.portfolio,
        [
            (hypothesis.pk, named),
            (hypothesis.pk, judgement(note="\x00")),
            (foreign.pk, judgement()),
            (hypothesis.pk, named),
            (hypothesis.pk, judgement(external_id="1", direction="against")),
            (hypothesis.pk, judgement(external_id="2")),
        ],
    )
    assert [outcome.created for outcome in outcomes] == [True, False, False, False, False, True]
    assert [type(outcome.refusal) for outcome in outcomes] == [
        type(None),
        Invalid,
        Invalid,
        type(None),
        Reused,
        type(None),
    ]
    assert outcomes[0].evidence == outcomes[3].evidence
    assert Evidence.objects.count() == 2


def test_a_batch_delivered_again_changes_nothing() -> None:
    lead, hypothesis = hypothesis_of_a_lead()
    events = [(hypothesis.pk, judgement(source="CRM", external_id=str(n))) for n in range(20)]
    record_many(lead, hypothesis.bet.portfolio, events)
    before = Bet.objects.values().get()
    again = record_many(lead, hypothesis.bet.portfolio, events)
    assert not any(outcome.created or outcome.refusal for outcome in again)
    assert Bet.objects.values().get() == before


def test_a_contributor_is_refused_where_their_teams_are_not() -> None:
    portfolio = make_portfolio()
    own = make_team(portfolio)
    contributor = make_member(portfolio, Role.CONTRIBUTOR, teams=(own,))
    mine = make_hypothesis(make_bet(portfolio, teams={own: 1.0}))
    other = make_hypothesis(make_bet(portfolio))
    outcomes = record_many(
        contributor, portfolio, [(mine.pk, judgement()), (other.pk, judgement())]
    )
    assert outcomes[0].created
    assert isinstance(outcomes[1].refusal, NotAllowed)


def test_retractions_in_bulk_name_what_there_is_and_take_it_back_once() -> None:
    lead, hypothesis = hypothesis_of_a_lead()
    first, second = (record(lead, hypothesis.pk, judgement()).evidence for _ in range(2))
    retract(lead, second.pk, "Logged twice.")
    events = [
        (hypothesis.pk, NewEvidence(kind="retraction", retracts=target, note="Wrong product."))
        for target in (first.pk, first.pk, second.pk, 10**9)
    ]
    outcomes = record_many(lead, hypothesis.bet.portfolio, events)
    assert [outcome.created for outcome in outcomes] == [True, False, False, False]
    assert Bet.objects.get().belief == 0.5
    assert differences() == []


def test_a_thesis_that_broke_and_was_revived_within_one_batch_has_both_on_record() -> None:
    lead, hypothesis = hypothesis_of_a_lead()
    now = timezone.now()
    events = [
        judgement(
            direction="against",
            strength="strong",
            source="Review",
            observed_at=now - timedelta(days=300),
        ),
        judgement(strength="decisive", source="Customers", observed_at=now - timedelta(days=100)),
    ]
    record_many(lead, hypothesis.bet.portfolio, [(hypothesis.pk, event) for event in events])
    breaks = ThesisBreak.objects.order_by("id")
    assert [(each.kind, each.at) for each in breaks] == [
        ("break", events[0].observed_at),
        ("revival", breaks[1].at),
    ]
    assert Bet.objects.get().thesis_status == "intact"
    assert differences() == []


def test_bulk_takes_thousands_of_rows_a_second_on_a_hundred_bets() -> None:
    portfolio = make_portfolio()
    lead = make_member(portfolio)
    hypotheses = [make_hypothesis(make_bet(portfolio)) for _ in range(100)]
    now = timezone.now()
    events = [
        (
            hypotheses[n % 100].pk,
            NewEvidence(
                kind="measurement",
                successes=n % 7,
                trials=50,
                source=f"Source {n % 5}",
                external_id=f"event-{n}",
                observed_at=now - timedelta(hours=n),
                note="Weekly cohort",
            ),
        )
        for n in range(5_000)
    ]
    # The first notice brings in all paths of the site, which has no part in it.
    reverse("bets:bet", args=[1])
    started = time.process_time()
    outcomes = record_many(lead, portfolio, events)
    rate = len(events) / (time.process_time() - started)
    assert all(outcome.created for outcome in outcomes)
    assert rate > FEWEST_ROWS_PER_SECOND
