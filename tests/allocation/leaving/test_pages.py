"""The pages of ending a bet: everything before anything, nothing typed lost."""

import re
from decimal import Decimal

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from allocation.leaving.draw_up import propose_stop
from allocation.models import Proposal
from allocation.recompute import recompute
from bets.models import Bet
from spm.accounts.models import Role, User
from tests.allocation.leaving.ends import World, make_world
from tests.api_client import client_for
from tests.factories import make_member, make_portfolio, make_scaling_bet

pytestmark = pytest.mark.django_db


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def stop(world: World, **typed: object) -> HttpResponse:
    said = {"do": "propose", **typed}
    response = client_of(world.lead).post(f"/bets/{world.bet.pk}/stop", said)
    assert isinstance(response, HttpResponse)
    return response


def test_the_page_shows_everything_before_anything_is_asked() -> None:
    world = make_world()
    world.dependent("Shop")
    page = client_of(world.lead).get(f"/bets/{world.bet.pk}/stop").content.decode()
    for said in ("€30k", "€10k", "€60k", "Shop", "Anna Lead", "Payments", "Tess Team"):
        assert said in page
    assert "Tick the bets to be stopped with it" in page
    assert Proposal.objects.count() == 0


def test_a_proposal_is_drawn_up_and_is_called_what_it_does() -> None:
    world = make_world()
    response = stop(world, reason="Nobody borrows.")
    proposal = Proposal.objects.get()
    assert response["Location"] == f"/proposals/{proposal.pk}"
    page = client_of(world.finance).get(f"/proposals/{proposal.pk}").content.decode()
    assert "<h1>Stop: Merchant credit line</h1>" in page
    assert "Nobody borrows." in page
    assert "Tess Team" in page
    assert "moves the card to Stopped" in page
    assert "Stop: Merchant credit line, open" in (
        client_of(world.finance).get("/proposals").content.decode()
    )


def test_a_missing_reason_is_said_beside_it_and_ticks_are_kept() -> None:
    world = make_world()
    shop = world.dependent("Shop")
    response = stop(world, reason="", stop_with=[str(shop.pk)])
    assert response.status_code == 422
    page = response.content.decode()
    assert "Say why" in page
    assert 'aria-label="Stop Shop with it" checked' in page


def test_looking_again_with_other_ticks_keeps_the_reason_and_proposes_nothing() -> None:
    world = make_world()
    shop = world.dependent("Shop")
    typed = {"do": "look", "reason": "Nobody borrows.", "stop_with": [str(shop.pk)]}
    page = client_of(world.lead).post(f"/bets/{world.bet.pk}/stop", typed).content.decode()
    assert "Nobody borrows." in page
    assert "What stands in the way" not in page
    assert Proposal.objects.count() == 0


def test_only_what_can_be_stopped_with_it_is_offered_and_the_rest_says_why_not() -> None:
    world = make_world()
    shop, idle, stuck = (
        world.dependent(title, working)
        for title, working in (("Shop", 10_000), ("Idle", 0), ("Stuck", 5_000))
    )
    Bet.objects.filter(pk=stuck.pk).update(withdrawable=0.0)
    other = world.dependent("Other", 5_000)
    propose_stop(world.lead, other.pk, "It has had its day.")
    page = client_of(world.lead).get(f"/bets/{world.bet.pk}/stop").content.decode()
    offered = re.findall(r'name="stop_with" value="(\d+)"', page)
    assert offered == [str(shop.pk)]
    assert page.count("not with it") == 3
    for why in (
        "‘Idle’ holds no working money, so there is nothing to decide about",
        "can be withdrawn now: it is locked",
        "to end it is open already",
    ):
        assert why in page
    typed = {"do": "look", "reason": "So.", "stop_with": [str(idle.pk)]}
    ticked = client_of(world.lead).post(f"/bets/{world.bet.pk}/stop", typed).content.decode()
    assert 'aria-label="Stop Idle with it" checked' in ticked and "What stands in the way" in ticked
    shown = client_for(world.portfolio, "lead").get(f"/bets/{world.bet.pk}/if-stopped").json()
    told = {row["title"]: row["why_it_stays"] for row in shown["dependents"]}
    assert told["Shop"] == "" and all(told[title] for title in ("Idle", "Stuck", "Other"))


