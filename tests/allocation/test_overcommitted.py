"""Teams that hold more than they can absorb, on the board and in the proof."""

from decimal import Decimal

import pytest
from django.core.cache import cache
from django.test import Client

from allocation import ledger
from allocation.recompute import recompute
from allocation.requests import ask
from allocation.verify import verify
from bets.models import BetTeam, Fungibility, Portfolio, Team
from tests.factories import make_bet, make_member, make_portfolio, make_scaling_bet, make_team

pytestmark = pytest.mark.django_db


def office(efficiency: float = 0.0) -> tuple[Portfolio, Team, Team]:
    """Core absorbs 50k and holds 70k + 10k entangled; Web absorbs 100k, holds nothing."""
    portfolio = make_portfolio()
    core = make_team(portfolio, name="Pay Core", capacity=50_000)
    web = make_team(portfolio, name="Web", capacity=100_000)
    bet = make_scaling_bet(portfolio, teams={core: 1.0}, maximum=90_000)
    ledger.set_envelope(portfolio.pk, Decimal(200_000))
    ledger.open_positions(portfolio.pk, {bet.pk: (Decimal(70_000), Decimal(10_000))})
    if efficiency:
        Fungibility.objects.create(from_team=web, to_team=core, efficiency=efficiency)
    return portfolio, core, web


def overloads(*teams: Team) -> list[Decimal]:
    for team in teams:
        team.refresh_from_db()
    return [team.overload for team in teams]


def test_a_team_is_over_by_what_it_holds_working_and_entangled_beyond_its_capacity() -> None:
    portfolio, core, web = office()
    recompute(portfolio.pk)
    assert overloads(core, web) == [30_000, 0]


@pytest.mark.parametrize(("efficiency", "over"), [(0.5, 0), (0.2, 10_000)])
def test_what_others_can_lend_counts_first(efficiency: float, over: int) -> None:
    # Web lends up to 100k, of which Core gains 50k or 20k of the 30k that it is over.
    portfolio, core, web = office(efficiency)
    recompute(portfolio.pk)
    assert overloads(core, web) == [over, 0]


def test_a_team_that_has_room_again_is_so_after_the_next_computation() -> None:
    portfolio, core, _ = office()
    recompute(portfolio.pk)
    Team.objects.filter(pk=core.pk).update(capacity=90_000)
    recompute(portfolio.pk)
    assert overloads(core) == [0]


def test_the_proof_holds_it_against_the_books() -> None:
    portfolio, core, _ = office()
    recompute(portfolio.pk)
    assert findings_about_teams(portfolio) == []
    Team.objects.filter(pk=core.pk).update(overload=1)
    problem = f"team {core.pk} Pay Core: shows 1.00 over, it is 30000.00"
    assert findings_about_teams(portfolio) == [f"{portfolio}: {problem}"]
    ask(portfolio.pk, "It is computed again, and put right.")
    assert findings_about_teams(portfolio) == []


def findings_about_teams(portfolio: Portfolio) -> list[str]:
    return [str(each) for each in verify(portfolio) if each.row.startswith("team")]


def page_of(portfolio: Portfolio, address: str) -> str:
    cache.clear()
    client = Client()
    client.force_login(make_member(portfolio))
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_board_names_the_team_and_marks_the_cards_that_it_keeps_from_being_pulled() -> None:
    portfolio, core, web = office()
    ready = make_bet(portfolio, stage="ready", teams={core: 0.5, web: 0.5})
    free = make_bet(portfolio, stage="ready", teams={web: 1.0})
    early = make_bet(portfolio, stage="framing", teams={core: 1.0})
    recompute(portfolio.pk)
    board = page_of(portfolio, "/kanban")
    assert f'<a href="/kanban?team={core.pk}">Pay Core</a> by' in board
    assert board.count("no room in") == 1
    card = page_of(portfolio, f"/bets/{ready.pk}/card")
    assert "no room in" in card
    assert card.count("mark--over") == 1
    assert "€30k/mo over its capacity" in card
    assert "no room in" not in page_of(portfolio, f"/bets/{free.pk}/card")
    assert "mark--over" in page_of(portfolio, f"/bets/{early.pk}/card")


def test_a_kept_board_shows_a_team_that_has_just_gone_over() -> None:
    portfolio, _, _ = office()
    client = Client()
    client.force_login(make_member(portfolio))
    cache.clear()
    assert "Over capacity" not in client.get("/kanban").content.decode()
    recompute(portfolio.pk)
    assert "Over capacity" in client.get("/kanban").content.decode()
    BetTeam.objects.all().delete()
    recompute(portfolio.pk)
    assert "Over capacity" not in client.get("/kanban").content.decode()
    assert "Over capacity" not in client.get("/kanban/teams").content.decode()
