"""The page that leads to the first three bets."""

import pytest
from django.test import Client

from bets.models import Bet
from evidence.intake import NewEvidence, record
from spm.accounts.models import Role, User
from tests.factories import make_member, make_portfolio, make_stream

TYPED = {
    "title": "Returns without a box",
    "statement": "One return in four comes without packaging.",
    "indicator": "Returns without a box",
    "metric": "proportion",
    "direction": ">=",
    "threshold": "25",
    "stop": "10",
    "prior": "50",
}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.django_db
def test_a_bet_its_thesis_and_the_way_to_its_evidence_in_one_form() -> None:
    portfolio = make_portfolio()
    lead, stream = make_member(portfolio), make_stream(portfolio)
    client = signed_in(lead)
    assert client.post("/first-bets", {**TYPED, "stream": stream.pk}).status_code == 302
    bet = Bet.objects.get()
    hypothesis = bet.hypotheses.get()
    assert (bet.stream, bet.owner, bet.stage) == (stream, lead, "funnel")
    assert (hypothesis.threshold, hypothesis.prior) == (0.25, 0.5)
    criterion = hypothesis.kill_criteria.get()
    assert (criterion.comparison, criterion.value) == ("<", 0.10)
    page = client.get("/first-bets").content.decode()
    assert f"/hypotheses/{hypothesis.pk}/evidence" in page
    assert "Go on with them" in client.get("/kanban").content.decode()


@pytest.mark.django_db
def test_after_three_with_evidence_it_leads_no_further() -> None:
    portfolio = make_portfolio()
    lead = make_member(portfolio)
    client = signed_in(lead)
    for number in range(3):
        client.post("/first-bets", {**TYPED, "title": f"Bet {number}"})
    said = NewEvidence(kind="judgement", direction="for", strength="weak")
    for bet in Bet.objects.all():
        record(lead, bet.hypotheses.get().pk, said)
    assert "That is the main job" in client.get("/first-bets").content.decode()
    assert "Go on with them" not in client.get("/kanban").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"title": ""}, "title"),
        ({"statement": ""}, "statement"),
        ({"threshold": ""}, "threshold"),
        ({"threshold": "120"}, "threshold"),
        ({"metric": ""}, "metric"),
        ({"prior": "100"}, "prior"),
    ],
)
def test_what_cannot_be_stands_beside_the_field_and_no_half_bet_is_made(
    typed: dict[str, str], field: str
) -> None:
    portfolio = make_portfolio()
    answer = signed_in(make_member(portfolio)).post("/first-bets", {**TYPED, **typed})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Bet.objects.exists()


@pytest.mark.django_db
def test_who_may_not_edit_bets_is_not_led_to_any() -> None:
    portfolio = make_portfolio()
    assert signed_in(make_member(portfolio, Role.VIEWER)).get("/first-bets").status_code == 403
