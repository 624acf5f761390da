"""Saved views: a person's own and shared ones, and the one that the board opens in."""

from typing import Any

import pytest
from django.test import Client

from bets.models import BoardView, Portfolio
from bets.saved_views import delete_view, open_in, rename_view, save_view, share_view, views_of
from spm.accounts.models import Role, User
from spm.accounts.permissions import NotAllowed
from spm.errors import Invalid
from tests.bets.test_board import portfolio_and_lead
from tests.bets.test_kanban import HTMX, all_cards, html_of, signed_in
from tests.factories import make_bet, make_member, make_portfolio

pytestmark = pytest.mark.django_db


def names(person: User, portfolio: Portfolio) -> list[str]:
    return [view.name for view in views_of(person, portfolio)]


def test_a_view_is_one_s_own_until_a_lead_shares_it() -> None:
    portfolio, lead = portfolio_and_lead()
    other = make_member(portfolio, Role.VIEWER)
    view = save_view(lead, portfolio, "Broken", "thesis=broken")
    assert (names(lead, portfolio), names(other, portfolio)) == (["Broken"], [])
    share_view(lead, view.pk, True)
    assert names(other, portfolio) == ["Broken"]
    share_view(lead, view.pk, False)
    assert names(other, portfolio) == []


def test_only_filters_and_lanes_are_kept() -> None:
    portfolio, lead = portfolio_and_lead()
    view = save_view(lead, portfolio, "Mine", "owner=mine&look=3&lanes=theme&horizon=H9&x=y")
    assert view.query == "owner=mine&lanes=theme"


@pytest.mark.parametrize("role", [role for role in Role.values if role != Role.LEAD])
def test_everybody_keeps_views_and_only_leads_share_them(role: str) -> None:
    portfolio = make_portfolio()
    person = make_member(portfolio, role)
    view = save_view(person, portfolio, "Mine", "owner=mine")
    with pytest.raises(NotAllowed):
        share_view(person, view.pk, True)
    with pytest.raises(NotAllowed):
        save_view(person, portfolio, "For all", "", share=True)


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\nb"])
def test_a_view_needs_a_name(name: str) -> None:
    portfolio, lead = portfolio_and_lead()
    with pytest.raises(Invalid, match="1 to 60"):
        save_view(lead, portfolio, name, "")


def test_a_name_is_used_once_by_a_person_and_may_be_another_s_too() -> None:
    portfolio, lead = portfolio_and_lead()
    save_view(lead, portfolio, "Broken", "thesis=broken")
    other = save_view(lead, portfolio, "Silent", "thesis=silent")
    save_view(make_member(portfolio), portfolio, "broken", "thesis=broken")
    with pytest.raises(Invalid, match="already"):
        save_view(lead, portfolio, "BROKEN", "")
    with pytest.raises(Invalid, match="already"):
        rename_view(lead, other.pk, "broken")


def test_only_its_owner_renames_and_deletes_a_view() -> None:
    portfolio, lead = portfolio_and_lead()
    other = make_member(portfolio)
    view = save_view(lead, portfolio, "Broken", "thesis=broken", share=True)
    for change in (
        lambda: rename_view(other, view.pk, "Mine"),
        lambda: delete_view(other, view.pk),
    ):
        with pytest.raises(NotAllowed):
            change()
    rename_view(lead, view.pk, "Broken theses")
    assert names(other, portfolio) == ["Broken theses"]
    delete_view(lead, view.pk)
    assert names(other, portfolio) == []


def test_a_view_that_one_may_not_see_does_not_exist() -> None:
    portfolio, lead = portfolio_and_lead()
    private = save_view(lead, portfolio, "Mine", "")
    shared = save_view(lead, portfolio, "All", "", share=True)
    foreigner = make_member(make_portfolio())
    for person, view in ((make_member(portfolio), private), (foreigner, shared)):
        with pytest.raises(BoardView.DoesNotExist):
            open_in(person, view.pk, True)


# --- the page -------------------------------------------------------------------------------------


def opens_at(client: Client) -> str:
    """Where the bare address of the board leads."""
    answer = client.get("/kanban")
    return str(answer["Location"]) if answer.status_code == 302 else "/kanban"


def test_the_board_opens_in_the_view_of_one_s_choice_and_the_address_says_so() -> None:
    portfolio, lead = portfolio_and_lead()
    broken = make_bet(portfolio, thesis_status="broken")
    make_bet(portfolio)
    view = save_view(lead, portfolio, "Broken", "thesis=broken", share=True)
    other = make_member(portfolio)
    open_in(other, view.pk, True)
    client = signed_in(other)
    assert opens_at(client) == "/kanban?thesis=broken"
    assert all_cards(html_of(client, opens_at(client))) == {broken.pk}
    assert len(all_cards(html_of(client, "/kanban?all=1"))) == 2
    assert opens_at(signed_in(lead)) == "/kanban"
    share_view(lead, view.pk, False)
    assert opens_at(client) == "/kanban"


def test_filters_taken_away_by_hand_do_not_lead_back_into_the_view() -> None:
    portfolio, lead = portfolio_and_lead()
    open_in(lead, save_view(lead, portfolio, "Broken", "thesis=broken").pk, True)
    answer = signed_in(lead).get("/kanban?thesis=&lanes=", headers=HTMX)
    assert answer["HX-Push-Url"] == "/kanban?all=1"


def test_mine_means_whoever_looks() -> None:
    portfolio, lead = portfolio_and_lead()
    other = make_member(portfolio)
    of_lead, of_other = make_bet(portfolio, owner=lead), make_bet(portfolio, owner=other)
    for person, bet in ((lead, of_lead), (other, of_other), (lead, of_lead)):
        assert all_cards(html_of(signed_in(person), "/kanban?owner=mine")) == {bet.pk}


def save(client: Client, portfolio: Portfolio, **fields: Any) -> Any:
    return client.post("/kanban/views", {"portfolio": portfolio.pk, **fields}, headers=HTMX)


def test_what_the_board_shows_is_kept_and_stands_in_the_menu_at_once() -> None:
    portfolio, lead = portfolio_and_lead()
    client = signed_in(lead)
    answer = save(client, portfolio, name="Silent ones", query="thesis=silent", opens="on")
    html = answer.content.decode()
    assert answer.status_code == 200
    assert 'href="/kanban?thesis=silent"' in html and 'id="views" hx-swap-oob="true"' in html
    assert opens_at(client) == "/kanban?thesis=silent"


def test_a_bad_name_is_answered_beside_the_field_and_stays_typed() -> None:
    portfolio, lead = portfolio_and_lead()
    answer = save(signed_in(lead), portfolio, name="x" * 61, query="thesis=silent")
    assert answer.status_code == 422
    assert "1 to 60 letters" in answer.content.decode()
    assert "x" * 61 in answer.content.decode()


def test_a_view_of_a_foreign_portfolio_answers_nothing() -> None:
    portfolio, lead = portfolio_and_lead()
    view = save_view(lead, portfolio, "All", "", share=True)
    client = signed_in(make_member(make_portfolio()))
    for action in ("rename", "delete", "share", "default"):
        assert client.post(f"/kanban/views/{view.pk}/{action}").status_code == 404
    assert signed_in(lead).post(f"/kanban/views/{view.pk}/else").status_code == 404
