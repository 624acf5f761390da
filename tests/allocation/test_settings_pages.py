"""What a portfolio is made of: who sees it, who changes it, and what it says when it cannot be."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from allocation import ledger
from bets.models import Fungibility, Portfolio
from spm.accounts.models import Membership, Role, User
from tests.factories import (
    make_member,
    make_portfolio,
    make_stream,
    make_team,
    make_theme,
)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def made_up() -> tuple[Portfolio, dict[str, User]]:
    portfolio = make_portfolio()
    ledger.set_envelope(portfolio.pk, Decimal(1_000))
    return portfolio, {role: make_member(portfolio, role) for role in Role.values}


def pages(portfolio: Portfolio) -> dict[str, tuple[str, set[str]]]:
    """Each address, and the roles that may open it."""
    theme, stream, team = make_theme(portfolio), make_stream(portfolio), make_team(portfolio)
    member = Membership.objects.filter(portfolio=portfolio, role=Role.VIEWER).get()
    admins = {Role.ADMIN.value}
    return {
        "settings": ("/settings", set(Role.values)),
        "portfolio": ("/settings/portfolio", admins),
        "thresholds": ("/settings/thresholds", {Role.FINANCE.value}),
        "lending": ("/settings/lending", admins),
        "new theme": ("/settings/themes/new", admins),
        "theme": (f"/settings/themes/{theme.pk}", admins),
        "stream": (f"/settings/streams/{stream.pk}", admins),
        "team": (f"/settings/teams/{team.pk}", admins),
        "new member": ("/settings/members/new", admins),
        "member": (f"/settings/members/{member.pk}", admins),
    }


@pytest.mark.django_db
def test_each_role_opens_what_it_may_and_nothing_of_another_portfolio() -> None:
    portfolio, people = made_up()
    stranger = signed_in(make_member(make_portfolio(), Role.ADMIN))
    for name, (address, roles) in pages(portfolio).items():
        for role, user in people.items():
            status = signed_in(user).get(address).status_code
            assert status == (200 if role in roles else 403), (name, role)
        if address.rstrip("0123456789").endswith("/"):
            assert stranger.get(address).status_code == 404, name
        assert Client().get(address).status_code == 302, name


@pytest.mark.django_db
def test_removing_asks_for_the_same_right_and_stays_in_its_portfolio() -> None:
    portfolio, people = made_up()
    theme = make_theme(portfolio)
    member = Membership.objects.get(user=people[Role.VIEWER])
    for address in (f"/settings/themes/{theme.pk}/remove", f"/settings/members/{member.pk}/remove"):
        for role in set(Role.values) - {Role.ADMIN}:
            assert signed_in(people[role]).post(address).status_code == 403
        assert signed_in(make_member(make_portfolio(), Role.ADMIN)).post(address).status_code == 404
        assert signed_in(people[Role.ADMIN]).post(address).status_code == 302
    assert not portfolio.themes.exists()
    assert not Membership.objects.filter(pk=member.pk).exists()


@pytest.mark.django_db
def test_who_administers_two_portfolios_turns_to_that_of_what_they_open() -> None:
    first, second = make_portfolio(), make_portfolio(currency="CHF")
    both = make_member(first, Role.ADMIN)
    Membership.objects.create(user=both, portfolio=second, role=Role.ADMIN)
    client = signed_in(both)
    team = make_team(second, name="Riders")
    page = client.get(f"/settings/teams/{team.pk}")
    assert "CHF" in page.content.decode()
    form = {"name": "Couriers", "capacity": "1000"}
    assert client.post(f"/settings/teams/{team.pk}", form).status_code == 302
    assert "Couriers" in client.get("/settings").content.decode()


@pytest.mark.django_db
def test_a_team_is_added_changed_and_refused_beside_the_field() -> None:
    portfolio, people = made_up()
    stream = make_stream(portfolio)
    client = signed_in(people[Role.ADMIN])
    typed: dict[str, Any] = {"name": "Routing", "stream": stream.pk, "capacity": "560k"}
    assert client.post("/settings/teams/new", typed).status_code == 302
    team = portfolio.teams.get()
    assert (team.capacity, team.stream) == (Decimal(560_000), stream)
    client.post(f"/settings/teams/{team.pk}", {**typed, "capacity": "600k", "stream": ""})
    team.refresh_from_db()
    assert (team.capacity, team.stream) == (Decimal(600_000), None)
    answer = client.post("/settings/teams/new", {**typed, "name": "routing"})
    assert answer.status_code == 422
    assert "already" in answer.context["form"].errors["name"][0]
    assert answer.context["form"]["capacity"].value() == "560k"


@pytest.mark.django_db
def test_a_theme_has_a_range_and_teams_lend_each_other() -> None:
    portfolio, people = made_up()
    client = signed_in(people[Role.ADMIN])
    client.post("/settings/themes/new", {"name": "Grow", "low": "20", "high": "45"})
    theme = portfolio.themes.get()
    assert (theme.target_min_share, theme.target_max_share) == (0.20, 0.45)
    answer = client.post(f"/settings/themes/{theme.pk}", {"name": "Grow", "low": "50", "high": "4"})
    assert "high" in answer.context["form"].errors
    giver, taker = make_team(portfolio), make_team(portfolio)
    lent = {"from_team": giver.pk, "to_team": taker.pk}
    client.post("/settings/lending", {**lent, "efficiency": "70"})
    assert Fungibility.objects.get().efficiency == 0.7
    page = client.get("/settings/lending", lent)
    assert page.context["form"]["efficiency"].value() == "70"


@pytest.mark.django_db
def test_somebody_new_is_shown_their_password_once_and_a_contributor_needs_a_team() -> None:
    portfolio, people = made_up()
    team = make_team(portfolio)
    client = signed_in(people[Role.ADMIN])
    typed: dict[str, Any] = {"email": "ada@example.org", "name": "Ada", "role": "contributor"}
    answer = client.post("/settings/members/new", typed)
    assert "Choose at least one team" in answer.context["form"].errors["teams"][0]
    answer = client.post("/settings/members/new", {**typed, "teams": [team.pk]})
    password = answer.context["sign_in"].password
    assert User.objects.get(email="ada@example.org").check_password(password)
    assert password not in client.get("/settings").content.decode()
    own = Membership.objects.get(user=people[Role.ADMIN])
    answer = client.post(f"/settings/members/{own.pk}", {"role": "finance"})
    assert "for another to change" in answer.context["form"].non_field_errors()[0]


@pytest.mark.django_db
def test_the_page_takes_as_many_queries_for_many_as_for_few() -> None:
    portfolio, people = made_up()
    client = signed_in(people[Role.ADMIN])

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get("/settings").status_code == 200
        return len(seen)

    make_team(portfolio, stream=make_stream(portfolio))
    queries()  # the first visit keeps what later ones find
    few = queries()
    teams = [make_team(portfolio, stream=make_stream(portfolio)) for _ in range(5)]
    for team in teams[1:]:
        Fungibility.objects.create(from_team=teams[0], to_team=team, efficiency=0.5)
        make_member(portfolio, Role.CONTRIBUTOR, (team,))
    assert queries() == few
