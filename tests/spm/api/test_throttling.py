"""How often one principal may ask."""

import time
from typing import Any

import pytest
import redis

from spm.api import throttling
from tests.api_client import assert_problem, client_for
from tests.factories import make_portfolio

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _three_a_minute(settings: Any) -> None:
    rates = {"DEFAULT_THROTTLE_RATES": {"principal": "3/min"}}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, **rates}
    valkey = redis.Redis.from_url(settings.LIVE_URL)
    for name in valkey.keys("rate:*"):
        valkey.delete(name)
    valkey.close()


def test_the_request_above_the_rate_hears_how_long_to_wait() -> None:
    client = client_for(make_portfolio())
    assert [client.get("/bets").status_code for _ in range(3)] == [200, 200, 200]
    refused = client.get("/bets")
    assert_problem(refused, 429, "throttled")
    assert 15 <= int(refused["Retry-After"]) <= 21
    assert refused["RateLimit-Policy"] == "3;w=60" and refused["RateLimit-Remaining"] == "0"


def test_every_answer_says_what_is_left_and_until_when() -> None:
    client = client_for(make_portfolio())
    said = [client.get("/bets") for _ in range(2)]
    assert [each["RateLimit-Remaining"] for each in said] == ["2", "1"]
    assert said[0]["RateLimit-Limit"] == "3" and 15 <= int(said[0]["RateLimit-Reset"]) <= 21
    assert assert_problem(client.get("/bets/0"), 404, "not-found")


def test_who_waits_as_told_is_served() -> None:
    period, cost = 0.3, 0.1
    for _ in range(3):
        assert throttling._counted("rate:test", period, cost).seconds_to_wait == 0
    wait = throttling._counted("rate:test", period, cost).seconds_to_wait
    assert 0 < wait <= 0.1
    time.sleep(wait)
    assert throttling._counted("rate:test", period, cost).seconds_to_wait == 0


def test_each_principal_has_a_rate_of_its_own() -> None:
    portfolio = make_portfolio()
    first, second = client_for(portfolio), client_for(portfolio)
    assert [first.get("/bets").status_code for _ in range(4)][-1] == 429
    assert second.get("/bets").status_code == 200


def test_without_valkey_requests_are_served_uncounted(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(throttling, "_valkey", None)
    settings.LIVE_URL = "redis://127.0.0.1:1/0"
    client = client_for(make_portfolio())
    assert {client.get("/bets").status_code for _ in range(5)} == {200}
