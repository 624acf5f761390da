"""Pivoting a bet: its money to a successor with a changed hypothesis, its belief to nobody."""

from decimal import Decimal

import pytest
from django.utils import timezone

from allocation import ledger
from allocation.booking import after_months
from allocation.decide import approve
from allocation.leaving.draw_up import propose_pivot
from allocation.leaving.plan import Plan
from allocation.leaving.weighing import weigh_plan
from allocation.models import Account
from allocation.verify import verify
from allocation.wording import sentence, title_of
from bets.models import Bet, Hypothesis, StageChange
from spm.errors import Conflict, Invalid
from tests.allocation.leaving.ends import as_shown, make_world
from tests.factories import make_scaling_bet, make_team

pytestmark = pytest.mark.django_db
WHY = "The same merchants, paid up front."


def test_a_pivot_takes_what_is_freed_to_the_successor_and_the_rest_to_the_reserve() -> None:
    world = make_world()
    successor = world.successor(belief=0.5, maximum=Decimal(20_000))
    proposal = propose_pivot(world.lead, world.bet.pk, WHY, successor_id=successor.pk)
    assert title_of(proposal) == "Pivot: Merchant credit line → Second try"
    assert "of €40k/mo, €30k/mo is freed, €10k/mo stays entangled and €20k/mo goes over to" in (
        sentence(proposal)
    )
    approve(world.finance, proposal.pk, as_shown(proposal))
    day = after_months(timezone.localdate(), 2)
    ledger.mature(world.portfolio.pk, day)
    bet, after = Bet.objects.get(pk=world.bet.pk), Bet.objects.get(pk=successor.pk)
    # Of the 30,000 freed the successor takes its maximum of 20,000, two months from now.
    assert (bet.stage, bet.working, bet.entangled) == ("pivoted", 0, 10_000)
    assert (after.stage, after.working, after.belief) == ("scaling", 20_000, 0.5)
    assert Account.objects.get(bet=None, kind="reserve").booked == Decimal(70_000)
    change = StageChange.objects.get(bet=bet)
    assert (change.to_stage, change.changed_by) == ("pivoted", world.finance)
    assert [f for f in verify(world.portfolio) if f.row != "evidence"] == []


def test_how_much_goes_over_can_be_said_up_to_what_the_successor_may_take() -> None:
    world = make_world()
    successor = world.successor(maximum=Decimal(20_000))
    proposal = propose_pivot(
        world.lead, world.bet.pk, WHY, successor_id=successor.pk, amount=Decimal(12_500)
    )
    moves = {(m.to_bet_id, m.amount) for m in proposal.moves.all()}
    assert moves == {(successor.pk, Decimal(12_500)), (None, Decimal(17_500))}
    with pytest.raises(Conflict) as refusal:
        propose_pivot(
            world.lead, world.bet.pk, WHY, successor_id=successor.pk, amount=Decimal(20_001)
        )
    assert "can be given at most €20k/mo" in refusal.value.changed[0]


def test_what_the_teams_of_the_successor_cannot_take_on_stays_in_the_reserve() -> None:
    world = make_world()
    successor = world.successor(maximum=Decimal(60_000))
    crew = make_team(world.portfolio, capacity=Decimal(5_000))
    successor.bet_teams.create(team=crew, share=0.5)
    # Half of what it gets is work of a team that can take on 5,000 a month.
    weighed = weigh_plan(Plan(world.bet, successor=successor))
    assert (weighed.to_successor, weighed.most) == (Decimal(10_000), Decimal(10_000))
    assert weighed.obstacles == []


def test_a_successor_below_its_minimum_is_given_nothing_or_enough() -> None:
    world = make_world()
    successor = world.successor(minimum=Decimal(45_000))
    assert weigh_plan(Plan(world.bet, successor=successor)).to_successor == 0
    weighed = weigh_plan(Plan(world.bet, successor=successor, amount=Decimal(10_000)))
    assert [o.text for o in weighed.obstacles] == [
        "‘Second try’ holds nothing, or at least €45k/mo."
    ]


def test_a_successor_that_may_hold_no_money_yet_is_pivoted_to_without_any() -> None:
    world = make_world()
    successor = world.successor(stage="framing")
    proposal = propose_pivot(world.lead, world.bet.pk, WHY, successor_id=successor.pk)
    approve(world.finance, proposal.pk, as_shown(proposal))
    assert {(m.to_bet_id, m.amount) for m in proposal.moves.all()} == {(None, Decimal(30_000))}
    assert Bet.objects.get(pk=world.bet.pk).stage == "pivoted"
    weighed = weigh_plan(Plan(world.dependent("Other"), successor=successor, amount=Decimal(1)))
    assert any("it stands in Framing" in o.text for o in weighed.obstacles)


def test_a_successor_says_something_else_than_what_failed() -> None:
    world = make_world()
    same = world.bet.hypotheses.get()
    successor = make_scaling_bet(world.portfolio, title="Same again", predecessor=world.bet)
    Hypothesis.objects.create(
        bet=successor,
        statement=same.statement,
        indicator=same.indicator,
        threshold=same.threshold,
        prior=0.5,
    )
    with pytest.raises(Conflict) as refusal:
        propose_pivot(world.lead, world.bet.pk, WHY, successor_id=successor.pk)
    assert "states no hypothesis that ‘Merchant credit line’ does not" in refusal.value.changed[0]


def test_only_a_bet_that_names_it_as_its_predecessor_carries_it_on() -> None:
    world = make_world()
    with pytest.raises(Invalid) as refusal:
        propose_pivot(
            world.lead, world.bet.pk, WHY, successor_id=make_scaling_bet(world.portfolio).pk
        )
    assert "successor" in refusal.value.fields


def test_a_successor_that_may_no_longer_take_the_money_stands_in_the_way_of_approval() -> None:
    world = make_world()
    successor = world.successor()
    proposal = propose_pivot(world.lead, world.bet.pk, WHY, successor_id=successor.pk)
    Bet.objects.filter(pk=successor.pk).update(maximum=Decimal(10_000))
    with pytest.raises(Conflict) as refusal:
        approve(world.finance, proposal.pk, as_shown(proposal))
    assert "can be given at most €10k/mo" in refusal.value.changed[0]
    assert Bet.objects.get(pk=world.bet.pk).stage == "scaling"
