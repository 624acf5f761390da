"""A proposal's study on its page, beside it, and in the API."""

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from allocation.models import Guardrail, Proposal, Study
from allocation.recompute import recompute
from allocation.studied import studied
from allocation.studies import run_owed_studies
from bets.models import Portfolio
from spm.accounts.models import Role
from tests.allocation.test_decide import proposed
from tests.allocation.test_recompute import two_bets
from tests.api_client import client_for
from tests.factories import make_bet, make_member, make_portfolio, make_team


def signed_in(portfolio: Portfolio) -> Client:
    browser = Client()
    user = make_member(portfolio, Role.FINANCE)
    browser.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return browser


def with_a_tight_guardrail() -> tuple[Portfolio, Proposal]:
    """A proposal that would do better if no bet's share were limited."""
    portfolio, _, _ = two_bets()
    Guardrail.objects.create(portfolio=portfolio, name="No giants", kind="bet_share", maximum="0.5")
    proposal = recompute(portfolio.pk)
    assert proposal is not None
    return portfolio, proposal


@pytest.mark.django_db
def test_a_proposal_is_shown_at_once_and_its_study_when_it_is_there() -> None:
    portfolio, proposal = with_a_tight_guardrail()
    browser, address = signed_in(portfolio), f"/proposals/{proposal.pk}"
    before = browser.get(f"{address}/study").content.decode()
    assert "Being worked out; it appears here by itself." in before
    run_owed_studies(portfolio.pk)
    for path in (f"{address}?all=1", f"{address}/study"):
        page = browser.get(path).content.decode()
        assert "Relax the guardrail No giants" in page
        assert "at most 50.0% → 55.0%" in page
        assert "possible futures" in page
    assert b"Value against turnover" in browser.get(f"{address}/frontier").content
    lines = browser.get(f"{address}/frontier.csv").content.decode().splitlines()
    assert lines[0].startswith("At most withdrawn,Withdrawn,")
    assert len(lines) > 10


@pytest.mark.django_db
def test_levers_that_pay_come_first_and_the_others_are_told_as_tried() -> None:
    portfolio, proposal = with_a_tight_guardrail()
    run_owed_studies(portfolio.pk)
    shown = studied(proposal)
    assert shown is not None and shown.paying
    nets = [row.net_gain for row in shown.paying]
    assert nets == sorted(nets, reverse=True) and min(nets) > 0
    assert all(row.net_gain <= 0 for row in shown.others)


@pytest.mark.django_db
def test_levers_that_only_mend_what_is_broken_stand_apart_and_say_so() -> None:
    portfolio, proposal = with_a_tight_guardrail()
    run_owed_studies(portfolio.pk)
    study = Study.objects.get(proposal=proposal)
    assert study.levers is not None
    mending = {**study.levers[0], "gain": -5.0, "net_gain": -9.0, "mends": 58_000.0}
    study.levers = [*study.levers, mending]
    study.save()
    shown = studied(proposal)
    assert shown is not None
    assert [row.mends for row in shown.mending] == [58_000.0]
    page = signed_in(portfolio).get(f"/proposals/{proposal.pk}/study").content.decode()
    assert "Would mend more of what is broken today, and not pay: 1" in page


@pytest.mark.django_db
def test_levers_name_what_has_been_removed_since() -> None:
    portfolio, proposal = with_a_tight_guardrail()
    run_owed_studies(portfolio.pk)
    Guardrail.objects.all().delete()
    shown = studied(proposal)
    assert shown is not None and shown.paying
    assert any("removed" in row.what for row in shown.paying)


@pytest.mark.django_db
def test_more_levers_cost_no_more_queries() -> None:
    portfolio, proposal = with_a_tight_guardrail()
    run_owed_studies(portfolio.pk)
    browser, counts = signed_in(portfolio), []
    browser.get(f"/proposals/{proposal.pk}/study")
    for many in (1, 6):
        for _ in range(many):
            bet = make_bet(portfolio)
            team = make_team(portfolio)
            study = Study.objects.get(proposal=proposal)
            assert study.levers is not None
            lever = {**study.levers[0], "kind": "hire", "target": {"team": str(team.pk)}}
            other = {**lever, "kind": "unlock", "target": {"bet": str(bet.pk)}}
            study.levers = [*study.levers, lever, other]
            study.save()
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(f"/proposals/{proposal.pk}/study").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db
def test_the_api_has_it_as_the_engine_said_it() -> None:
    portfolio, _, _, proposal = proposed()
    client = client_for(portfolio, "finance")
    assert client.get(f"/proposals/{proposal.pk}").json()["study"] is None
    run_owed_studies(portfolio.pk)
    shown = client.get(f"/proposals/{proposal.pk}").json()["study"]
    study = Study.objects.get(proposal=proposal)
    assert shown["levers"] == study.levers
    assert shown["frontier"] == study.frontier
    assert shown["robustness"] == study.robustness
    assert shown["information"] == study.information
    assert shown["finished_at"] is not None


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["study", "frontier", "frontier.csv"])
def test_nothing_of_another_portfolio_is_shown(part: str) -> None:
    _, _, _, proposal = proposed()
    stranger = signed_in(make_portfolio())
    assert stranger.get(f"/proposals/{proposal.pk}/{part}").status_code == 404
