"""Readings from running systems."""

from typing import Any

import pytest

from bets.models import Hypothesis
from evidence.models import Evidence
from tests.api_client import ApiClient, client_for
from tests.factories import make_bet, make_hypothesis, make_portfolio

pytestmark = pytest.mark.django_db

NOON = "2026-03-01T12:00:00Z"
LATER = "2026-03-02T12:00:00Z"


def measured(**fields: Any) -> tuple[ApiClient, Hypothesis]:
    hypothesis = make_hypothesis(make_bet(make_portfolio()), **fields)
    return client_for(hypothesis.bet.portfolio), hypothesis


def send(client: ApiClient, hypothesis: Hypothesis, **fields: Any) -> Any:
    return client.post(
        f"/metrics/{hypothesis.pk}", {"value": 0.12, "n": 100, "time": NOON, **fields}
    )


def test_a_share_of_observations_is_successes_of_trials() -> None:
    client, hypothesis = measured()
    answer = send(client, hypothesis)
    assert answer.status_code == 201
    assert Evidence.objects.get().summary == "12 of 100"
    assert answer.json()["hypothesis"]["belief_before"] == 0.5


def test_a_mean_comes_with_its_spread() -> None:
    client, hypothesis = measured(metric="mean", threshold=5.0)
    assert send(client, hypothesis, value=6.5, sd=2.0).status_code == 201
    assert Evidence.objects.get().summary == "Mean 6.5 ± 2 of 100"


def test_the_same_time_again_is_the_same_reading() -> None:
    client, hypothesis = measured()
    send(client, hypothesis)
    assert send(client, hypothesis).status_code == 200
    assert send(client, hypothesis, value=0.5).status_code == 422
    assert Evidence.objects.count() == 1


def test_a_running_total_takes_the_place_of_the_one_before() -> None:
    client, hypothesis = measured()
    send(client, hypothesis, is_total=True)
    send(client, hypothesis, is_total=True, value=0.15, n=200, time=LATER)
    counted = Evidence.objects.exclude(kind="retraction").filter(retractions__isnull=True)
    assert [row.summary for row in counted] == ["30 of 200"]
    assert send(client, hypothesis, is_total=True, value=0.15, n=200, time=LATER).status_code == 200
    assert Evidence.objects.count() == 3


def test_a_total_that_comes_late_says_nothing_new() -> None:
    client, hypothesis = measured()
    send(client, hypothesis, is_total=True, time=LATER)
    assert send(client, hypothesis, is_total=True, time=NOON, n=90).status_code == 409
    assert Evidence.objects.count() == 1


@pytest.mark.parametrize(
    ("metric", "fields", "wrong"),
    [
        ("proportion", {"value": 12}, "value"),
        ("proportion", {"value": "NaN"}, "value"),
        ("proportion", {"n": 0}, "n"),
        ("proportion", {"time": "2026-03-01T12:00:00"}, "time"),
        ("proportion", {"is_total": "yes"}, "is_total"),
        ("proportion", {"colour": "red"}, "colour"),
        ("mean", {}, "sd"),
    ],
)
def test_what_is_wrong_is_named(metric: str, fields: dict[str, Any], wrong: str) -> None:
    client, hypothesis = measured(metric=metric, threshold=0.5)
    answer = send(client, hypothesis, **fields)
    assert answer.status_code == 400
    assert [each["field"] for each in answer.json()["errors"]] == [wrong]
    assert not Evidence.objects.exists()


def test_a_hypothesis_that_measures_nothing_takes_no_reading() -> None:
    client, hypothesis = measured(metric="", threshold=None)
    assert send(client, hypothesis).status_code == 400
