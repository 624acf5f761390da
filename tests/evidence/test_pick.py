"""Picking what to log evidence on: what is offered, in which order, and to whom."""

from typing import Any

import pytest
from django.urls import reverse

from evidence.intake import NewEvidence, record
from evidence.pick import MOST_OFFERED, to_pick_from
from spm.accounts.models import Role
from tests.evidence.test_log_pages import AGAINST, FRAGMENT, signed_in, text_of
from tests.factories import (
    make_bet,
    make_hypothesis,
    make_member,
    make_portfolio,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db


def statements(*found: Any) -> list[str]:
    """What is offered, in order."""
    return [hypothesis.statement for hypothesis in to_pick_from(*found)]


def test_what_one_logged_on_last_stands_first_and_ended_bets_last() -> None:
    portfolio = make_portfolio()
    lead, other = make_member(portfolio), make_member(portfolio)
    ended = make_hypothesis(make_bet(portfolio, stage="stopped"), statement="Ended")
    silent = make_hypothesis(make_bet(portfolio), statement="Silent")
    fresh = make_hypothesis(make_bet(portfolio), statement="Fresh")
    first = make_hypothesis(make_bet(portfolio), statement="Mine, first")
    last = make_hypothesis(make_bet(portfolio), statement="Mine, last")
    record(lead, first.pk, NewEvidence(**AGAINST))
    record(lead, last.pk, NewEvidence(**AGAINST))
    record(other, fresh.pk, NewEvidence(**AGAINST))
    assert statements(lead, portfolio.pk) == [
        "Mine, last",
        "Mine, first",
        "Fresh",
        silent.statement,
        ended.statement,
    ]


def test_all_words_are_looked_for_in_the_bet_and_in_its_hypothesis() -> None:
    portfolio = make_portfolio()
    lead = make_member(portfolio)
    bet = make_bet(portfolio, title="Instant payout")
    make_hypothesis(bet, statement="Merchants pay 1% for it")
    make_hypothesis(bet, statement="Banks agree")
    make_hypothesis(make_bet(portfolio), statement="Merchants stay")
    assert statements(lead, portfolio.pk, "PAYOUT merch") == ["Merchants pay 1% for it"]
    assert statements(lead, portfolio.pk, "1%") == ["Merchants pay 1% for it"]
    assert statements(lead, portfolio.pk, "payout nothing") == []


def test_a_contributor_is_offered_the_bets_of_their_teams_alone() -> None:
    portfolio = make_portfolio()
    own, other = make_team(portfolio), make_team(portfolio)
    make_hypothesis(make_bet(portfolio, teams={own: 0.5, other: 0.5}), statement="Ours")
    make_hypothesis(make_bet(portfolio, teams={other: 1.0}), statement="Theirs")
    make_hypothesis(make_bet(make_portfolio()), statement="Elsewhere")
    contributor = make_member(portfolio, Role.CONTRIBUTOR, teams=(own,))
    assert statements(contributor, portfolio.pk) == ["Ours"]
    for role in (Role.VIEWER, Role.FINANCE):
        assert statements(make_member(portfolio, role), portfolio.pk) == []


def test_the_page_and_the_dialog_lead_to_the_form() -> None:
    portfolio = make_portfolio()
    hypothesis = make_hypothesis(make_bet(portfolio, title="Instant payout"))
    client = signed_in(make_member(portfolio))
    here, there = reverse("evidence:pick"), reverse("evidence:log", args=[hypothesis.pk])
    page = client.get(here, {"q": "payout\0"})
    assert f'href="{there}"' in page.content.decode() and "<html" in page.content.decode()
    dialog = client.get(here, headers=FRAGMENT).content.decode()
    assert f'hx-get="{there}"' in dialog and "<html" not in dialog
    none = client.get(here, {"q": "x" * 300}, headers={**FRAGMENT, "HX-Target": "pick-list"})
    assert text_of(none) == "No bet and no hypothesis that you may log on has these words."


def test_only_who_may_log_finds_the_way_there() -> None:
    portfolio = make_portfolio()
    for role, answer in ((Role.CONTRIBUTOR, 200), (Role.VIEWER, 403), (Role.FINANCE, 403)):
        client = signed_in(make_member(portfolio, role))
        assert client.get(reverse("evidence:pick")).status_code == answer
        shown = client.get(reverse("evidence:stream")).content.decode()
        assert ("data-log-anywhere" in shown) == (answer == 200)
    assert "in no portfolio" in text_of(signed_in(make_user()).get(reverse("evidence:pick")))


def test_the_list_costs_a_fixed_number_of_queries(django_assert_max_num_queries: Any) -> None:
    portfolio = make_portfolio()
    lead = make_member(portfolio)
    for _ in range(MOST_OFFERED + 5):
        hypothesis = make_hypothesis(make_bet(portfolio))
    record(lead, hypothesis.pk, NewEvidence(**AGAINST))
    with django_assert_max_num_queries(4):
        found = to_pick_from(lead, portfolio.pk)
    assert len(found) == MOST_OFFERED and found[0] == hypothesis
