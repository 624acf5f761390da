"""Stopping a bet: from the consequences on the table to the books and the board."""

from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.utils import timezone

from allocation import ledger
from allocation.booking import after_months
from allocation.decide import approve, refuse
from allocation.leaving.consequences import consequences_of
from allocation.leaving.draw_up import propose_stop
from allocation.leaving.plan import Plan, read_plan
from allocation.leaving.weighing import weigh_plan
from allocation.models import Account, Proposal, RecomputeRequest, Transfer
from allocation.part import Part
from allocation.recompute import recompute
from allocation.verify import verify
from bets.edit import OFFICE
from bets.models import Bet, Dependency, Portfolio, StageChange, WipLimit
from evidence.intake import NewEvidence, record
from spm.accounts.models import Role
from spm.accounts.permissions import NotAllowed
from spm.errors import Conflict, Invalid
from tests.allocation.leaving.ends import World, as_shown, make_world
from tests.factories import make_member, make_portfolio, make_scaling_bet

pytestmark = pytest.mark.django_db
WHY = "Merchants do not come back."


def obstacles(plan: Plan) -> list[str]:
    return [obstacle.text for obstacle in weigh_plan(plan).obstacles]


def wrong_in_the_books(portfolio: Portfolio) -> list[str]:
    """What does not tie out, beliefs apart: the factory writes those down without evidence."""
    return [str(finding) for finding in verify(portfolio) if finding.row != "evidence"]


def approved(world: World, proposal: Proposal) -> Proposal:
    approve(world.finance, proposal.pk, as_shown(proposal))
    proposal.refresh_from_db()
    return proposal


def test_what_is_freed_left_and_lost_is_on_the_table_before_anybody_asks() -> None:
    world = make_world()
    ledger.book(
        world.portfolio.pk,
        [
            ledger.Entry(
                Transfer.Kind.OPENING,
                ledger.RESERVE,
                ledger.entangled(world.bet.pk),
                Decimal(2_000),
                timezone.localdate(),
            )
        ],
    )
    table = consequences_of(weigh_plan(Plan(world.bet)))
    row = table["bets"][0]
    # 40,000 leave: three quarters are freed, a quarter stays; 1.5 for each of the 40,000.
    assert (row["withdrawn"], row["freed"], row["entangled"]) == (
        "40000.00",
        "30000.00",
        "10000.00",
    )
    assert (row["already_entangled"], row["locked"]) == ("2000.00", "0.00")
    assert row["exit_cost"] == "60000.00"
    assert row["available_on"] == after_months(timezone.localdate(), 2).isoformat()
    assert row["owner"] == "Anna Lead"
    assert row["teams"] == [
        {
            "id": world.team.pk,
            "name": "Payments",
            "share": 0.5,
            "released": "15000.00",
            "members": ["Tess Team"],
        }
    ]


def test_the_gain_is_what_the_freed_money_costs_less_what_the_bet_still_earns_and_leaving() -> None:
    world = make_world(value_p10=Decimal(1_000_000), value_p90=Decimal(3_000_000))
    table = consequences_of(weigh_plan(Plan(world.bet)))
    # Saved: 24 months of the 30,000 that are freed. Lost: belief 5 % in 2,000,000, at 40,000 of
    # 50,000 worth 90 % of it. Notice: two months of 30,000. Exit: 60,000.
    assert table["gain"] == pytest.approx(24 * 30_000 - 0.05 * 0.9 * 2_000_000 - 60_000 - 60_000)
    assert table["gain_per_month_of_waiting"] == pytest.approx(table["gain"] / 24)


def test_a_stop_is_booked_and_the_card_leaves_the_board_in_one_decision() -> None:
    world = make_world()
    proposal = approved(world, propose_stop(world.lead, world.bet.pk, WHY))
    day = timezone.localdate()
    accounts = {a.kind: a for a in Account.objects.filter(bet=world.bet)}
    working, stuck = accounts["working"], accounts["entangled"]
    assert (working.booked, working.effective) == (Decimal(0), Decimal(30_000))
    assert stuck.effective == Decimal(10_000)
    entangle, leaving = proposal.decision.transfers.order_by("sequence")
    assert (entangle.kind, entangle.one_off) == ("entangle", Decimal(60_000))
    assert leaving.to_account.kind == Account.Kind.RESERVE
    assert (leaving.amount, leaving.effective_on) == (Decimal(30_000), after_months(day, 2))
    bet = Bet.objects.get(pk=world.bet.pk)
    # What its notice and what depends on it still consume stays in sight on the stopped card.
    assert (bet.stage, bet.working, bet.entangled) == ("stopped", 30_000, 10_000)
    change = StageChange.objects.get(bet=bet)
    assert change.changed_by == world.finance
    assert change.changed_at == proposal.decision.decided_at
    assert change.note == f"Proposal {proposal.number}: {WHY}"
    assert "€10k/mo entangled until it is unwound" in change.accepted
    assert "€60k exit cost" in change.accepted
    assert wrong_in_the_books(world.portfolio) == []
    ledger.mature(world.portfolio.pk, after_months(day, 2))
    bet.refresh_from_db()
    assert (bet.working, bet.entangled) == (0, 10_000)


