"""The calibration report."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bets.edit import OFFICE
from bets.models import Portfolio
from evidence.resolve import resolve
from tests.evidence.test_log_pages import signed_in, text_of
from tests.evidence.test_resolve import HELD, NOT, judged
from tests.factories import (
    make_bet,
    make_hypothesis,
    make_member,
    make_portfolio,
    make_stream,
    make_team,
)

pytestmark = pytest.mark.django_db


def office(hypotheses: int) -> Portfolio:
    portfolio = make_portfolio()
    stream, team = make_stream(portfolio, name="Payments"), make_team(portfolio, name="Otters")
    for number in range(hypotheses):
        bet = make_bet(portfolio, {team: 1.0}, stream=stream if number % 2 else None)
        hypothesis = make_hypothesis(bet)
        judged(hypothesis, "for", 20, "Sales")
        resolve(OFFICE, hypothesis.pk, HELD if number % 3 else NOT)
    return portfolio


def test_the_report_tells_scores_diagram_and_parts() -> None:
    portfolio = office(3)
    client = signed_in(make_member(portfolio))
    page = text_of(client.get(reverse("reports:calibration")))
    assert "Resolved 3 2 held" in page
    assert "3 forecasts in 1 ranges of belief" in page
    for name in ("Payments", "Otters", "Sales"):
        assert name in page
    one_stream = text_of(
        client.get(reverse("reports:calibration"), {"stream": portfolio.streams.get().pk})
    )
    assert "Resolved 1 1 held" in one_stream


def test_forecasts_and_diagram_are_there_as_csv() -> None:
    client = signed_in(make_member(office(2)))
    for part, rows in (("forecasts", 3), ("diagram", 2)):
        text = client.get(reverse("reports:calibration_csv", args=[part])).content.decode()
        assert len(text.splitlines()) == rows
    assert client.get(reverse("reports:calibration_csv", args=["nothing"])).status_code == 404


def test_an_office_that_resolved_nothing_is_told_what_to_do() -> None:
    client = signed_in(make_member(make_portfolio()))
    page = text_of(client.get(reverse("reports:calibration"), {"lead": "x", "team": "9" * 30}))
    assert "Nothing is resolved yet." in page


def test_the_report_costs_as_many_queries_for_many_as_for_few() -> None:
    counts = []
    for hypotheses in (2, 8):
        client = signed_in(make_member(office(hypotheses)))
        client.get(reverse("evidence:stream"))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("reports:calibration"))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12