def test_an_amount_that_cannot_be_read_is_said_beside_it() -> None:
    world = make_world()
    successor = world.successor()
    typed = {"do": "propose", "reason": "So.", "successor": successor.pk, "amount": "much"}
    response = client_of(world.lead).post(f"/bets/{world.bet.pk}/pivot", typed)
    assert response.status_code == 422
    assert "Write a number such as" in response.content.decode()
    assert 'value="much"' in response.content.decode()


def test_a_pivot_without_a_successor_leads_to_creating_one() -> None:
    world = make_world()
    page = client_of(world.lead).get(f"/bets/{world.bet.pk}/pivot").content.decode()
    assert f"/bets/new?predecessor={world.bet.pk}" in page


def test_a_pivot_is_drawn_up_from_its_page() -> None:
    world = make_world()
    successor = world.successor(maximum=Decimal(20_000))
    typed = {"do": "propose", "reason": "So.", "successor": successor.pk, "amount": "12.5k"}
    client_of(world.lead).post(f"/bets/{world.bet.pk}/pivot", typed)
    proposal = Proposal.objects.get()
    assert proposal.moves.get(to_bet=successor).amount == Decimal(12_500)


def test_the_panel_leads_to_the_page_and_then_to_the_open_proposal() -> None:
    world = make_world()
    address = f"/bets/{world.bet.pk}/if-stopped"
    panel = client_of(world.lead).get(address).content.decode()
    assert f"/bets/{world.bet.pk}/stop" in panel
    viewer = make_member(world.portfolio, Role.VIEWER)
    assert "Propose to stop" not in client_of(viewer).get(address).content.decode()
    proposal = propose_stop(world.lead, world.bet.pk, "So.")
    panel = client_of(world.lead).get(address).content.decode()
    assert f"/proposals/{proposal.pk}" in panel
    assert "Propose to stop" not in panel


def test_the_engines_proposal_says_what_is_open_beside_it() -> None:
    world = make_world()
    make_scaling_bet(world.portfolio, title="Well", belief=0.95)
    engines = recompute(world.portfolio.pk)
    assert engines is not None
    propose_stop(world.lead, world.bet.pk, "So.")
    page = client_of(world.finance).get(f"/proposals/{engines.pk}").content.decode()
    assert "Stop: Merchant credit line</a>" in page


def test_who_may_not_propose_sees_the_consequences_and_no_form() -> None:
    world = make_world()
    viewer = client_of(make_member(world.portfolio, Role.VIEWER))
    page = viewer.get(f"/bets/{world.bet.pk}/stop").content.decode()
    assert "€30k" in page
    assert "end-form" not in page.replace('form="end-form"', "")
    posted = viewer.post(f"/bets/{world.bet.pk}/stop", {"do": "propose", "reason": "So."})
    assert (posted.status_code, Proposal.objects.count()) == (403, 0)


@pytest.mark.parametrize("page", ["stop", "pivot", "if-stopped"])
def test_a_foreign_bet_is_not_found(page: str) -> None:
    stranger = client_of(make_member(make_portfolio(), Role.LEAD))
    assert stranger.get(f"/bets/{make_world().bet.pk}/{page}").status_code == 404


def test_the_page_costs_the_same_queries_however_many_bets_there_are() -> None:
    world = make_world()
    client, address = client_of(world.lead), f"/bets/{world.bet.pk}/stop"
    world.dependent("Shop")
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for number in range(5):
        world.dependent(f"Shop {number}", 1_000)
        make_scaling_bet(world.portfolio)
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(few)
