"""The thesis of a bet as a whole, as programs read it."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bets.edit import OFFICE
from bets.models import Bet, Dependency, Stage
from evidence.intake import NewEvidence, record
from reports.thesis import next_stage
from tests.api_client import client_for
from tests.factories import make_bet, make_hypothesis, make_portfolio

FOR = NewEvidence(kind="judgement", direction="for", strength="strong")


@pytest.mark.django_db
def test_a_program_reads_belief_evidence_money_and_what_a_bet_still_needs() -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio, stage="ready", test_budget=Decimal(40_000))
    needed = make_bet(portfolio, title="The platform")
    Dependency.objects.create(bet=bet, needs=needed)
    record(OFFICE, make_hypothesis(bet, prior=0.5).pk, FOR)
    thesis = client_for(portfolio).get(f"/bets/{bet.pk}/thesis").json()
    [hypothesis] = thesis["hypotheses"]
    [item] = hypothesis["evidence"]
    assert item["decibans"] == pytest.approx(10, abs=0.5)
    assert item["summary"] == "Strong judgement for"
    assert hypothesis["belief"] == pytest.approx(thesis["bet"]["belief"])
    assert hypothesis["evidence_count"] == 1
    assert thesis["needs"] == [
        {"id": needed.pk, "title": "The platform", "stage": "funnel", "working": "0.00"}
    ]
    assert thesis["next_stage"] == "testing"
    assert any("The platform" in text for text in thesis["lacks"])
    assert thesis["in_words"].startswith("Belief 91%, intact. Holds €0/mo")


@pytest.mark.parametrize(
    ("stage", "onward"),
    [("funnel", "framing"), ("scaling", "sustaining"), ("sustaining", None), ("stopped", None)],
)
def test_the_next_stage_is_the_next_column_of_the_board(stage: str, onward: str | None) -> None:
    assert next_stage(Bet(stage=stage)) == (onward and Stage(onward))


@pytest.mark.django_db
def test_the_thesis_costs_the_same_however_much_was_learned() -> None:
    portfolio = make_portfolio()
    client = client_for(portfolio)
    counts = []
    for hypotheses, events in ((1, 1), (3, 4)):
        bet = make_bet(portfolio, stage="testing")
        for _ in range(hypotheses):
            hypothesis = make_hypothesis(bet)
            for _ in range(events):
                record(OFFICE, hypothesis.pk, FOR)
        Dependency.objects.bulk_create(
            Dependency(bet=bet, needs=make_bet(portfolio)) for _ in range(hypotheses)
        )
        with CaptureQueriesContext(connection) as asked:
            client.get(f"/bets/{bet.pk}/thesis")
        counts.append(len(asked))
    assert counts[1] <= counts[0] <= 22
