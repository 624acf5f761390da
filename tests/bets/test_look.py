"""Quick look and the scores on a card, as fragments of the board."""

from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bets.edit import OFFICE, change_bet
from bets.models import Bet, Dependency, Portfolio
from spm.accounts.models import Role
from tests.bets.test_kanban import HTMX, board_of, cards_in, html_of
from tests.factories import make_bet, make_hypothesis, make_portfolio, make_scaling_bet, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _cold_cache() -> None:
    cache.clear()


def test_a_look_shows_what_one_decides_by_and_leads_to_the_page() -> None:
    portfolio = make_portfolio()
    bet = make_scaling_bet(portfolio, title="Refunds", working=30_000)
    make_hypothesis(bet, statement="Customers come back")
    Dependency.objects.create(bet=bet, needs=make_bet(portfolio, title="Identity"))
    html = html_of(board_of(portfolio), f"/bets/{bet.pk}/look", **HTMX)
    for shown in ("Refunds", "70%", "€30k/mo", "Customers come back", "Identity"):
        assert shown in html
    assert f'href="/bets/{bet.pk}"' in html
    assert f"/bets/{bet.pk}/belief-over-money" in html and "/evidence/newest" in html


def test_a_look_says_what_a_bet_comes_from_and_what_it_goes_on_in() -> None:
    portfolio = make_portfolio()
    first = make_bet(portfolio, title="Refunds")
    second = make_bet(portfolio, title="Credit notes", predecessor=first)
    client = board_of(portfolio)
    before = html_of(client, f"/bets/{first.pk}/look", **HTMX)
    after = html_of(client, f"/bets/{second.pk}/look", **HTMX)
    assert f'goes on in <a href="/bets/{second.pk}">Credit notes</a>' in before
    assert f'successor of <a href="/bets/{first.pk}">Refunds</a>' in after


def test_the_address_carries_the_look() -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio, title="Refunds")
    html = html_of(board_of(portfolio), f"/kanban?lanes=theme&look={bet.pk}")
    assert f'data-look="{bet.pk}"' in html
    assert 'href="/kanban?lanes=theme" data-look-close' in html


@pytest.mark.parametrize("look", ["x", "0", "99999999", str(10**30)])
def test_a_look_at_what_is_not_there_is_no_look(look: str) -> None:
    portfolio, foreign = make_portfolio(), make_bet(make_portfolio())
    for named in (look, foreign.pk):
        assert "data-look=" not in html_of(board_of(portfolio), f"/kanban?look={named}")


def test_filters_that_are_changed_keep_the_look_in_the_address() -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio)
    page = {**HTMX, "HX-Current-URL": f"http://testserver/kanban?look={bet.pk}"}
    answer = board_of(portfolio).get("/kanban?thesis=broken&q=", headers=page)
    assert answer["HX-Push-Url"] == f"/kanban?thesis=broken&look={bet.pk}"


def test_who_may_not_edit_is_not_offered_to() -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio)
    make_hypothesis(bet)
    assert "/edit" in html_of(board_of(portfolio), f"/bets/{bet.pk}/look")
    html = html_of(board_of(portfolio, Role.VIEWER), f"/bets/{bet.pk}/look")
    assert "/edit" not in html and "Log evidence" not in html


def test_a_look_takes_a_fixed_number_of_queries() -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio)
    client = board_of(portfolio)

    def queries() -> int:
        client.get(f"/bets/{bet.pk}/look")
        with CaptureQueriesContext(connection) as run:
            client.get(f"/bets/{bet.pk}/look")
        return len(run)

    few = queries()
    for _ in range(5):
        make_hypothesis(bet)
        Dependency.objects.create(bet=bet, needs=make_bet(portfolio))
    assert queries() == few


# --- the scores of WSJF ---------------------------------------------------------------------------

SCORES = {"business_value": 5, "time_criticality": 3, "risk_reduction": 2}


def save(client: Client, bet: Bet, seen: Bet | None = None, **typed: Any) -> Any:
    """Send the form of a card: what was seen in it, and what was typed over that."""
    present = {name: getattr(seen or bet, name) for name in (*SCORES, "job_size")}
    shown = {f"initial-{name}": "" if score is None else score for name, score in present.items()}
    stated = {name: "" if score is None else score for name, score in present.items()}
    return client.post(f"/bets/{bet.pk}/scores", {**stated, **shown, **typed}, headers=HTMX)


def ready(portfolio: Portfolio, **fields: Any) -> Bet:
    return make_bet(portfolio, stage="ready", **{**SCORES, "job_size": 5, **fields})


def test_scores_are_set_on_the_card_which_then_stands_where_they_put_it() -> None:
    portfolio = make_portfolio()
    first, second = ready(portfolio, job_size=2), ready(portfolio)
    client = board_of(portfolio)
    assert cards_in(html_of(client, "/kanban"), "ready") == [first.pk, second.pk]
    answer = save(client, second, job_size=1)
    assert answer.status_code == 200
    assert "WSJF 10.0 = (5 + 3 + 2) ÷ 1" in answer.content.decode()
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == (f"#card-{second.pk}", "outerHTML")
    assert cards_in(html_of(client, "/kanban"), "ready") == [second.pk, first.pk]


def test_a_score_that_is_none_of_the_scale_is_answered_beside_it() -> None:
    portfolio = make_portfolio()
    bet = ready(portfolio)
    answer = save(board_of(portfolio), bet, job_size=4)
    assert answer.status_code == 422
    assert "field--wrong" in answer.content.decode()
    bet.refresh_from_db()
    assert (bet.job_size, bet.version) == (5, 1)


def test_a_score_changed_by_somebody_else_is_said_and_another_does_not_matter() -> None:
    portfolio = make_portfolio()
    bet = ready(portfolio)
    client = board_of(portfolio)
    change_bet(OFFICE, bet.pk, {"job_size": 13})
    answer = save(client, bet, seen=bet, job_size=8)
    assert answer.status_code == 422
    assert "Somebody else has changed job size" in answer.content.decode()
    assert save(client, bet, seen=bet, business_value=8).status_code == 200
    bet.refresh_from_db()
    assert (bet.job_size, bet.business_value) == (13, 8)


def test_the_scores_of_another_team_s_bet_cannot_be_set() -> None:
    portfolio = make_portfolio()
    team = make_team(portfolio)
    ours, theirs = ready(portfolio, teams={team: 1.0}), ready(portfolio)
    client = board_of(portfolio, Role.CONTRIBUTOR, teams=(team,))
    assert client.get(f"/bets/{ours.pk}/scores").status_code == 200
    assert client.get(f"/bets/{theirs.pk}/scores").status_code == 403
    assert save(client, theirs, job_size=1).status_code == 403
    assert f"/bets/{theirs.pk}/scores" not in html_of(client, "/kanban")


# --- what a lead looks for ------------------------------------------------------------------------


def test_cards_are_found_by_what_they_wait_for_what_they_hold_and_who_owns_them() -> None:
    portfolio = make_portfolio()
    waiting = make_bet(portfolio, stage="ready")
    Dependency.objects.create(bet=waiting, needs=make_bet(portfolio, stage="framing"))
    stuck = make_scaling_bet(portfolio, entangled=5_000)
    client = board_of(portfolio)
    assert cards_in(html_of(client, "/kanban?has=waiting"), "ready") == [waiting.pk]
    assert cards_in(html_of(client, "/kanban?has=entangled"), "scaling") == [stuck.pk]
    assert cards_in(html_of(client, "/kanban?owner=none&has=waiting"), "ready") == [waiting.pk]
    assert cards_in(html_of(client, "/kanban?owner=mine"), "ready") == []
