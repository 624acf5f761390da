"""A scenario's solution becomes a proposal of a person, if it holds against today."""

from decimal import Decimal
from typing import Any

import pytest

from allocation import ledger
from allocation.decide import approve
from allocation.models import Guardrail, Proposal, RecomputeRequest, Scenario
from allocation.scenarios import edit, proposing
from allocation.still_so import Shown
from allocation.wording import sentence
from bets.models import Bet
from spm.accounts.models import Role
from spm.accounts.permissions import NotAllowed
from spm.errors import Conflict
from tests.allocation.scenarios.whatifs import World, make_world
from tests.factories import make_member, make_portfolio

pytestmark = pytest.mark.django_db


def stopping(**fields: Any) -> World:
    """A scenario that stops a bet, with its answer."""
    world = make_world(**fields)
    world.change("stop", world.sick.pk, True)
    world.solved()
    return world


def obstacles(world: World) -> list[str]:
    """What stands in the way of proposing."""
    world.scenario.refresh_from_db()
    return proposing.check(world.scenario).obstacles


def test_what_holds_today_becomes_the_persons_proposal_and_is_booked_by_another() -> None:
    world = stopping(reclaimable_share=0.75)
    assert obstacles(world) == []
    proposal = proposing.draw_up(world.lead, world.scenario.pk)
    change = proposal.changes.get(bet=world.sick)
    assert (change.working_before, change.working_after) == (Decimal(40_000), Decimal(0))
    assert (change.freed, change.entangled) == (Decimal(30_000), Decimal(10_000))
    assert (proposal.drawn_up_by, proposal.status) == (world.lead, "open")
    assert Scenario.objects.get(pk=world.scenario.pk).proposal == proposal
    RecomputeRequest.objects.all().delete()
    shown = Shown(proposal.version, proposal.content_sha256)
    approve(make_member(world.portfolio, Role.FINANCE), proposal.pk, shown)
    assert Bet.objects.get(pk=world.sick.pk).entangled == Decimal(10_000)


def test_neither_who_proposes_nor_who_made_the_scenario_may_approve() -> None:
    world = stopping()
    colleague = make_member(world.portfolio, Role.FINANCE)
    author = make_member(world.portfolio, Role.FINANCE)
    Scenario.objects.filter(pk=world.scenario.pk).update(author=author)
    proposal = proposing.draw_up(colleague, world.scenario.pk)
    shown = Shown(proposal.version, proposal.content_sha256)
    for person in (colleague, author):
        with pytest.raises(NotAllowed, match="drew up or changed"):
            approve(person, proposal.pk, shown)


def test_a_belief_that_is_not_todays_is_no_reason_to_move_money() -> None:
    world = make_world()
    world.change("belief", world.sick.pk, 0.95)
    world.solved()
    assert obstacles(world)[0] == (
        "It assumes what is not so: Belief in Sick 5% → 95%. To propose on that, log the evidence "
        "that says so."
    )
    with pytest.raises(Conflict) as refusal:
        proposing.draw_up(world.lead, world.scenario.pk)
    assert "Belief in Sick" in refusal.value.changed[0]
    assert not Proposal.objects.filter(drawn_up_by__isnull=False).exists()


def test_a_limit_that_is_looser_only_in_the_scenario_would_be_broken_today() -> None:
    world = make_world()
    Bet.objects.filter(pk=world.well.pk).update(horizon="H1")
    Guardrail.objects.filter(pk=world.guardrail.pk).update(
        scope={"horizon": ["H1"]}, maximum=Decimal("0.5")
    )
    edit.rebase(world.lead, world.scenario.pk)
    world.change("guardrail", world.guardrail.pk, None)
    world.solved()
    assert world.working["Well"] == 40_000
    assert obstacles(world) == [
        "It would break the guardrail One bet: 57.1%, where at most 50% is allowed."
    ]


def test_more_money_than_there_is_cannot_be_proposed() -> None:
    world = make_world()
    Bet.objects.filter(pk=world.well.pk).update(
        maximum=None, full_funding=Decimal(150_000), value_p90=Decimal(90_000_000)
    )
    world.change("guardrail", world.guardrail.pk, None)
    edit.rebase(world.lead, world.scenario.pk)
    world.change("envelope", "", 200_000)
    world.solved()
    assert any(text.startswith("It would exceed today's envelope") for text in obstacles(world))


def test_a_bet_that_may_not_grow_or_lose_so_much_today_is_named() -> None:
    world = stopping()
    Bet.objects.filter(pk=world.sick.pk).update(withdrawable=0.5)
    assert "Sick must keep at least €20k/mo for now." in obstacles(world)
    Bet.objects.filter(pk=world.well.pk).update(maximum=Decimal(20_000))
    assert "Well may hold at most €20k/mo today." in obstacles(world)


def test_positions_that_have_changed_since_are_named() -> None:
    world = stopping()
    ledger.book(
        world.portfolio.pk,
        [
            ledger.Entry(
                "move",
                ledger.working(world.well.pk),
                ledger.RESERVE,
                Decimal(5_000),
                world.scenario.taken_at.date(),
            )
        ],
        on=world.scenario.taken_at.date(),
        booked_by=None,
        decision=None,
    )
    assert obstacles(world)[0].startswith("Funding of Well €20k/mo → €15k/mo since")


def test_it_is_proposed_once_while_that_is_open() -> None:
    world = stopping()
    proposing.draw_up(world.lead, world.scenario.pk)
    with pytest.raises(Conflict, match="proposed already"):
        proposing.draw_up(world.lead, world.scenario.pk)


def test_without_an_answer_there_is_nothing_to_propose() -> None:
    world = make_world()
    with pytest.raises(Conflict) as refusal:
        proposing.draw_up(world.lead, world.scenario.pk)
    assert refusal.value.changed == ["There is no answer to this scenario yet."]


def test_only_who_may_propose_does_and_nobody_elsewhere() -> None:
    world = stopping()
    with pytest.raises(NotAllowed):
        proposing.draw_up(make_member(world.portfolio, Role.VIEWER), world.scenario.pk)
    with pytest.raises(Scenario.DoesNotExist):
        proposing.draw_up(make_member(make_portfolio(), Role.LEAD), world.scenario.pk)


def test_what_costs_value_by_todays_beliefs_says_so() -> None:
    world = make_world(belief=0.9)
    world.change("stop", world.well.pk, True)
    world.solved()
    proposal = proposing.draw_up(world.lead, world.scenario.pk)
    assert proposal.gain < 0
    assert "by today's beliefs that costs" in sentence(proposal)
