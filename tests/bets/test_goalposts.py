"""No moving goalposts in the dark."""

from typing import Any

import pytest
from django.db import transaction
from django.db.utils import DatabaseError
from django.urls import reverse

from bets.edit import OFFICE, change_hypothesis
from bets.models import Hypothesis, HypothesisChange
from evidence.intake import NewEvidence, record
from spm.errors import Invalid
from tests.api_client import assert_problem, client_for
from tests.evidence.test_log_pages import signed_in, text_of
from tests.factories import (
    make_bet,
    make_hypothesis,
    make_kill_criterion,
    make_member,
    make_portfolio,
)

pytestmark = pytest.mark.django_db

FOR = NewEvidence(kind="judgement", direction="for", strength="strong")


def judged_hypothesis(**fields: Any) -> Hypothesis:
    hypothesis = make_hypothesis(make_bet(make_portfolio()), **fields)
    record(OFFICE, hypothesis.pk, FOR)
    return hypothesis


def test_before_anything_is_learnt_a_threshold_may_be_changed_without_a_word() -> None:
    hypothesis = make_hypothesis(make_bet(make_portfolio()))
    change_hypothesis(OFFICE, hypothesis.pk, {"threshold": "0.2"})
    change = HypothesisChange.objects.get()
    assert (change.before, change.after) == ({"threshold": 0.1}, {"threshold": 0.2})
    assert not change.had_evidence


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": "0.2"},
        {"prior": 0.9},
        {"half_life_days": None},
        {"direction": "<="},
        {"kill_criteria": []},
    ],
)
def test_after_evidence_whoever_moves_the_goalposts_says_why(change: dict[str, Any]) -> None:
    hypothesis = judged_hypothesis()
    make_kill_criterion(hypothesis)
    with pytest.raises(Invalid) as refusal:
        change_hypothesis(OFFICE, hypothesis.pk, change)
    assert list(refusal.value.fields) == ["reason"]
    change_hypothesis(OFFICE, hypothesis.pk, change, reason="The pilot counted returns twice.")
    kept = HypothesisChange.objects.get()
    assert kept.reason == "The pilot counted returns twice."
    assert kept.had_evidence


def test_a_statement_may_be_worded_better_and_what_it_said_is_kept() -> None:
    hypothesis = judged_hypothesis(statement="Thye pay")
    change_hypothesis(OFFICE, hypothesis.pk, {"statement": "They pay"})
    assert HypothesisChange.objects.get().in_words == "Statement ‘Thye pay’ → ‘They pay’"


def test_a_change_is_told_in_words() -> None:
    hypothesis = judged_hypothesis()
    make_kill_criterion(hypothesis)
    change_hypothesis(
        OFFICE,
        hypothesis.pk,
        {"prior": 0.6, "half_life_days": None, "kill_criteria": []},
        "A better survey.",
    )
    said = HypothesisChange.objects.get().in_words
    assert said == (
        "Half life days 180 → never; kill criteria value < 0.02 on 100 or more → none; "
        "prior 50% → 60%"
    )


def test_saving_the_same_again_keeps_nothing() -> None:
    hypothesis = judged_hypothesis()
    change_hypothesis(OFFICE, hypothesis.pk, {"threshold": 0.1, "prior": 0.5})
    assert not HypothesisChange.objects.exists()


def test_what_is_kept_can_not_be_changed() -> None:
    hypothesis = judged_hypothesis()
    change_hypothesis(OFFICE, hypothesis.pk, {"prior": 0.6}, "Because.")
    with pytest.raises(DatabaseError), transaction.atomic():
        HypothesisChange.objects.update(reason="")


def test_the_form_asks_why_keeps_what_was_typed_and_the_page_shows_it() -> None:
    hypothesis = judged_hypothesis()
    client = signed_in(make_member(hypothesis.bet.portfolio, name="Ada Lovelace"))
    url = reverse("bets:edit_hypothesis", args=[hypothesis.pk])
    assert "Why it is changed" in text_of(client.get(url))
    form = {
        "statement": hypothesis.statement,
        "indicator": hypothesis.indicator,
        "metric": "proportion",
        "direction": ">=",
        "threshold": "0.25",
        "prior": "50",
        "half_life_days": "180",
        "kill-TOTAL_FORMS": "0",
        "kill-INITIAL_FORMS": "0",
    }
    refused = client.post(url, form)
    assert refused.status_code == 422
    assert "Say why: there is evidence already" in text_of(refused)
    assert 'value="0.25"' in refused.content.decode()
    client.post(url, {**form, "reason": "The old one was a typing error."})
    page = text_of(client.get(reverse("bets:bet", args=[hypothesis.bet_id])))
    assert "Threshold 0.1 → 0.25" in page
    assert "The old one was a typing error." in page


def test_the_api_asks_why_too() -> None:
    hypothesis = judged_hypothesis()
    client = client_for(hypothesis.bet.portfolio)
    path = f"/hypotheses/{hypothesis.pk}"
    refused = client.send("PATCH", path, {"prior": 0.3})
    assert assert_problem(refused, 400, "invalid")["errors"][0]["field"] == "reason"
    assert client.send("PATCH", path, {"prior": 0.3, "reason": "New data."}).status_code == 200