def test_a_refused_stop_leaves_everything_as_it_is() -> None:
    world = make_world()
    proposal = propose_stop(world.lead, world.bet.pk, WHY)
    before = Transfer.objects.count()
    refuse(world.finance, proposal.pk, as_shown(proposal), "Give it a quarter.")
    bet = Bet.objects.get(pk=world.bet.pk)
    assert (bet.stage, bet.working, Transfer.objects.count()) == ("scaling", 40_000, before)
    assert not StageChange.objects.filter(bet=bet).exists()
    assert propose_stop(world.lead, world.bet.pk, "A quarter has passed.").is_open


def test_who_proposes_to_stop_does_not_decide_it() -> None:
    world = make_world()
    proposal = propose_stop(world.finance, world.bet.pk, WHY)
    with pytest.raises(NotAllowed, match="another has to decide"):
        approve(world.finance, proposal.pk, as_shown(proposal))
    approve(make_member(world.portfolio, Role.FINANCE), proposal.pk, as_shown(proposal))


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR, Role.ADMIN])
def test_who_may_not_propose_cannot_propose_to_stop(role: str) -> None:
    world = make_world()
    with pytest.raises(NotAllowed):
        propose_stop(make_member(world.portfolio, role, (world.team,)), world.bet.pk, WHY)


def test_a_stop_asks_for_a_reason() -> None:
    world = make_world()
    with pytest.raises(Invalid) as refusal:
        propose_stop(world.lead, world.bet.pk, "  ")
    assert "reason" in refusal.value.fields


def test_a_bet_of_a_foreign_portfolio_is_not_found() -> None:
    stranger = make_member(make_portfolio(), Role.LEAD)
    with pytest.raises(Bet.DoesNotExist):
        propose_stop(stranger, make_world().bet.pk, WHY)


def test_a_locked_part_stays_and_the_card_leaves_all_the_same() -> None:
    world = make_world(withdrawable=0.6)
    proposal = approved(world, propose_stop(world.lead, world.bet.pk, WHY))
    assert proposal.consequences is not None
    row = proposal.consequences["bets"][0]
    assert (row["withdrawn"], row["locked"]) == ("24000.00", "16000.00")
    account = Account.objects.get(bet=world.bet, kind="working")
    assert account.booked == Decimal(16_000)
    change = StageChange.objects.get(bet=world.bet)
    assert (change.to_stage, "€16k/mo locked for now" in change.accepted) == ("stopped", True)


def test_a_bet_of_which_nothing_can_be_withdrawn_is_not_proposed() -> None:
    world = make_world(withdrawable=0.0)
    assert "None of the €40k/mo" in obstacles(Plan(world.bet))[0]


def test_a_bet_without_money_needs_no_proposal() -> None:
    world = make_world()
    idle = make_scaling_bet(world.portfolio, title="Idle")
    (said,) = obstacles(Plan(idle))
    assert said.startswith("‘Idle’ holds no working money, so there is nothing to decide about")


def test_dependents_are_named_with_their_money_and_have_to_be_stopped_as_well() -> None:
    world = make_world()
    shop = world.dependent("Shop")
    later = world.dependent("Later", needs=shop)
    table = consequences_of(weigh_plan(Plan(world.bet)))
    rows = {row["title"]: row for row in table["dependents"]}
    assert rows["Shop"] == {
        "id": shop.pk,
        "title": "Shop",
        "theme": str(shop.theme),
        "stage": "scaling",
        "working": "10000.00",
        "entangled": "0.00",
        "needs": ["Merchant credit line"],
        "left_without": True,
        "ends_with_it": False,
        "why_it_stays": "",
    }
    assert (rows["Later"]["needs"], rows["Later"]["left_without"]) == (["Shop"], False)
    with pytest.raises(Conflict) as refusal:
        propose_stop(world.lead, world.bet.pk, WHY)
    (said,) = refusal.value.changed
    assert said == (
        "‘Shop’ is funded and needs ‘Merchant credit line’, which would hold nothing: stop it with "
        "this one, or change what it needs."
    )
    assert (
        "‘Later’ is funded and needs ‘Shop’"
        in (obstacles(read_plan(world.bet, with_ids=[shop.pk]))[0])
    )
    proposal = propose_stop(world.lead, world.bet.pk, WHY, with_ids=[shop.pk, later.pk])
    approved(world, proposal)
    stopped = Bet.objects.filter(stage="stopped")
    assert {bet.title for bet in stopped} == {"Merchant credit line", "Shop", "Later"}
    assert wrong_in_the_books(world.portfolio) == []


def test_only_what_depends_on_a_bet_is_stopped_with_it() -> None:
    world = make_world()
    stranger = make_scaling_bet(world.portfolio)
    with pytest.raises(Invalid) as refusal:
        propose_stop(world.lead, world.bet.pk, WHY, with_ids=[stranger.pk])
    assert str(stranger.pk) in refusal.value.fields["stop_with"]


