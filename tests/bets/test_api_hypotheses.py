"""Hypotheses through the API."""

import pytest

from tests.api_client import assert_problem, client_for
from tests.factories import make_bet, make_hypothesis, make_portfolio

pytestmark = pytest.mark.django_db


def test_a_hypothesis_is_added_with_its_kill_criteria() -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio)
    deadline = "2027-01-01T00:00:00Z"
    body = {
        "bet": bet.pk,
        "statement": "Customers come back",
        "metric": "proportion",
        "threshold": 0.1,
        "prior": 0.4,
        "kill_criteria": [
            {"metric": "value", "comparison": "<", "value": 0.02, "min_sample": 100},
            {
                "metric": "trials",
                "comparison": ">=",
                "value": 50,
                "deadline": "2027-01-01T00:00:00Z",
            },
        ],
    }
    response = client_for(portfolio).post("/hypotheses", body)
    assert response.status_code == 201
    shown = response.json()
    assert shown["bet"] == bet.pk
    assert [c["metric"] for c in shown["kill_criteria"]] == ["value", "trials"]
    assert shown["kill_criteria"][1]["deadline"] == deadline


def test_a_hypothesis_changes_in_what_is_given() -> None:
    portfolio = make_portfolio()
    hypothesis = make_hypothesis(make_bet(portfolio), prior=0.5)
    client = client_for(portfolio)
    response = client.send("PATCH", f"/hypotheses/{hypothesis.pk}", {"prior": 0.3})
    assert response.status_code == 200
    assert response.json() == client.get(f"/hypotheses/{hypothesis.pk}").json()
    assert response.json()["prior"] == 0.3


def test_hypotheses_are_listed_by_bet() -> None:
    portfolio = make_portfolio()
    wanted = make_hypothesis(make_bet(portfolio))
    make_hypothesis(make_bet(portfolio))
    listed = client_for(portfolio).get(f"/hypotheses?bet={wanted.bet_id}").json()
    assert [row["id"] for row in listed["results"]] == [wanted.pk]


@pytest.mark.parametrize("bet", [None, "1", True, 0, -1, 10**30, 4711])
def test_a_bet_that_is_not_there_gets_no_hypothesis(bet: object) -> None:
    response = client_for(make_portfolio()).post("/hypotheses", {"bet": bet, "statement": "A"})
    assert response.status_code in (400, 404)


@pytest.mark.parametrize("prior", [0, 1, "１", "0_5", True, None, 1e308, -0.1])
def test_a_prior_that_no_evidence_could_move_is_refused(prior: object) -> None:
    portfolio = make_portfolio()
    body = {"bet": make_bet(portfolio).pk, "statement": "A", "prior": prior}
    response = client_for(portfolio).post("/hypotheses", body)
    document = assert_problem(response, 400, "invalid")
    assert [error["field"] for error in document["errors"]] == ["prior"]


def test_a_hypothesis_that_was_changed_meanwhile_is_not_overwritten() -> None:
    portfolio = make_portfolio()
    hypothesis = make_hypothesis(make_bet(portfolio))
    client, path = client_for(portfolio), f"/hypotheses/{hypothesis.pk}"
    tag = client.get(path)["ETag"]
    first = client.send("PATCH", path, {"statement": "It sells."}, If_Match=tag)
    assert first.status_code == 200 and first["ETag"] == client.get(path)["ETag"] != tag
    late = client.send("PATCH", path, {"statement": "It rents."}, If_Match=tag)
    assert_problem(late, 412, "changed")
    assert client.get(path).json()["statement"] == "It sells."
