"""The page of a bet, and the forms in which people say what it is."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from bets.edit import OFFICE, change_bet
from bets.forms import BetForm, initial_of
from bets.models import Bet, Dependency
from spm.accounts.models import Role, User
from tests.factories import (
    make_bet,
    make_hypothesis,
    make_kill_criterion,
    make_member,
    make_portfolio,
    make_scaling_bet,
    make_stream,
    make_team,
)

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def lead_of(bet: Bet) -> Client:
    return signed_in(make_member(bet.portfolio))


def typed(bet: Bet, **changes: Any) -> dict[str, Any]:
    """What a browser sends: the fields as typed, and hidden what was seen."""
    initial = {name: value for name, value in initial_of(bet).items() if value is not None}
    form = BetForm(bet.portfolio, bet, initial=initial)
    names = [name for name in form.fields if name in initial]
    seen = {f"initial-{name}": initial[name] for name in names}
    return {**{name: initial[name] for name in names}, **seen, **changes}


def test_the_page_shows_what_this_floor_knows_of_a_bet() -> None:
    portfolio = make_portfolio()
    needed = make_bet(portfolio, title="Identity")
    bet = make_scaling_bet(
        portfolio,
        title="Refunds",
        working=30_000,
        entangled=5_000,
        evidence_decibans=12.0,
        delivery_signal="Green",
        delivery_signal_source="Jira",
        business_value=5,
        time_criticality=3,
        risk_reduction=2,
        job_size=4,
    )
    Dependency.objects.create(bet=bet, needs=needed)
    make_kill_criterion(make_hypothesis(bet, statement="Customers come back"))
    html = lead_of(bet).get(f"/bets/{bet.pk}").content.decode()
    for shown in (
        "Refunds", "70%", "+12 dB", "€35k/mo", "€5k/mo", "€2M", "€1M", "€4M", "2.5", "Identity",
        "<q>Green</q>", "Customers come back", "Measured value &lt; 0.02 on 100 or more",
    ):  # fmt: skip
        assert shown in html, shown


def test_opening_a_bet_turns_the_pages_to_its_portfolio() -> None:
    first, second = make_portfolio(), make_portfolio()
    member = make_member(first)
    member.memberships.create(portfolio=second, role=Role.LEAD)
    client = signed_in(member)
    client.get(f"/bets/{make_bet(second).pk}")
    assert client.session["portfolio_id"] == second.pk


def test_what_follows_the_portfolio_says_so_and_answers_alone() -> None:
    bet = make_bet(make_portfolio())
    html = lead_of(bet).get(f"/bets/{bet.pk}/facts").content.decode()
    assert html.startswith('<div id="bet-facts"')
    assert f'data-live="bet:{bet.pk}"' in html
    assert f'data-live-src="/bets/{bet.pk}/facts"' in html


def test_who_may_not_edit_is_neither_offered_a_form_nor_shown_one() -> None:
    bet = make_bet(make_portfolio())
    viewer = signed_in(make_member(bet.portfolio, Role.VIEWER))
    html = viewer.get(f"/bets/{bet.pk}").content.decode()
    assert "/edit" not in html
    assert "/move" not in html
    for address in (f"/bets/{bet.pk}/edit", "/bets/new", f"/bets/{bet.pk}/hypotheses/new"):
        assert viewer.get(address).status_code == 403


def test_a_form_saves_what_was_changed_with_a_comma_or_a_point() -> None:
    bet = make_scaling_bet(make_portfolio())
    answer = lead_of(bet).post(
        f"/bets/{bet.pk}/edit",
        typed(bet, maximum="70.000,50", minimum="1,250.5", reclaimable_share="62,5"),
    )
    assert answer.status_code == 302
    bet.refresh_from_db()
    assert (bet.maximum, bet.minimum) == (Decimal("70000.50"), Decimal("1250.50"))
    assert bet.reclaimable_share == 0.625


def test_an_amount_that_could_be_two_is_asked_back_beside_its_field() -> None:
    bet = make_scaling_bet(make_portfolio())
    answer = lead_of(bet).post(f"/bets/{bet.pk}/edit", typed(bet, title="New", maximum="70.000"))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "70.000 can be read as 70,000 or as 70.000" in html
    assert 'value="New"' in html
    bet.refresh_from_db()
    assert bet.title != "New"


def test_a_browser_that_asks_for_german_settles_what_a_point_means() -> None:
    bet = make_scaling_bet(make_portfolio())
    answer = lead_of(bet).post(
        f"/bets/{bet.pk}/edit", typed(bet, maximum="70.000"), headers={"Accept-Language": "de"}
    )
    assert answer.status_code == 302
    bet.refresh_from_db()
    assert bet.maximum == 70_000


def test_what_a_rule_refuses_stands_beside_the_field_with_the_typing_kept() -> None:
    bet = make_bet(make_portfolio())
    answer = lead_of(bet).post(
        f"/bets/{bet.pk}/edit", typed(bet, value_p10="5000", value_p50="4000", title="Kept")
    )
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "P50 must be at least P10, which is 5,000.00." in html
    assert 'value="Kept"' in html and 'value="4000"' in html


def test_a_field_that_somebody_else_changed_meanwhile_is_not_overwritten() -> None:
    bet = make_bet(make_portfolio(), title="Old")
    sent = typed(bet, title="Mine")
    change_bet(OFFICE, bet.pk, {"title": "Theirs"})
    answer = lead_of(bet).post(f"/bets/{bet.pk}/edit", sent)
    assert answer.status_code == 422
    assert "Somebody else has changed title since you opened the form." in answer.content.decode()
    bet.refresh_from_db()
    assert bet.title == "Theirs"


def test_fields_that_somebody_else_changed_meanwhile_are_left_as_they_are() -> None:
    bet = make_bet(make_portfolio(), title="Old")
    sent = typed(bet, horizon="H3")
    change_bet(OFFICE, bet.pk, {"title": "Theirs"})
    assert lead_of(bet).post(f"/bets/{bet.pk}/edit", sent).status_code == 302
    bet.refresh_from_db()
    assert (bet.title, bet.horizon) == ("Theirs", "H3")


def test_teams_and_needs_are_changed_in_the_form() -> None:
    portfolio = make_portfolio()
    team, needed = make_team(portfolio), make_bet(portfolio)
    bet = make_bet(portfolio, teams={make_team(portfolio): 0.5})
    sent = typed(bet, **{f"team_{team.pk}": "25"}, needs=[needed.pk])
    sent[f"team_{bet.team_ids[0]}"] = ""
    assert lead_of(bet).post(f"/bets/{bet.pk}/edit", sent).status_code == 302
    bet = Bet.objects.get(pk=bet.pk)
    assert [(link.team, link.share) for link in bet.bet_teams.all()] == [(team, 0.25)]
    assert [link.needs for link in bet.needs_links.all()] == [needed]


def test_too_much_team_is_said_beside_a_team() -> None:
    portfolio = make_portfolio()
    one, two = make_team(portfolio), make_team(portfolio)
    bet = make_bet(portfolio)
    sent = typed(bet, **{f"team_{one.pk}": "60", f"team_{two.pk}": "60"})
    answer = lead_of(bet).post(f"/bets/{bet.pk}/edit", sent)
    assert answer.status_code == 422
    assert "The shares add up to 120%" in answer.content.decode()


def test_a_new_bet_with_details() -> None:
    portfolio = make_portfolio()
    lead = make_member(portfolio)
    stream = make_stream(portfolio)
    fields = {"title": "Refunds", "stream": stream.pk, "horizon": "H1", "liquidity": "stock"}
    answer = signed_in(lead).post("/bets/new", {**fields, "response": "50:70, 100:100"})
    bet = Bet.objects.get()
    assert answer.headers["Location"] == f"/bets/{bet.pk}"
    assert (bet.title, bet.stream, bet.horizon) == ("Refunds", stream, "H1")
    assert bet.response == [[0.5, 0.7], [1.0, 1.0]]


def test_a_successor_begins_with_its_predecessor_s_figures_and_no_thesis() -> None:
    bet = make_scaling_bet(make_portfolio(), title="Refunds")
    make_hypothesis(bet)
    client = lead_of(bet)
    page = client.get(f"/bets/new?predecessor={bet.pk}")
    initial = page.context["form"].initial
    assert initial["maximum"] == "60000"
    fields = {name: value for name, value in initial.items() if value is not None}
    client.post(f"/bets/new?predecessor={bet.pk}", fields)
    successor = Bet.objects.get(predecessor=bet)
    assert (successor.title, successor.belief) == ("Refunds (pivot)", None)
    assert not successor.hypotheses.exists()


CRITERIA = {
    "kill-TOTAL_FORMS": "2",
    "kill-INITIAL_FORMS": "0",
    "kill-0-metric": "value",
    "kill-0-comparison": "<",
    "kill-0-value": "0,02",
    "kill-0-min_sample": "100",
    "kill-0-deadline": "2026-12-31",
    "kill-1-metric": "value",
    "kill-1-comparison": "<",
    "kill-1-value": "",
}
HYPOTHESIS = {
    "statement": "Customers come back",
    "indicator": "Returning customers",
    "metric": "proportion",
    "direction": ">=",
    "threshold": "0,12",
    "prior": "40",
    "half_life_days": "",
}


def test_a_hypothesis_is_added_with_its_kill_criteria() -> None:
    bet = make_bet(make_portfolio())
    answer = lead_of(bet).post(f"/bets/{bet.pk}/hypotheses/new", {**HYPOTHESIS, **CRITERIA})
    assert answer.status_code == 302
    hypothesis = bet.hypotheses.get()
    assert (hypothesis.threshold, hypothesis.prior) == (0.12, 0.4)
    assert hypothesis.half_life_days is None
    assert [str(criterion) for criterion in hypothesis.kill_criteria.all()] == [
        "Measured value < 0.02 on 100 or more by 31 December 2026"
    ]


def test_a_hypothesis_without_its_threshold_keeps_what_was_typed() -> None:
    bet = make_bet(make_portfolio())
    sent = {**HYPOTHESIS, **CRITERIA, "threshold": ""}
    answer = lead_of(bet).post(f"/bets/{bet.pk}/hypotheses/new", sent)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "needs the threshold" in html
    assert "Customers come back" in html and 'value="0,02"' in html
    assert not bet.hypotheses.exists()


def test_a_hypothesis_is_changed_and_an_emptied_criterion_dropped() -> None:
    bet = make_bet(make_portfolio())
    hypothesis = make_hypothesis(bet)
    make_kill_criterion(hypothesis)
    sent = {**HYPOTHESIS, **CRITERIA, "kill-0-value": "", "kill-INITIAL_FORMS": "1"}
    assert lead_of(bet).post(f"/hypotheses/{hypothesis.pk}/edit", sent).status_code == 302
    hypothesis.refresh_from_db()
    assert hypothesis.statement == "Customers come back"
    assert not hypothesis.kill_criteria.exists()


def test_a_hypothesis_of_a_foreign_portfolio_does_not_exist() -> None:
    hypothesis = make_hypothesis(make_bet(make_portfolio()))
    stranger = signed_in(make_member(make_portfolio()))
    assert stranger.get(f"/hypotheses/{hypothesis.pk}/edit").status_code == 404