def test_a_bet_that_has_come_to_need_it_since_stands_in_the_way_of_approval() -> None:
    world = make_world()
    proposal = propose_stop(world.lead, world.bet.pk, WHY)
    world.dependent("Shop")
    with pytest.raises(Conflict) as refusal:
        approve(world.finance, proposal.pk, as_shown(proposal))
    assert "‘Shop’ is funded and needs" in refusal.value.changed[0]
    assert Bet.objects.get(pk=world.bet.pk).stage == "scaling"


def test_a_bet_that_has_got_new_money_since_is_not_stopped_on_the_old_figures() -> None:
    world = make_world()
    proposal = propose_stop(world.lead, world.bet.pk, WHY)
    world.fund(world.bet, 5_000)
    before = Transfer.objects.count()
    with pytest.raises(Conflict) as refusal:
        approve(world.finance, proposal.pk, as_shown(proposal))
    assert "holds 45000.00 a month; the proposal assumes 40000.00" in refusal.value.changed[0]
    assert (Bet.objects.get(pk=world.bet.pk).stage, Transfer.objects.count()) == ("scaling", before)
    # It no longer fits the books, so that anybody may draw it up anew, and it takes its place.
    again = propose_stop(make_member(world.portfolio), world.bet.pk, WHY)
    proposal.refresh_from_db()
    assert (proposal.status, again.replaces) == ("superseded", proposal)


def test_terms_that_have_changed_since_are_said_with_what_differs() -> None:
    world = make_world()
    proposal = propose_stop(world.lead, world.bet.pk, WHY)
    Bet.objects.filter(pk=world.bet.pk).update(reclaimable_share=0.5)
    with pytest.raises(Conflict) as refusal:
        approve(world.finance, proposal.pk, as_shown(proposal))
    assert refusal.value.changed == [
        "Merchant credit line: €30k/mo freed when it was drawn up, €20k/mo now.",
        "Merchant credit line: €10k/mo entangled when it was drawn up, €20k/mo now.",
    ]


def test_a_bet_is_ended_by_one_open_proposal_at_a_time() -> None:
    world = make_world()
    first = propose_stop(world.lead, world.bet.pk, WHY)
    with pytest.raises(Conflict, match="cannot be proposed") as refusal:
        propose_stop(world.finance, world.bet.pk, "Me too.")
    assert f"Proposal {first.number} to end" in refusal.value.changed[0]
    first.pk, first.number = None, 99
    with pytest.raises(IntegrityError, match="one_open_proposal_to_end"):
        first.save(force_insert=True)


def test_who_drew_a_stop_up_may_draw_it_up_again() -> None:
    world = make_world()
    first = propose_stop(world.lead, world.bet.pk, WHY)
    second = propose_stop(world.lead, world.bet.pk, "For another reason.")
    first.refresh_from_db()
    assert (first.status, second.status) == ("superseded", "open")


def test_figures_that_have_changed_since_they_were_looked_at_are_not_proposed_unseen() -> None:
    world = make_world()
    seen = weigh_plan(Plan(world.bet)).digest
    world.fund(world.bet, 1_000)
    with pytest.raises(Conflict, match="figures have changed"):
        propose_stop(world.lead, world.bet.pk, WHY, seen=seen)


def test_the_boards_own_rules_hold_for_a_stop_too() -> None:
    world = make_world()
    WipLimit.objects.create(portfolio=world.portfolio, stage="stopped", limit=0)
    assert len(obstacles(Plan(world.bet))) == 1


def test_an_approved_stop_has_the_engine_look_again() -> None:
    world = make_world()
    approved(world, propose_stop(world.lead, world.bet.pk, WHY))
    reasons = list(RecomputeRequest.objects.values_list("reason", flat=True))
    assert "Proposal 1 was approved." in reasons
    assert Dependency.objects.count() == 0


def test_evidence_that_arrives_while_it_is_open_is_shown_before_it_is_decided() -> None:
    world = make_world()
    proposal = propose_stop(world.lead, world.bet.pk, WHY)
    seen = as_shown(proposal)
    event = NewEvidence(kind="judgement", direction="for", strength="strong")
    taken = record(OFFICE, world.bet.hypotheses.get().pk, event)
    with pytest.raises(Conflict, match="has not seen"):
        approve(world.finance, proposal.pk, seen)
    world.computed()
    recompute(world.portfolio.pk)
    with pytest.raises(Conflict, match="has changed since you opened it"):
        approve(world.finance, proposal.pk, seen)
    proposal.refresh_from_db()
    assert (proposal.newest_evidence, list(proposal.evidence.all())) == (
        taken.evidence,
        [taken.evidence],
    )
    approved(world, proposal)
    assert Bet.objects.get(pk=world.bet.pk).stage == "stopped"


def test_a_stop_is_not_approved_in_part() -> None:
    world = make_world()
    shop = world.dependent("Shop")
    proposal = propose_stop(world.lead, world.bet.pk, WHY, with_ids=[shop.pk])
    part = Part(frozenset({shop.pk}), {})
    with pytest.raises(Conflict, match="as a whole"):
        approve(world.finance, proposal.pk, as_shown(proposal), part)
    assert Bet.objects.get(pk=world.bet.pk).stage == "scaling"
