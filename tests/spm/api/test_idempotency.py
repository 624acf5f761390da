"""The same request delivered again, or twice at once, has one effect."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from bets.models import Bet
from spm.accounts.models import IdempotentAnswer
from spm.accounts.tasks import forget_old_answers
from tests.api_client import assert_problem, client_for
from tests.at_once import at_once
from tests.factories import make_portfolio

BODY = {"title": "Instant refunds"}


@pytest.mark.django_db
def test_a_repeated_delivery_is_answered_as_before_and_has_no_effect() -> None:
    client = client_for(make_portfolio())
    first = client.post("/bets", BODY, Idempotency_Key="a")
    again = client.post("/bets", BODY, Idempotency_Key="a")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again["ETag"] == first["ETag"]
    assert Bet.objects.count() == 1


@pytest.mark.django_db
def test_the_order_of_names_and_blanks_is_not_what_a_request_says() -> None:
    client = client_for(make_portfolio())
    client.post("/bets", b'{"title": "A", "description": "B"}', Idempotency_Key="a")
    again = client.post("/bets", b'{"description":"B","title":"A"}', Idempotency_Key="a")
    assert again["Idempotent-Replayed"] == "true"


@pytest.mark.django_db
def test_a_used_key_with_another_body_or_path_is_refused() -> None:
    client = client_for(make_portfolio())
    client.post("/bets", BODY, Idempotency_Key="a")
    other = client.post("/bets", {"title": "Other"}, Idempotency_Key="a")
    assert_problem(other, 422, "key-reused")
    elsewhere = {"bet": 1, "statement": "A"}
    assert_problem(client.post("/hypotheses", elsewhere, Idempotency_Key="a"), 422, "key-reused")
    assert Bet.objects.count() == 1


@pytest.mark.django_db
def test_a_key_is_its_principals_own() -> None:
    portfolio = make_portfolio()
    for client in (client_for(portfolio), client_for(portfolio)):
        assert "Idempotent-Replayed" not in client.post("/bets", BODY, Idempotency_Key="a")
    assert Bet.objects.count() == 2


@pytest.mark.django_db
def test_a_request_that_was_refused_may_be_mended_under_its_key() -> None:
    client = client_for(make_portfolio())
    assert_problem(client.post("/bets", {"title": ""}, Idempotency_Key="a"), 400, "invalid")
    assert client.post("/bets", BODY, Idempotency_Key="a").status_code == 201


@pytest.mark.django_db
def test_a_key_is_forgotten_after_a_day() -> None:
    client = client_for(make_portfolio())
    client.post("/bets", BODY, Idempotency_Key="a")
    client.post("/bets", BODY, Idempotency_Key="b")
    a_day_ago = timezone.now() - timedelta(hours=24)
    IdempotentAnswer.objects.update(created_at=a_day_ago)
    assert client.post("/bets", {"title": "Other"}, Idempotency_Key="a").status_code == 201
    assert forget_old_answers() == 1
    assert [kept.key for kept in IdempotentAnswer.objects.all()] == ["a"]


@pytest.mark.django_db
def test_the_effect_is_undone_with_an_answer_that_could_not_be_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(**fields: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(IdempotentAnswer.objects, "create", broken)
    client = client_for(make_portfolio())
    assert_problem(client.post("/bets", BODY, Idempotency_Key="a"), 500, "fault")
    assert not Bet.objects.exists()


def test_sixteen_deliveries_at_once_are_one_bet_and_sixteen_equal_answers(
    committed_db: None,
) -> None:
    client = client_for(make_portfolio())
    for key in ("a", "b", "c"):
        deliver = partial(client.post, "/bets", BODY, Idempotency_Key=key)
        answers = at_once([deliver] * 16)
        assert {answer.status_code for answer in answers} == {201}
        assert all(answer.json() == answers[0].json() for answer in answers)
    assert Bet.objects.count() == 3
