"""What is worked out about a proposal once it is published: when, in which order, and once."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from allocation import studies
from allocation.models import LatestRun, Proposal, ProposalChange, RecomputeRequest, Study
from allocation.recompute import recompute
from allocation.requests import ask
from allocation.snapshot import snapshot_of
from allocation.studies import owing, run_owed_studies
from allocation.tasks import sweep_studies
from bets.models import Bet, Portfolio
from evidence.beliefs import refresh
from tests.allocation.test_decide import proposed
from tests.allocation.test_recompute import two_bets
from tests.factories import make_hypothesis, make_portfolio, make_user

PARTS = ("robustness", "levers", "frontier", "information")


@pytest.mark.django_db
def test_a_published_proposal_is_studied_once_and_says_all_its_parts() -> None:
    portfolio, sick, well, proposal = proposed()
    assert list(owing()) == [portfolio]
    assert run_owed_studies(portfolio.pk) == 1
    study = Study.objects.get(proposal=proposal)
    assert all(getattr(study, part) for part in PARTS)
    assert study.finished_at is not None and study.problem == ""
    assert study.robustness and study.frontier and study.information
    assert study.robustness["probability_better"] > 0.5
    assert study.frontier[-1]["gain"] == pytest.approx(proposal.gain, rel=1e-6)
    assert {row["bet"] for row in study.information} == {str(sick.pk), str(well.pk)}
    assert run_owed_studies(portfolio.pk) == 0
    assert not owing().exists()


@pytest.mark.django_db
def test_nothing_that_was_shown_to_a_decider_changes() -> None:
    portfolio, _, _, proposal = proposed()
    before = dict(ProposalChange.objects.values_list("bet", "gain_alone"))
    ProposalChange.objects.update(gain_alone=1.0)  # an estimate, as large portfolios have it
    run_owed_studies(portfolio.pk)
    after = Proposal.objects.get(pk=proposal.pk)
    assert (after.version, after.content_sha256) == (proposal.version, proposal.content_sha256)
    exact = dict(ProposalChange.objects.values_list("bet", "gain_alone"))
    assert exact == pytest.approx(before, rel=1e-6)


@pytest.mark.django_db
def test_what_a_person_chose_keeps_their_figures_and_is_studied_too() -> None:
    portfolio, _, _, proposal = proposed()
    Proposal.objects.filter(pk=proposal.pk).update(drawn_up_by=make_user())
    ProposalChange.objects.update(gain_alone=None)
    run_owed_studies(portfolio.pk)
    assert Study.objects.get(proposal=proposal).levers is not None
    assert set(ProposalChange.objects.values_list("gain_alone", flat=True)) == {None}


@pytest.mark.django_db
def test_new_evidence_goes_first_and_what_is_there_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    portfolio, _, _, proposal = proposed()
    monkeypatch.setattr(studies, "LOOK_SECONDS", 0.0)
    written: list[str] = []

    def write(row: Study, part: str, found: Any) -> None:
        written.append(part)
        real(row, part, found)
        if part == "levers":
            ask(portfolio.pk, "Evidence")

    real = studies._write
    monkeypatch.setattr(studies, "_write", write)
    assert run_owed_studies(portfolio.pk) == 0
    assert written == ["robustness", "levers"]
    RecomputeRequest.objects.all().delete()
    assert run_owed_studies(portfolio.pk) == 1
    assert written == ["robustness", "levers", "gain_alone", "frontier", "information"]
    assert Study.objects.get(proposal=proposal).finished_at is not None


@pytest.mark.django_db
def test_what_to_learn_next_follows_runs_that_publish_nothing() -> None:
    portfolio, sick, _, proposal = proposed()
    run_owed_studies(portfolio.pk)
    Bet.objects.filter(pk=sick.pk).update(belief=0.0501)
    assert recompute(portfolio.pk) == proposal
    Study.objects.update(seconds=60.0)
    assert run_owed_studies(portfolio.pk) == 0, "what took a minute rests for twenty"
    Study.objects.update(seconds=0.0)
    assert run_owed_studies(portfolio.pk) == 1
    newest = studies.newest_information(portfolio.pk)
    assert newest is not None and newest.proposal_id is None and newest.information
    assert {row["belief"] for row in newest.information} == {0.0501, 0.9}
    Study.objects.update(seconds=0.0)
    recompute(portfolio.pk)
    assert run_owed_studies(portfolio.pk) == 1
    assert Study.objects.filter(portfolio=portfolio).count() == 2


@pytest.mark.django_db
def test_a_proposal_that_is_no_longer_open_is_not_studied() -> None:
    portfolio, _, _, proposal = proposed()
    closed = timezone.now()
    Proposal.objects.filter(pk=proposal.pk).update(status="withdrawn", closed_at=closed)
    run_owed_studies(portfolio.pk)
    assert not Study.objects.filter(proposal=proposal).exists()


@pytest.mark.django_db
def test_what_cannot_be_studied_says_why_and_is_not_tried_for_ever() -> None:
    portfolio, _, _, proposal = proposed()
    Proposal.objects.filter(pk=proposal.pk).update(snapshot={"bets": []})
    run_owed_studies(portfolio.pk)
    study = Study.objects.get(proposal=proposal)
    assert "horizon_months" in study.problem and study.finished_at is not None
    assert not owing().exists()


@pytest.mark.django_db
def test_beat_sweeps_up_what_no_message_came_for() -> None:
    portfolio, _, _, proposal = proposed()
    untouched = make_portfolio()
    sweep_studies()
    assert Study.objects.get(proposal=proposal).finished_at is not None
    assert not Study.objects.filter(portfolio=untouched).exists()
    LatestRun.objects.filter(portfolio=portfolio).update(
        finished_at=timezone.now() + timedelta(minutes=1), problem="It makes no sense."
    )
    assert not owing().exists()


@pytest.mark.django_db
def test_the_snapshot_says_what_a_thesis_stands_on_and_what_levers_take() -> None:
    portfolio, sick, _ = two_bets()
    Portfolio.objects.filter(pk=portfolio.pk).update(lever_terms={"hire": {"cost": 5}})
    first, second = make_hypothesis(sick, prior=0.4), make_hypothesis(sick, prior=0.5)
    refresh([sick.pk])
    snapshot = snapshot_of(Portfolio.objects.get(pk=portfolio.pk))
    [bet] = [row for row in snapshot["bets"] if row["id"] == str(sick.pk)]
    assert [row["id"] for row in bet["hypotheses"]] == [str(first.pk), str(second.pk)]
    product = bet["hypotheses"][0]["belief"] * bet["hypotheses"][1]["belief"]
    assert bet["belief"] == pytest.approx(product, abs=1e-9) == pytest.approx(0.2)
    assert snapshot["levers"] == {"hire": {"cost": 5}}
