"""A refused card comes with the button that helps: each is followed here to where it leads."""

import re
from collections.abc import Callable
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.test import Client

from bets.models import Bet, Dependency, Portfolio, WipLimit
from tests.bets.test_board import bet_ready_for_more
from tests.bets.test_kanban import HTMX, board_of, html_of
from tests.factories import make_bet, make_hypothesis, make_portfolio

pytestmark = pytest.mark.django_db


def refused(client: Client, bet: Bet, stage: str) -> str:
    answer = client.post(f"/bets/{bet.pk}/move", {"stage": stage}, headers=HTMX)
    assert answer.status_code == 422
    return str(answer.content.decode())


def button(html: str, label: str) -> str:
    """The address behind a button."""
    found = re.search(rf'href="([^"]+)">{re.escape(label)}</a>', html)
    assert found, f"no button {label!r}"
    return unescape(found[1])


def bare(portfolio: Portfolio) -> Bet:
    return make_bet(portfolio)


def ready(**fields: Any) -> Callable[[Portfolio], Bet]:
    return lambda portfolio: bet_ready_for_more(portfolio, **fields)


def without_a_kill_criterion(portfolio: Portfolio) -> Bet:
    bet = bet_ready_for_more(portfolio)
    bet.hypotheses.get().kill_criteria.all().delete()
    return bet


def without_a_thesis(portfolio: Portfolio) -> Bet:
    bet = bet_ready_for_more(portfolio)
    bet.hypotheses.all().delete()
    return bet


def waiting(portfolio: Portfolio) -> Bet:
    bet = bet_ready_for_more(portfolio)
    Dependency.objects.create(bet=bet, needs=make_bet(portfolio))
    return bet


def before_a_full_stage(portfolio: Portfolio) -> Bet:
    WipLimit.objects.create(portfolio=portfolio, stage="framing", limit=0)
    return bet_ready_for_more(portfolio)


def with_growth_left(portfolio: Portfolio) -> Bet:
    return bet_ready_for_more(
        portfolio,
        stage="scaling",
        working=Decimal(10_000),
        full_funding=Decimal(50_000),
        maximum=Decimal(60_000),
    )


def with_the_same_thesis_again(portfolio: Portfolio) -> Bet:
    bet = make_bet(portfolio)
    make_bet(portfolio, predecessor=bet)
    return bet


SCALING = {"belief": 0.7, "evidence_decibans": 12.0, "thesis_status": "intact"}
CASES = [
    (bare, "framing", "Name an owner", "id_owner"),
    (bare, "framing", "Choose a value stream", "id_stream"),
    (without_a_thesis, "ready", "Add a hypothesis", "id_statement"),
    (without_a_kill_criterion, "ready", "Complete the thesis", "id_kill-0-value"),
    (ready(value_p50=None), "ready", "State the value", "id_value_p50"),
    (ready(risk_reduction=None), "ready", "Score it", "id_risk_reduction"),
    (ready(test_budget=None), "testing", "Set a test budget", "id_test_budget"),
    (waiting, "testing", "See what it waits for", "bet-facts"),
    (ready(**{**SCALING, "belief": 0.5}), "scaling", "Log evidence", "evidence"),
    (ready(**{**SCALING, "evidence_decibans": 1.0}), "scaling", "Log evidence", "evidence"),
    (ready(**{**SCALING, "thesis_status": "silent"}), "scaling", "Log evidence", "evidence"),
    (ready(**{**SCALING, "thesis_status": "broken"}), "scaling", "Log evidence", "evidence"),
    (ready(stage="scaling"), "sustaining", "See the bet", "bet-facts"),
    (with_growth_left, "sustaining", "Review its maximum", "id_maximum"),
    (bare, "pivoted", "Create the successor", "id_title"),
    (with_the_same_thesis_again, "pivoted", "State what has changed", "id_statement"),
    (before_a_full_stage, "framing", "See what stands there", "column-framing"),
    (ready(working=Decimal(5)), "ready", "See what stopping frees", "if-stopped"),
    (bare, "stopped", "", ""),
]


