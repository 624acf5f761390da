"""The demo portfolio tells its story through the product's own rules."""

from datetime import timedelta

import pytest
from django.utils import timezone

from allocation.demo.make import make_demo
from allocation.demo.story import event, move, read
from allocation.models import Decision, Mandate, Proposal
from allocation.verify import verify
from bets.models import Bet, Portfolio, StageChange
from bets.wip import full_limits
from reports.five_numbers import five_numbers
from spm.accounts.models import User


@pytest.mark.django_db
def test_the_demo_tells_two_years_and_ends_with_a_proposal_worth_approving() -> None:
    sign_ins = make_demo()
    assert len(sign_ins) == 5
    assert make_demo() == [], "it is made once"
    portfolio = Portfolio.objects.get(slug="halden")
    bets = {bet.title: bet for bet in Bet.objects.filter(portfolio=portfolio)}
    assert User.objects.get(email=sign_ins[0].email).check_password(sign_ins[0].password)

    well_reported = [bet for bet in bets.values() if bet.delivery_signal == "Green"]
    assert sum(bet.thesis_status == "broken" and bet.funding > 0 for bet in well_reported) >= 3
    assert bets["Merchant credit line"] in well_reported
    assert bets["Merchant credit line"].thesis_status == "broken"
    assert bets["Customs in the cloud"].thesis_status == "silent"
    assert bets["Rail terminal Gdynia"].liquidity == "vineyard"
    assert bets["Corner shops as parcel points"].predecessor == bets["Neighbours take it in"]
    assert portfolio.teams.get(name="Platform core").overload > 0
    assert len(full_limits(portfolio.pk, "testing", portfolio.streams.get(name="Hubs").pk)) == 1

    every_move = sum(len(facts.get("path", [])) for facts in read().bets)
    moved = StageChange.objects.filter(bet__portfolio=portfolio, changed_by__isnull=False)
    assert moved.count() == every_move, "the rules of the board refused a move"
    assert moved.earliest("changed_at").changed_at < timezone.now() - timedelta(days=600)

    decisions = Decision.objects.filter(portfolio=portfolio).order_by("decided_at")
    kinds = [each.kind for each in decisions]
    assert kinds.count("approved") == len(read().decisions) - 2
    in_part = decisions.get(kind="partial")
    assert in_part.mandate is not None and in_part.mandate.holder == in_part.decided_by
    assert Mandate.objects.filter(portfolio=portfolio).count() == len(read().mandates)
    numbers = five_numbers(portfolio)
    assert numbers.broken_rate > 0
    assert numbers.silent_bets > 0
    assert numbers.evidence_to_money_cases >= 3
    assert 7 <= (numbers.evidence_to_money_days or 0) <= 120

    proposal = Proposal.objects.get(portfolio=portfolio, status="open")
    assert proposal.changes.count() <= 8
    assert proposal.gain > 1_000_000
    assert proposal.changes.filter(bet=bets["Merchant credit line"]).exists()
    assert verify(portfolio) == []


def test_every_event_of_the_story_can_be_read() -> None:
    texts = [
        text
        for bet in read().bets
        for hypothesis in bet.get("hypothesis", [])
        for text in hypothesis.get("evidence", [])
    ]
    assert len(texts) > 150
    assert all(event(text).days_ago > 0 for text in texts)


def test_a_move_can_say_why_and_why_a_limit_was_gone_over() -> None:
    assert (move("430 scaling").note, move("430 scaling: it holds").note) == ("", "it holds")
    assert move("210 testing! for one quarter").override == "for one quarter"
    with pytest.raises(ValueError, match="430 up"):
        move("430 up up")


def test_an_event_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ValueError, match="40 twelve Web"):
        event("40 twelve Web")
