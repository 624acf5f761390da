"""The demo portfolio tells its story through the product's own rules."""

import pytest

from allocation.demo.make import make_demo
from allocation.demo.story import event, read
from allocation.models import Decision, Proposal
from allocation.verify import verify
from bets.models import Bet, Portfolio
from spm.accounts.models import User


@pytest.mark.django_db
def test_the_demo_has_broken_silent_and_growing_bets_and_a_proposal_worth_approving() -> None:
    sign_ins = make_demo()
    portfolio = Portfolio.objects.get(slug="halden")
    bets = {bet.title: bet for bet in Bet.objects.filter(portfolio=portfolio)}
    assert bets["Merchant credit line"].thesis_status == "broken"
    assert bets["Merchant credit line"].delivery_signal == "Green"
    assert bets["Customs in the cloud"].thesis_status == "silent"
    assert bets["Glove scanners"].belief is not None
    assert bets["Glove scanners"].belief > 0.8
    proposal = Proposal.objects.get(portfolio=portfolio, status="open")
    assert proposal.gain > 1_000_000
    assert Decision.objects.filter(portfolio=portfolio, kind="approved").count() == 1
    assert User.objects.get(email=sign_ins[0].email).check_password(sign_ins[0].password)
    assert verify(portfolio) == []


@pytest.mark.django_db
def test_the_demo_is_made_once() -> None:
    assert len(make_demo()) == 5
    assert make_demo() == []


def test_every_event_of_the_story_can_be_read() -> None:
    texts = [
        text
        for bet in read().bets
        for hypothesis in bet.get("hypothesis", [])
        for text in hypothesis.get("evidence", [])
    ]
    assert len(texts) > 80
    assert all(event(text).days_ago > 0 for text in texts)


def test_an_event_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ValueError, match="40 twelve Web"):
        event("40 twelve Web")
