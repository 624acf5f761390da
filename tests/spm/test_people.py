"""Who brings people in, changes their roles, and takes them away."""

import pytest

from spm.accounts.models import Membership, Role, User
from spm.accounts.people import change_role, dismiss, invite
from spm.accounts.permissions import NotAllowed, may
from spm.errors import Invalid
from tests.factories import make_member, make_portfolio, make_team


@pytest.mark.django_db
def test_somebody_new_comes_in_with_a_password_that_is_told_once() -> None:
    portfolio = make_portfolio()
    admin = make_member(portfolio, Role.ADMIN)
    sign_in = invite(admin, portfolio.pk, " Ada@Example.org ", Role.FINANCE, name="Ada")
    ada = User.objects.get(email="ada@example.org")
    assert ada.check_password(sign_in.password)
    assert may(ada, "decide", portfolio.pk)
    with pytest.raises(Invalid, match="has a role here already"):
        invite(admin, portfolio.pk, "ada@example.org", Role.VIEWER)


@pytest.mark.django_db
def test_whoever_administers_is_an_administrator_beside_their_role_and_no_more() -> None:
    portfolio = make_portfolio()
    founder = make_member(portfolio, Role.LEAD)
    assert not may(founder, "administer", portfolio.pk)
    Membership.objects.filter(user=founder).update(administers=True)
    allowed = [
        action
        for action in ("administer", "edit_bet", "propose", "decide", "set_limits")
        if may(founder, action, portfolio.pk)  # type: ignore[arg-type]
    ]
    assert allowed == ["administer", "edit_bet", "propose"]


@pytest.mark.django_db
def test_nobody_gives_themselves_a_say_or_takes_the_last_administrator_away() -> None:
    portfolio = make_portfolio()
    admin, lead = make_member(portfolio, Role.ADMIN), make_member(portfolio, Role.LEAD)
    own = Membership.objects.get(user=admin)
    with pytest.raises(NotAllowed, match="Your own role is for another"):
        change_role(admin, own, Role.FINANCE)
    with pytest.raises(NotAllowed):
        change_role(lead, own, Role.VIEWER)
    Membership.objects.filter(user=lead).update(administers=True)
    dismiss(lead, own)
    assert not may(admin, "see", portfolio.pk)


@pytest.mark.django_db
def test_somebody_who_administers_is_always_left() -> None:
    portfolio = make_portfolio()
    first, second = make_member(portfolio, Role.ADMIN), make_member(portfolio, Role.ADMIN)
    member = Membership.objects.get(user=second)
    change_role(first, member, Role.VIEWER)
    Membership.objects.filter(user=second).update(administers=True)
    Membership.objects.filter(user=first).update(role=Role.VIEWER, administers=True)
    change_role(second, Membership.objects.get(user=first), Role.LEAD)
    member.refresh_from_db()
    assert Role.ADMIN in member.roles


@pytest.mark.django_db
def test_a_contributor_keeps_teams_and_others_lose_them() -> None:
    portfolio = make_portfolio()
    admin, team = make_member(portfolio, Role.ADMIN), make_team(portfolio)
    member = Membership.objects.get(user=make_member(portfolio, Role.VIEWER))
    change_role(admin, member, Role.CONTRIBUTOR, [team.pk])
    assert list(member.teams.all()) == [team]
    change_role(admin, member, Role.LEAD, [team.pk])
    assert not member.teams.exists()
    with pytest.raises(Invalid, match="no role 'king'"):
        change_role(admin, member, "king")
