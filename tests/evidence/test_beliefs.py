"""Beliefs as they are written down: time, restated theses, and the proof against the sources."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from allocation.models import RecomputeRequest
from bets.edit import OFFICE, add_hypothesis, change_hypothesis
from bets.models import Bet, Hypothesis
from evidence.beliefs import differences, note_passing_time, refresh
from evidence.intake import NewEvidence, record, retract
from evidence.models import BeliefPoint, Evidence, HypothesisBelief, ThesisBreak
from evidence.tasks import refresh_beliefs
from tests.factories import make_bet, make_hypothesis, make_kill_criterion, make_portfolio

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def days_ago(days: float) -> Any:
    """A moment so many days before now."""
    return NOW - timedelta(days=days)


def logged(hypothesis: Hypothesis, age: float = 0, **fields: Any) -> Evidence:
    """A moderate judgement for, logged when it was observed."""
    said = {"kind": "judgement", "direction": "for", "strength": "moderate", **fields}
    at = days_ago(age)
    event = NewEvidence(**said, observed_at=at)
    return record(OFFICE, hypothesis.pk, event, as_of=at, recorded_at=at).evidence


def a_bet(**fields: Any) -> tuple[Bet, Hypothesis]:
    """A bet with one hypothesis."""
    bet = make_bet(make_portfolio())
    return bet, make_hypothesis(bet, **fields)


# --- time -----------------------------------------------------------------------------------------


def test_ageing_is_written_once_it_is_noticeable_and_then_owes_a_recomputation() -> None:
    bet, hypothesis = a_bet(half_life_days=100.0)
    logged(hypothesis, strength="strong", age=200)
    RecomputeRequest.objects.all().delete()
    assert note_passing_time([bet.pk], days_ago(199.9)) == []
    assert not RecomputeRequest.objects.exists()
    (written,) = note_passing_time([bet.pk], days_ago(100))
    assert written.standing.decibans == pytest.approx(5.0)
    assert RecomputeRequest.objects.count() == 1
    assert BeliefPoint.objects.filter(hypothesis=None).count() == 2
    assert differences() == []


def test_slow_ageing_adds_up_instead_of_being_lost_in_small_steps() -> None:
    bet, hypothesis = a_bet(half_life_days=100.0)
    logged(hypothesis, strength="strong", age=100)
    for hours in range(0, 2400, 24):
        note_passing_time([bet.pk], days_ago(100 - hours / 24))
    bet.refresh_from_db()
    assert bet.belief == pytest.approx(10**0.5 / (1 + 10**0.5), abs=0.005)
    assert bet.version < 70


def test_a_deadline_that_passes_breaks_the_thesis_and_asks_for_a_recomputation() -> None:
    bet, hypothesis = a_bet(prior=0.9)
    criterion = make_kill_criterion(hypothesis, min_sample=100, deadline=days_ago(1))
    refresh([bet.pk], days_ago(2))
    RecomputeRequest.objects.all().delete()
    assert refresh_beliefs() == 1
    bet.refresh_from_db()
    assert bet.thesis_status == "broken"
    assert bet.broken_at == criterion.deadline + timedelta(microseconds=1)
    assert RecomputeRequest.objects.get().evidence is None
    assert ThesisBreak.objects.get().kill_criteria[0]["id"] == criterion.pk


def test_a_thesis_without_fresh_evidence_falls_silent() -> None:
    _, hypothesis = a_bet(half_life_days=30.0)
    logged(hypothesis, strength="weak", age=31)
    assert Bet.objects.get().thesis_status == "intact"
    refresh_beliefs()
    assert Bet.objects.get().thesis_status == "silent"


def test_a_break_by_ageing_bears_the_moment_at_which_it_happened() -> None:
    _, hypothesis = a_bet(prior=0.15, half_life_days=10.0)
    logged(hypothesis, strength="decisive", age=100)
    assert Bet.objects.get().thesis_status == "intact"
    refresh_beliefs()
    thesis_break = ThesisBreak.objects.get()
    assert days_ago(100) < thesis_break.at < days_ago(50)
    assert thesis_break.known_at > days_ago(1)
    assert thesis_break.evidence is None


def test_time_changes_nothing_where_nothing_decays() -> None:
    _, hypothesis = a_bet(half_life_days=None)
    logged(hypothesis, age=1000)
    assert refresh_beliefs() == 0


# --- restated theses ------------------------------------------------------------------------------


def test_a_new_hypothesis_and_a_changed_prior_change_the_belief_at_once() -> None:
    bet = make_bet(make_portfolio())
    hypothesis = add_hypothesis(OFFICE, bet.pk, {"statement": "They pay.", "prior": 0.5})
    bet.refresh_from_db()
    assert (bet.belief, bet.thesis_status) == (0.5, "untested")
    change_hypothesis(OFFICE, hypothesis.pk, {"prior": 0.8})
    add_hypothesis(OFFICE, bet.pk, {"statement": "They stay.", "prior": 0.5})
    bet.refresh_from_db()
    assert bet.belief == pytest.approx(0.4)
    assert differences() == []


def test_measurements_of_what_is_no_longer_measured_stay_on_record_and_weigh_nothing() -> None:
    _, hypothesis = a_bet(metric="proportion", threshold=0.1)
    logged(hypothesis, kind="measurement", direction=None, strength=None, successes=30, trials=40)
    assert Bet.objects.get().belief != 0.5
    why = "It is another survey now."
    change_hypothesis(OFFICE, hypothesis.pk, {"metric": "mean", "threshold": 5.0}, why)
    assert Bet.objects.get().belief == 0.5
    change_hypothesis(OFFICE, hypothesis.pk, {"metric": "", "threshold": None}, why)
    assert Bet.objects.get().belief == 0.5
    assert differences() == []


def test_a_bet_without_hypotheses_has_no_belief() -> None:
    bet = make_bet(make_portfolio())
    refresh([bet.pk])
    bet.refresh_from_db()
    assert (bet.belief, bet.thesis_status) == (None, "untested")
    assert differences() == []


def test_refreshing_many_bets_costs_the_same_number_of_reads(
    django_assert_num_queries: Any,
) -> None:
    portfolio = make_portfolio()
    bets = []
    for _ in range(12):
        hypothesis = make_hypothesis(make_bet(portfolio))
        logged(hypothesis)
        bets.append(hypothesis.bet_id)
    refresh(bets)
    with django_assert_num_queries(4):  # bets, hypotheses, criteria, evidence
        note_passing_time(bets, timezone.now())


# --- the proof ------------------------------------------------------------------------------------


def test_beliefs_written_event_by_event_equal_a_rebuild_from_scratch() -> None:
    bet, first = a_bet(half_life_days=60.0)
    second = make_hypothesis(bet, metric="mean", threshold=50.0, prior=0.7, half_life_days=None)
    make_kill_criterion(first, deadline=days_ago(30))
    rows = []
    for age in range(90, 0, -6):
        source = f"Source {age % 4}"
        rows.append(
            logged(first, age=age, source=source, direction=["for", "against"][age % 5 < 2])
        )
        mean = {"mean": 45.0 + age % 13, "standard_deviation": 9.0, "sample_size": 20 + age}
        logged(second, age=age, kind="measurement", direction=None, strength=None, **mean)
    retract(OFFICE, rows[3].pk, "Wrong product.")
    refresh([bet.pk])
    assert differences() == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda: Bet.objects.update(belief=0.5000001), "belief"),
        (lambda: Bet.objects.update(thesis_status="silent"), "thesis"),
        (lambda: Bet.objects.update(evidence_decibans=1.0), "weight of evidence"),
        (lambda: Bet.objects.update(freshest_evidence_at=days_ago(1)), "newest evidence"),
        (lambda: Bet.objects.update(broken_at=days_ago(1)), "moment of its break"),
        (lambda: HypothesisBelief.objects.update(belief=0.5), "belief"),
        (lambda: HypothesisBelief.objects.update(judgement_decibans=1.0), "weight of judgements"),
        (lambda: HypothesisBelief.objects.update(freshness=0.2), "freshness"),
        (lambda: HypothesisBelief.objects.update(kill_criteria_met=[1]), "kill criteria met"),
        (lambda: HypothesisBelief.objects.all().delete(), "belief in hypotheses"),
    ],
)
def test_a_projection_that_was_tampered_with_is_found(change: Any, what: str) -> None:
    bet, hypothesis = a_bet(half_life_days=100.0)
    logged(hypothesis, age=50)
    refresh([bet.pk])
    assert differences() == []
    change()
    assert any(difference.what.startswith(what) for difference in differences())
    assert differences(make_portfolio()) == []