@pytest.mark.parametrize(
    ("make", "stage", "label", "lands_on"),
    [pytest.param(*case, id=f"{at} {case[2]}") for at, case in enumerate(CASES)],
)
def test_each_button_leads_to_what_helps(
    make: Callable[[Portfolio], Bet], stage: str, label: str, lands_on: str
) -> None:
    portfolio = make_portfolio()
    client = board_of(portfolio)
    html = refused(client, make(portfolio), stage)
    if not label:
        assert "Accept and move to Stopped" in html
        return
    address, _, place = button(html, label).partition("#")
    assert f'id="{lands_on}"' in html_of(client, address)
    assert place in ("", lands_on)


def test_the_form_moves_the_card_once_it_is_saved() -> None:
    portfolio = make_portfolio()
    bet = bet_ready_for_more(portfolio, test_budget=None, stage="ready")
    client = board_of(portfolio)
    address = button(refused(client, bet, "testing"), "Set a test budget").partition("#")[0]
    assert "Save and move to Testing" in html_of(client, address)
    typed = form_of(client, address) | {"test_budget": "5000", "move": "yes"}
    answer = client.post(address, typed)
    assert answer.status_code == 302
    bet.refresh_from_db()
    assert (bet.stage, bet.test_budget) == ("testing", Decimal(5_000))


def test_what_is_still_missing_is_said_after_saving_and_only_saving_moves_nothing() -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio)
    client = board_of(portfolio)
    address = f"/bets/{bet.pk}/edit?then=framing"
    typed = form_of(client, address) | {"owner": str(client.session["_auth_user_id"])}
    answer = client.post(address, typed | {"move": "yes"})
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "Choose a value stream" in html and "Nobody owns it yet" not in html
    bet.refresh_from_db()
    assert (bet.stage, bet.owner_id) == ("funnel", int(typed["owner"]))
    assert client.post(address, form_of(client, address)).status_code == 302
    bet.refresh_from_db()
    assert bet.stage == "funnel"


def test_a_pivot_goes_by_its_successor_with_what_has_changed() -> None:
    portfolio = make_portfolio()
    bet = bet_ready_for_more(portfolio)
    client = board_of(portfolio)
    address = button(refused(client, bet, "pivoted"), "Create the successor")
    answer = client.post(address, form_of(client, address))
    successor = bet.successors.get()
    assert (successor.stage, successor.belief) == ("funnel", None)
    assert answer["Location"] == f"/bets/{successor.pk}/hypotheses/new"
    make_hypothesis(successor, statement="Something else holds")
    assert "Accept and move to Pivoted" in refused(client, bet, "pivoted")
    sent = {"stage": "pivoted", "accepted": "yes"}
    assert client.post(f"/bets/{bet.pk}/move", sent, headers=HTMX).status_code == 200
    bet.refresh_from_db()
    assert bet.stage == "pivoted"


def test_what_was_accepted_is_journalled_and_shown() -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio, entangled=Decimal(8_000))
    client = board_of(portfolio)
    client.post(f"/bets/{bet.pk}/move", {"stage": "stopped", "accepted": "yes"}, headers=HTMX)
    assert bet.stage_changes.get().accepted == "€8k/mo stays entangled until it is unwound."
    assert "Accepted: €8k/mo stays entangled" in html_of(client, f"/bets/{bet.pk}")


def form_of(client: Client, address: str) -> dict[str, str]:
    """What a browser would send if nothing were typed: the fields as they stand."""
    html = html_of(client, address).split("<main")[1]
    fields = {}
    for tag in re.findall(r"<input[^>]*>", html):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and 'type="checkbox"' not in tag:
            fields[name[1]] = unescape(value[1]) if value else ""
    for name, options in re.findall(r'<select name="([^"]+)"(.*?)</select>', html, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        if chosen:
            fields[name] = unescape(chosen[1])
    for name, text in re.findall(r'<textarea name="([^"]+)"[^>]*>\n?(.*?)</textarea>', html, re.S):
        fields[name] = unescape(text)
    return fields
