"""What to learn next, as pages show it."""

from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from allocation.models import RecomputeRequest, Study
from allocation.recompute import recompute
from allocation.studies import run_owed_studies
from bets.models import Bet, Portfolio
from evidence.beliefs import refresh
from reports.learn_next import learn_next
from spm.accounts.models import Role
from tests.allocation.test_recompute import two_bets
from tests.factories import make_bet, make_hypothesis, make_member, make_portfolio, make_team


def signed_in(portfolio: Portfolio, role: str = Role.LEAD, **fields: Any) -> Client:
    browser = Client()
    user = make_member(portfolio, role, **fields)
    browser.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return browser


def learning(bet: Bet, hypothesis: str | None, gain: float, **fields: object) -> dict[str, object]:
    """One row of a study."""
    return {
        "bet": str(bet.pk),
        "hypothesis": hypothesis,
        "belief": 0.5,
        "gain": gain,
        "gain_per_month_of_waiting": gain / 24,
        "gain_if_true": gain,
        "gain_if_false": gain,
        "exact": True,
        **fields,
    }


def known(portfolio: Portfolio, *rows: dict[str, object]) -> None:
    """The portfolio's study says these."""
    now = timezone.now()
    Study.objects.create(portfolio=portfolio, as_of=now, finished_at=now, information=list(rows))


@pytest.mark.django_db
def test_the_open_question_worth_most_comes_first_with_a_way_to_answer_it() -> None:
    portfolio, sick, well = two_bets(belief=None)
    for bet, prior in ((sick, 0.1), (well, 0.6)):
        make_hypothesis(bet, statement=f"{bet.title} pays", prior=prior)
    refresh([sick.pk, well.pk])
    recompute(portfolio.pk)
    RecomputeRequest.objects.all().delete()
    run_owed_studies(portfolio.pk)
    found = learn_next(portfolio)
    gains = [question.gain for question in found.questions]
    assert gains == sorted(gains, reverse=True) and gains[0] > 0
    page = signed_in(portfolio).get("/evidence/next").content.decode()
    first = found.questions[0]
    assert first.hypothesis is not None
    assert f"/hypotheses/{first.hypothesis.pk}/evidence" in page
    assert page.index(found.questions[0].bet.title) < len(page)
    lines = signed_in(portfolio).get("/evidence/next.csv").content.decode().splitlines()
    assert lines[0].startswith("bet,hypothesis,belief")
    assert len(lines) == 1 + len(found.questions)


@pytest.mark.django_db
def test_who_may_not_log_evidence_on_a_bet_is_not_sent_there() -> None:
    portfolio = make_portfolio()
    team = make_team(portfolio)
    mine, theirs = make_bet(portfolio, {team: 1.0}), make_bet(portfolio)
    rows = [learning(bet, str(make_hypothesis(bet).pk), 100.0) for bet in (mine, theirs)]
    known(portfolio, *rows)
    page = signed_in(portfolio, Role.CONTRIBUTOR, teams=(team,)).get("/evidence/next")
    assert page.content.decode().count("Log evidence<span") == 1
    as_lead = signed_in(portfolio).get("/evidence/next").content.decode()
    assert as_lead.count("Log evidence<span") == 2
    as_finance = signed_in(portfolio, Role.FINANCE).get("/evidence/next").content.decode()
    assert "Log evidence<span" not in as_finance


@pytest.mark.django_db
def test_what_is_worth_nothing_is_counted_and_what_is_gone_is_left_out() -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio)
    known(
        portfolio,
        learning(bet, None, 100.0),
        learning(bet, None, 0.0),
        learning(bet, "999999", 50.0),
    )
    found = learn_next(portfolio)
    assert [question.gain for question in found.questions] == [100.0]
    assert found.idle == 1
    assert b"1 more open question:" in signed_in(portfolio).get("/evidence/next").content


@pytest.mark.django_db
def test_an_estimate_says_that_it_is_one() -> None:
    portfolio = make_portfolio()
    row = learning(
        make_bet(portfolio), None, 90.0, exact=False, gain_if_true=None, gain_if_false=None
    )
    known(portfolio, row)
    page = signed_in(portfolio).get("/evidence/next").content.decode()
    assert ">about</span>" in page and "Estimated at today" in page


@pytest.mark.django_db
def test_before_anything_is_known_it_says_so_and_more_questions_cost_no_more_queries() -> None:
    portfolio = make_portfolio()
    browser = signed_in(portfolio)
    assert b"Being worked out." in browser.get("/evidence/next").content
    counts = []
    for many in (2, 20):
        Study.objects.all().delete()
        bets = [make_bet(portfolio) for _ in range(many)]
        known(portfolio, *(learning(bet, str(make_hypothesis(bet).pk), 9.0) for bet in bets))
        with CaptureQueriesContext(connection) as queries:
            browser.get("/evidence/next")
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/evidence/next", "/evidence/next/rows", "/evidence/next.csv"])
def test_nothing_of_another_portfolio_is_shown(path: str) -> None:
    known(secret := make_portfolio(), learning(make_bet(secret, title="Secret"), None, 100.0))
    assert b"Secret" not in signed_in(make_portfolio()).get(path).content
