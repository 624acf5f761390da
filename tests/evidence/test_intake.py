"""The door for evidence: what it takes, refuses, knows again, and what one event causes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from allocation.models import RecomputeRequest
from bets.models import Bet, Hypothesis
from evidence.beliefs import differences
from evidence.intake import NewEvidence, preview, record, retract
from evidence.models import BeliefPoint, Evidence, Source, ThesisBreak
from spm.accounts.models import ApiKey, Role
from spm.accounts.permissions import NotAllowed
from spm.errors import Conflict, Invalid
from tests.factories import (
    make_bet,
    make_hypothesis,
    make_kill_criterion,
    make_member,
    make_portfolio,
    make_team,
)

pytestmark = pytest.mark.django_db


def against(**fields: Any) -> NewEvidence:
    """A strong judgement against."""
    return judgement(**{"direction": "against", "strength": "strong", **fields})


def judgement(**fields: Any) -> NewEvidence:
    """A moderate judgement for."""
    return NewEvidence(
        **{"kind": "judgement", "direction": "for", "strength": "moderate", **fields}
    )


def hypothesis_of_a_lead(**fields: Any) -> tuple[Any, Hypothesis]:
    """A portfolio lead and a hypothesis of theirs."""
    portfolio = make_portfolio()
    return make_member(portfolio), make_hypothesis(make_bet(portfolio), **fields)


def refused(fields: dict[str, Any], **of_hypothesis: Any) -> dict[str, str]:
    """What is said, by field, of an event that cannot be taken."""
    lead, hypothesis = hypothesis_of_a_lead(**of_hypothesis)
    with pytest.raises(Invalid) as refusal:
        record(lead, hypothesis.pk, NewEvidence(**{"kind": "judgement", **fields}))
    assert not Evidence.objects.exists()
    return refusal.value.fields


# --- one event ------------------------------------------------------------------------------------


def test_a_judgement_moves_the_belief_by_its_decibans() -> None:
    lead, hypothesis = hypothesis_of_a_lead(prior=0.5)
    taken = record(lead, hypothesis.pk, judgement(strength="strong"))
    assert taken.hypothesis_before == 0.5
    assert taken.hypothesis_after == pytest.approx(10 / 11, abs=1e-6)
    assert taken.decibans == pytest.approx(10.0, abs=1e-6)
    assert not taken.breaks and taken.broke is None


def test_one_event_writes_every_projection_of_its_bet() -> None:
    lead, hypothesis = hypothesis_of_a_lead(prior=0.5)
    taken = record(lead, hypothesis.pk, judgement(observed_at=timezone.now() - timedelta(days=1)))
    bet = Bet.objects.get(pk=hypothesis.bet_id)
    hypothesis = Hypothesis.objects.get(pk=hypothesis.pk)
    assert bet.belief == hypothesis.belief_now.belief == taken.thesis_after
    assert bet.thesis_status == "intact"
    assert bet.freshest_evidence_at == taken.evidence.observed_at
    assert bet.evidence_decibans == pytest.approx(taken.decibans)
    assert bet.version == 2
    points = BeliefPoint.objects.filter(bet=bet, evidence=taken.evidence)
    assert {point.hypothesis_id for point in points} == {None, hypothesis.pk}
    assert differences() == []


def test_one_event_owes_one_recomputation_that_names_it() -> None:
    lead, hypothesis = hypothesis_of_a_lead()
    taken = record(lead, hypothesis.pk, judgement())
    request = RecomputeRequest.objects.get()
    assert request.evidence == taken.evidence
    assert request.portfolio_id == hypothesis.bet.portfolio_id


def test_evidence_against_breaks_a_thesis_and_the_break_names_it() -> None:
    lead, hypothesis = hypothesis_of_a_lead(prior=0.5)
    taken = record(lead, hypothesis.pk, against())
    assert taken.breaks
    thesis_break = ThesisBreak.objects.get()
    assert taken.broke == thesis_break
    assert thesis_break.evidence == taken.evidence
    assert thesis_break.at == taken.evidence.observed_at
    bet = Bet.objects.get()
    assert (bet.thesis_status, bet.broken_at) == ("broken", thesis_break.at)


def test_later_evidence_revives_a_broken_thesis() -> None:
    lead, hypothesis = hypothesis_of_a_lead(prior=0.5)
    record(lead, hypothesis.pk, against(source="Review"))
    taken = record(lead, hypothesis.pk, judgement(strength="decisive", source="Customers"))
    assert taken.revives and taken.broke is None
    assert [each.kind for each in ThesisBreak.objects.order_by("id")] == ["break", "revival"]
    bet = Bet.objects.get()
    assert (bet.thesis_status, bet.broken_at) == ("intact", None)
    assert differences() == []


def test_a_kill_criterion_breaks_a_thesis_whatever_the_belief_says() -> None:
    lead, hypothesis = hypothesis_of_a_lead(prior=0.99)
    criterion = make_kill_criterion(hypothesis, value=0.02, min_sample=100)
    event = NewEvidence(kind="measurement", successes=1, trials=100)
    taken = record(lead, hypothesis.pk, event)
    assert taken.breaks
    assert taken.broke is not None
    assert taken.broke.kill_criteria == [{"id": criterion.pk, "says": str(criterion)}]
    assert Hypothesis.objects.get().belief_now.kill_criteria_met == [criterion.pk]


def test_a_thesis_of_which_nothing_was_learnt_is_untested_however_improbable() -> None:
    lead, hypothesis = hypothesis_of_a_lead(prior=0.1)
    shown = preview(lead, hypothesis.pk, judgement())
    assert shown.status_before == "untested"


def test_evidence_on_a_stopped_bet_is_still_taken() -> None:
    lead, hypothesis = hypothesis_of_a_lead()
    Bet.objects.update(stage="stopped")
    assert record(lead, hypothesis.pk, judgement()).created


def test_evidence_of_a_clock_that_is_a_little_ahead_counts_at_once() -> None:
    lead, hypothesis = hypothesis_of_a_lead()
    taken = record(lead, hypothesis.pk, against(observed_at=timezone.now() + timedelta(seconds=30)))
    assert taken.breaks
    later = record(lead, hypothesis.pk, judgement(strength="weak", source="Somebody else"))
    assert later.status_before == "broken"
    assert differences() == []


def test_an_import_may_take_what_was_observed_later_and_it_does_not_count_yet() -> None:
    lead, hypothesis = hypothesis_of_a_lead()
    then = datetime(2020, 1, 1, tzinfo=UTC)
    taken = record(
        lead, hypothesis.pk, against(observed_at=datetime(2021, 1, 1, tzinfo=UTC)), as_of=then
    )
    assert taken.hypothesis_after == taken.hypothesis_before
    assert taken.evidence.recorded_at == then


def test_the_source_says_how_far_it_is_relied_upon_unless_the_event_does() -> None:
    lead, hypothesis = hypothesis_of_a_lead()
    Source.objects.create(portfolio=hypothesis.bet.portfolio, name="Vendor", reliability=0.5)
    by_source = record(lead, hypothesis.pk, judgement(source="vendor"))
    by_event = record(lead, hypothesis.pk, judgement(source="VENDOR", reliability=0.25))
    assert by_source.evidence.reliability == 0.5
    assert by_event.evidence.reliability == 0.25
    assert Source.objects.count() == 1


# --- preview --------------------------------------------------------------------------------------


def test_a_preview_says_what_recording_will_do_and_writes_nothing() -> None:
    lead, hypothesis = hypothesis_of_a_lead(prior=0.6)
    event = against(source="New source", observed_at=timezone.now() - timedelta(days=30))
    shown = preview(lead, hypothesis.pk, event)
    assert not Evidence.objects.exists() and not Source.objects.exists()
    taken = record(lead, hypothesis.pk, event)
    assert shown.hypothesis_after == pytest.approx(taken.hypothesis_after, abs=1e-6)
    assert shown.decibans == pytest.approx(taken.decibans, abs=1e-4)
    assert shown.breaks == taken.breaks is True


# --- taking back ----------------------------------------------------------------------------------


def test_a_retracted_item_counts_as_if_it_had_never_been() -> None:
    lead, hypothesis = hypothesis_of_a_lead(prior=0.5)
    taken = record(lead, hypothesis.pk, against())
    back = retract(lead, taken.evidence.pk, "The sample was of another product.")
    assert back.hypothesis_after == 0.5
    assert back.decibans == pytest.approx(10.0, abs=1e-4)
    assert back.revives
    assert Evidence.objects.count() == 2
    assert Bet.objects.get().thesis_status == "untested"
    assert differences() == []


def test_a_retraction_needs_a_reason_and_something_to_take_back() -> None:
    lead, hypothesis = hypothesis_of_a_lead()
    taken = record(lead, hypothesis.pk, judgement())
    with pytest.raises(Invalid, match="note"):
        retract(lead, taken.evidence.pk, "  ")
    retract(lead, taken.evidence.pk, "Logged twice.")
    with pytest.raises(Invalid, match="taken back already"):
        retract(lead, taken.evidence.pk, "Logged twice.")
    other = make_hypothesis(hypothesis.bet)
    elsewhere = NewEvidence(kind="retraction", retracts=taken.evidence.pk, note="Wrong one.")
    with pytest.raises(Invalid, match="no such evidence"):
        record(lead, other.pk, elsewhere)


# --- the same event again -------------------------------------------------------------------------


def test_the_same_event_again_is_the_same_event() -> None:
    lead, hypothesis = hypothesis_of_a_lead()
    event = judgement(source="Jira", external_id="PAY-1", note="It works.")
    first, second = (record(lead, hypothesis.pk, event) for _ in range(2))
    assert (first.created, second.created) == (True, False)
    assert first.evidence == second.evidence
    assert Bet.objects.get().version == 2


def test_another_event_under_the_same_name_is_a_conflict_that_says_what_differs() -> None:
    lead, hypothesis = hypothesis_of_a_lead()
    event = {"source": "Jira", "external_id": "PAY-1"}
    record(lead, hypothesis.pk, judgement(**event))
    with pytest.raises(Conflict) as conflict:
        record(lead, hypothesis.pk, against(**event, note="Changed my mind."))
    assert conflict.value.changed == ["direction", "note", "strength"]
    other = make_hypothesis(make_bet(hypothesis.bet.portfolio))
    with pytest.raises(Conflict) as conflict:
        record(lead, other.pk, judgement(**event))
    assert conflict.value.changed == ["hypothesis"]


def test_names_of_events_are_the_sources_own() -> None:
    lead, hypothesis = hypothesis_of_a_lead()
    for source in ("Jira", "Survey", None):
        assert record(lead, hypothesis.pk, judgement(source=source, external_id="1")).created


# --- who may --------------------------------------------------------------------------------------


def test_a_contributor_logs_evidence_on_bets_of_their_own_teams_only() -> None:
    portfolio = make_portfolio()
    own, other = make_team(portfolio), make_team(portfolio)
    contributor = make_member(portfolio, Role.CONTRIBUTOR, teams=(own,))
    mine = make_hypothesis(make_bet(portfolio, teams={own: 0.5}))
    theirs = make_hypothesis(make_bet(portfolio, teams={other: 0.5}))
    assert record(contributor, mine.pk, judgement()).created
    with pytest.raises(NotAllowed):
        record(contributor, theirs.pk, judgement())
    with pytest.raises(NotAllowed):
        preview(contributor, theirs.pk, judgement())


@pytest.mark.parametrize("role", [Role.VIEWER, Role.FINANCE, Role.ADMIN])
def test_who_only_looks_or_decides_logs_no_evidence(role: str) -> None:
    portfolio = make_portfolio()
    hypothesis = make_hypothesis(make_bet(portfolio))
    with pytest.raises(NotAllowed):
        record(make_member(portfolio, role), hypothesis.pk, judgement())


def test_a_hypothesis_of_a_foreign_portfolio_does_not_exist() -> None:
    _, hypothesis = hypothesis_of_a_lead()
    stranger = make_member(make_portfolio())
    for attempt in (record, preview):
        with pytest.raises(Hypothesis.DoesNotExist):
            attempt(stranger, hypothesis.pk, judgement())
    with pytest.raises(Evidence.DoesNotExist):
        retract(stranger, 1, "Not mine.")


def test_a_key_signs_what_it_logs() -> None:
    lead, hypothesis = hypothesis_of_a_lead()
    portfolio_id = hypothesis.bet.portfolio_id
    key, _ = ApiKey.issue(lead, portfolio_id, "Pipeline", ["read", "evidence"])
    taken = record(key, hypothesis.pk, judgement())
    assert (taken.evidence.api_key, taken.evidence.recorded_by) == (key, None)


# --- what cannot be taken -------------------------------------------------------------------------

NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "rumour"}, "kind"),
        ({"kind": None}, "kind"),
        ({}, "direction"),
        ({"direction": "for"}, "strength"),
        ({"direction": "for", "strength": "strong", "trials": 10}, "trials"),
        ({"direction": "for", "strength": "huge"}, "strength"),
        ({"kind": "ratio"}, "likelihood_ratio"),
        ({"kind": "ratio", "likelihood_ratio": 0}, "likelihood_ratio"),
        ({"kind": "ratio", "likelihood_ratio": -1}, "likelihood_ratio"),
        ({"kind": "ratio", "likelihood_ratio": NAN}, "likelihood_ratio"),
        ({"kind": "ratio", "likelihood_ratio": INFINITY}, "likelihood_ratio"),
        ({"kind": "ratio", "likelihood_ratio": 10**400}, "likelihood_ratio"),
        ({"kind": "ratio", "likelihood_ratio": True}, "likelihood_ratio"),
        ({"kind": "ratio", "likelihood_ratio": "1_0"}, "likelihood_ratio"),
        ({"kind": "ratio", "likelihood_ratio": "٣"}, "likelihood_ratio"),
        ({"kind": "measurement", "successes": 5}, "trials"),
        ({"kind": "measurement", "successes": 11, "trials": 10}, "successes"),
        ({"kind": "measurement", "successes": -1, "trials": 10}, "successes"),
        ({"kind": "measurement", "successes": 0, "trials": 0}, "trials"),
        ({"kind": "measurement", "successes": 1, "trials": 10**30}, "trials"),
        ({"kind": "measurement", "successes": 1.5, "trials": 10}, "successes"),
        ({"kind": "measurement", "successes": 1, "trials": 10, "mean": 2.0}, "mean"),
        ({"kind": "retraction", "note": "Wrong."}, "retracts"),
        ({"kind": "retraction", "retracts": 10**30, "note": "Wrong."}, "retracts"),
        ({"kind": "retraction", "retracts": 10**15, "note": "Wrong."}, "retracts"),
        ({"note": "a\x00b"}, "note"),
        ({"note": "\ud800"}, "note"),
        ({"note": "x" * 5001}, "note"),
        ({"note": 5}, "note"),
        ({"source": "a\x00b"}, "source"),
        ({"source": "x" * 121}, "source"),
        ({"external_id": "x" * 256}, "external_id"),
        ({"external_id": "\udfff"}, "external_id"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"link": "https://example.org/" + "x" * 500}, "link"),
        ({"reliability": 0}, "reliability"),
        ({"reliability": 1.01}, "reliability"),
        ({"reliability": NAN}, "reliability"),
        ({"observed_at": datetime(2026, 1, 1)}, "observed_at"),  # noqa: DTZ001
        ({"observed_at": "2026-01-01T00:00:00"}, "observed_at"),
        ({"observed_at": "2026-02-31T00:00:00Z"}, "observed_at"),
        ({"observed_at": "0001-01-01T00:00:00+14:00"}, "observed_at"),
        ({"observed_at": "9999-12-31T23:59:59-14:00"}, "observed_at"),
        ({"observed_at": 1_700_000_000}, "observed_at"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_its_field(fields: dict[str, Any], field: str) -> None:
    assert field in refused(fields)


def test_what_is_observed_in_the_future_is_refused_with_a_reason() -> None:
    said = refused({"observed_at": timezone.now() + timedelta(minutes=6)})
    assert "future" in said["observed_at"]


def test_a_mean_needs_its_spread_and_its_size() -> None:
    fields = {"kind": "measurement", "mean": 2.0, "standard_deviation": 0.0}
    said = refused(fields, metric="mean", threshold=1.0)
    assert said.keys() == {"standard_deviation", "sample_size"}


def test_a_hypothesis_that_measures_nothing_takes_no_measurement() -> None:
    said = refused({"kind": "measurement", "successes": 1, "trials": 2}, metric="", threshold=None)
    assert "measures nothing" in said["kind"]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    said = refused({"kind": "ratio", "likelihood_ratio": NAN, "note": "\x00", "reliability": 7})
    assert said.keys() == {"likelihood_ratio", "note", "reliability"}
