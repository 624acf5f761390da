"""The tour: five steps on real things, left and taken up again."""

import pytest
from django.test import Client

from reports.tour import STEPS, step_of
from spm.accounts.models import User
from tests.allocation.test_decide import proposed
from tests.factories import make_bet, make_hypothesis, make_member, make_portfolio, make_user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.django_db
def test_in_an_empty_portfolio_each_step_still_stands_on_a_page_that_answers() -> None:
    portfolio = make_portfolio()
    client = signed_in(make_member(portfolio))
    for number in range(1, STEPS + 1):
        page = client.get(f"/tour/{number}", follow=True).content.decode()
        assert f"Tour, step {number} of {STEPS}" in page


@pytest.mark.django_db
def test_the_steps_stand_on_the_broken_bet_and_the_open_proposal() -> None:
    portfolio, _, _, proposal = proposed()
    make_hypothesis(make_bet(portfolio, stage="scaling", belief=0.5))
    bet = make_bet(
        portfolio, stage="scaling", thesis_status="broken", delivery_signal="Green", working=5
    )
    assert step_of(portfolio, 2).url == f"/bets/{bet.pk}?tour=2"
    assert step_of(portfolio, 4).url.endswith("?tour=4")
    assert step_of(portfolio, 5).url == f"/proposals/{proposal.pk}?tour=5"


@pytest.mark.django_db
def test_it_is_offered_once_and_taken_up_where_it_was_left() -> None:
    member = make_member(make_portfolio())
    client = signed_in(member)
    assert "Take the tour" in client.get("/").content.decode()
    client.get("/tour/3")
    page = client.get("/").content.decode()
    assert "Take the tour" not in page
    assert "Tour, step" not in page
    assert client.get("/tour").url == "/kanban?tour=3"  # type: ignore[attr-defined]
    client.get("/tour/end")
    assert client.get("/tour").url == "/?tour=1"  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_whoever_says_no_is_not_asked_again() -> None:
    client = signed_in(make_member(make_portfolio()))
    client.post("/tour/decline")
    assert "Take the tour" not in client.get("/").content.decode()


@pytest.mark.django_db
def test_an_address_with_the_mark_alone_begins_and_leaving_keeps_the_filters() -> None:
    client = signed_in(make_member(make_portfolio()))
    assert "Tour, step 1 of 5" in client.get("/?tour").content.decode()
    page = client.get("/kanban?tour=3&horizon=H3").content.decode()
    assert 'id="tour-leave" href="/kanban?horizon=H3"' in page
    assert client.get("/tour/6").status_code == 404


@pytest.mark.django_db
def test_who_is_in_no_portfolio_is_led_to_one() -> None:
    client = signed_in(make_user())
    page = client.get("/tour", follow=True).content.decode()
    assert "/portfolios/new" in page
