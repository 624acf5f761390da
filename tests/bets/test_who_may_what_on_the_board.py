"""Every address of the board × every role × own and foreign portfolio. A new address needs an
entry.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from bets.models import Bet, BoardView, Portfolio, Team
from bets.saved_views import save_view
from bets.urls import urlpatterns
from spm.accounts.models import Role
from tests.bets.test_kanban import HTMX, signed_in
from tests.factories import make_bet, make_hypothesis, make_member, make_portfolio, make_team

pytestmark = pytest.mark.django_db

ALL = frozenset(Role.values)
EDITORS = frozenset({Role.CONTRIBUTOR, Role.LEAD})
LEAD_ONLY = frozenset({Role.LEAD})


@dataclass
class World:
    """A portfolio with a bet of the contributors' team, and a view that everybody has."""

    portfolio: Portfolio
    team: Team
    bet: Bet
    view: BoardView
    hypothesis_id: int


def make_world() -> World:
    portfolio = make_portfolio()
    team = make_team(portfolio)
    bet = make_bet(portfolio, stage="ready", teams={team: 1.0})
    view = save_view(make_member(portfolio), portfolio, "All", "", share=True)
    return World(portfolio, team, bet, view, make_hypothesis(bet).pk)


@dataclass(frozen=True)
class Entry:
    """One method of one address, and the roles for which it succeeds in their own portfolio."""

    method: str
    address: str
    may: frozenset[str] = ALL
    data: dict[str, str] = field(default_factory=dict)


ENTRIES: dict[str, list[Entry]] = {
    "kanban": [Entry("get", "/kanban?portfolio={portfolio}")],
    "changes": [Entry("post", "/kanban/changes?portfolio={portfolio}")],
    "column": [Entry("get", "/kanban/columns/ready?portfolio={portfolio}")],
    "teams": [Entry("get", "/kanban/teams?portfolio={portfolio}")],
    "quick_add": [
        Entry("post", "/kanban/add?portfolio={portfolio}", EDITORS, {"title": "New"}),
    ],
    "limits": [
        Entry("get", "/kanban/limits/ready?portfolio={portfolio}", LEAD_ONLY),
        Entry("post", "/kanban/limits/ready?portfolio={portfolio}", LEAD_ONLY, {"limit": "3"}),
    ],
    "together": [
        Entry("get", "/kanban/together?portfolio={portfolio}"),
        Entry(
            "post",
            "/kanban/together?portfolio={portfolio}",
            EDITORS,
            {"cards": "{bet}:1", "horizon": "H3"},
        ),
    ],
    "views": [
        Entry("get", "/kanban/views?portfolio={portfolio}"),
        Entry("post", "/kanban/views?portfolio={portfolio}", ALL, {"name": "Mine"}),
        Entry(
            "post", "/kanban/views?portfolio={portfolio}", LEAD_ONLY, {"name": "A", "share": "on"}
        ),
    ],
    "change_view": [
        Entry("post", "/kanban/views/{view}/default"),
        Entry("post", "/kanban/views/{view}/unshare", LEAD_ONLY),
        Entry("post", "/kanban/views/{view}/rename", frozenset(), {"name": "Theirs"}),
        Entry("post", "/kanban/views/{view}/delete", frozenset()),
    ],
    "new": [Entry("get", "/bets/new?predecessor={bet}", EDITORS)],
    "bet": [Entry("get", "/bets/{bet}")],
    "card": [Entry("get", "/bets/{bet}/card")],
    "facts": [Entry("get", "/bets/{bet}/facts")],
    "look": [Entry("get", "/bets/{bet}/look")],
    "look_facts": [Entry("get", "/bets/{bet}/look/facts")],
    "scores": [
        Entry("get", "/bets/{bet}/scores", EDITORS),
        Entry("post", "/bets/{bet}/scores", EDITORS, {"job_size": "3"}),
    ],
    "move": [Entry("post", "/bets/{bet}/move", EDITORS, {"stage": "funnel"})],
    "edit": [Entry("get", "/bets/{bet}/edit", EDITORS)],
    "add_hypothesis": [Entry("get", "/bets/{bet}/hypotheses/new", EDITORS)],
    "edit_hypothesis": [Entry("get", "/hypotheses/{hypothesis}/edit", EDITORS)],
}
CASES = [
    pytest.param(entry, id=f"{entry.method} {name} {at}")
    for name, entries in ENTRIES.items()
    for at, entry in enumerate(entries)
]


def send(client: Client, entry: Entry, world: World) -> Any:
    """The answer to the entry's request; what it does is undone."""
    named = {
        "portfolio": world.portfolio.pk,
        "bet": world.bet.pk,
        "view": world.view.pk,
        "hypothesis": world.hypothesis_id,
    }
    data = {name: value.format(**named) for name, value in entry.data.items()}
    call: Callable[..., Any] = getattr(client, entry.method)
    with transaction.atomic():
        answer = call(entry.address.format(**named), data or None, headers=HTMX)
        transaction.set_rollback(True)
    return answer


# About the person's own portfolio alone, whatever is asked: `test_first_bets` says who may.
NAMES_NO_PORTFOLIO = {"first_bets"}


def test_every_address_has_an_entry_here() -> None:
    assert set(ENTRIES) | NAMES_NO_PORTFOLIO == {pattern.name for pattern in urlpatterns}


@pytest.mark.parametrize("entry", CASES)
def test_each_role_may_what_it_may_in_its_own_portfolio(entry: Entry) -> None:
    world = make_world()
    for role in Role.values:
        person = make_member(world.portfolio, role, (world.team,))
        status = send(signed_in(person), entry, world).status_code
        # Forms answer what one may not with 403 or, beside what was typed, with 422.
        assert status in ((200,) if role in entry.may else (403, 422)), (role, status)


@pytest.mark.parametrize("entry", CASES)
def test_nobody_sees_or_changes_anything_of_a_foreign_portfolio(entry: Entry) -> None:
    world, elsewhere = make_world(), make_portfolio()
    for role in Role.values:
        status = send(signed_in(make_member(elsewhere, role)), entry, world).status_code
        assert status == 404, (role, status)


@pytest.mark.parametrize("entry", CASES)
def test_a_stranger_is_let_in_nowhere(entry: Entry) -> None:
    assert send(Client(), entry, make_world()).status_code == 401
