"""Evidence through the API."""

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from allocation.models import RecomputeRequest
from bets.models import Hypothesis, Portfolio
from evidence.models import Evidence
from evidence.said import FIELDS
from evidence.serializers import NewEvidenceTerms
from spm.accounts.models import Role, Scope
from tests.api_client import ApiClient, assert_problem, client_for, client_of
from tests.at_once import at_once
from tests.factories import make_bet, make_hypothesis, make_member, make_portfolio, make_team


def judgement(on: Hypothesis, **fields: Any) -> dict[str, Any]:
    """A strong judgement against the hypothesis."""
    return {
        "hypothesis": on.pk,
        "kind": "judgement",
        "direction": "against",
        "strength": "strong",
        **fields,
    }


def set_up(**fields: Any) -> tuple[Portfolio, Hypothesis, ApiClient]:
    portfolio = make_portfolio()
    hypothesis = make_hypothesis(make_bet(portfolio), **fields)
    return portfolio, hypothesis, client_for(portfolio)


@pytest.mark.django_db
def test_the_answer_says_what_was_believed_before_and_after() -> None:
    _, hypothesis, client = set_up(prior=0.5)
    response = client.post("/evidence", judgement(hypothesis))
    assert response.status_code == 201
    said = response.json()
    assert said["created"] is True
    assert said["decibans"] == pytest.approx(-10)
    assert said["hypothesis"]["id"] == hypothesis.pk
    assert said["hypothesis"]["belief_before"] == pytest.approx(0.5)
    assert said["hypothesis"]["belief_after"] == pytest.approx(1 / 11)
    assert said["thesis"]["bet"] == hypothesis.bet_id
    assert said["thesis"]["belief_after"] == pytest.approx(1 / 11)
    assert said["thesis"]["status_after"] == "broken"
    assert client.get(f"/evidence/{said['evidence']['id']}").json() == said["evidence"]


@pytest.mark.django_db
def test_what_was_learned_shows_in_the_belief_and_on_the_bet() -> None:
    _, hypothesis, client = set_up()
    client.post("/evidence", judgement(hypothesis))
    belief = client.get(f"/hypotheses/{hypothesis.pk}/belief").json()
    assert belief["belief"] == pytest.approx(1 / 11)
    assert client.get(f"/bets/{hypothesis.bet_id}").json()["belief"] == belief["belief"]
    assert RecomputeRequest.objects.exists()


@pytest.mark.django_db
def test_what_is_believed_before_anything_was_learned_is_the_prior() -> None:
    portfolio = make_portfolio()
    client = client_for(portfolio)
    body = {"bet": make_bet(portfolio).pk, "statement": "It holds", "prior": 0.3}
    hypothesis = client.post("/hypotheses", body).json()
    belief = client.get(f"/hypotheses/{hypothesis['id']}/belief").json()
    assert belief["belief"] == pytest.approx(0.3)


@pytest.mark.django_db
def test_an_outside_event_delivered_again_is_one_event_and_answers_200() -> None:
    _, hypothesis, client = set_up()
    body = judgement(hypothesis, source="Panel", external_id="7")
    first, again = client.post("/evidence", body), client.post("/evidence", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["evidence"] == first.json()["evidence"]
    assert again.json()["created"] is False
    assert again.json()["hypothesis"]["belief_after"] == pytest.approx(1 / 11)
    assert Evidence.objects.count() == 1


@pytest.mark.django_db
def test_an_outside_event_that_says_something_else_now_is_refused() -> None:
    _, hypothesis, client = set_up()
    client.post("/evidence", judgement(hypothesis, source="Panel", external_id="7"))
    other = judgement(hypothesis, source="panel", external_id="7", strength="weak")
    document = assert_problem(client.post("/evidence", other), 422, "key-reused")
    assert document["changed"] == ["strength"]


@pytest.mark.django_db
def test_the_same_key_is_one_event_and_the_same_answer() -> None:
    _, hypothesis, client = set_up()
    post = partial(client.post, "/evidence", judgement(hypothesis), Idempotency_Key="a")
    first, again = post(), post()
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    other = judgement(hypothesis, strength="weak")
    assert_problem(client.post("/evidence", other, Idempotency_Key="a"), 422, "key-reused")
    assert Evidence.objects.count() == 1


@pytest.mark.django_db
def test_without_a_key_or_a_name_two_events_are_two() -> None:
    _, hypothesis, client = set_up()
    for _ in range(2):
        assert client.post("/evidence", judgement(hypothesis)).status_code == 201
    assert Evidence.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("strength", "overwhelming"),
        ("direction", 1),
        ("reliability", 0),
        ("reliability", "1_0"),
        ("reliability", "１"),
        ("reliability", 1.5),
        ("observed_at", "2026-03-31T12:00:00"),
        ("observed_at", "2026-03-31"),
        ("observed_at", "0001-01-01T00:00:00+14:00"),
        ("observed_at", "2198-01-01T00:00:00Z"),
        ("observed_at", 1774958400),
        ("successes", 3),
        ("likelihood_ratio", 2),
        ("link", "javascript:alert(1)"),
        ("note", "x" * 5_001),
        ("note", "\x07"),
        ("external_id", "x" * 256),
        ("external_id", 7),
        ("source", ["Panel"]),
        ("retracts", 1),
        ("belief", 0.5),
        ("hypothesis", "1"),
        ("hypothesis", None),
        ("kind", "rumour"),
        ("kind", "measurement"),
    ],
)
def test_a_field_that_cannot_be_taken_is_named(field: str, value: object) -> None:
    _, hypothesis, client = set_up()
    body = judgement(hypothesis, **{field: value})
    document = assert_problem(client.post("/evidence", body), 400, "invalid")
    assert field in {error["field"] for error in document["errors"]} or field == "kind"
    assert not Evidence.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("hypothesis_id", [0, -1, 4711, 10**30])
def test_evidence_on_nothing_is_a_404(hypothesis_id: int) -> None:
    _, hypothesis, client = set_up()
    response = client.post("/evidence", judgement(hypothesis, hypothesis=hypothesis_id))
    assert_problem(response, 404, "not-found")


@pytest.mark.django_db
def test_a_contributor_logs_on_the_bets_of_their_teams_only() -> None:
    portfolio = make_portfolio()
    team = make_team(portfolio)
    client = client_of(make_member(portfolio, Role.CONTRIBUTOR, (team,)), portfolio)
    own = make_hypothesis(make_bet(portfolio, {team: 1.0}))
    other = make_hypothesis(make_bet(portfolio))
    assert client.post("/evidence", judgement(own)).status_code == 201
    assert_problem(client.post("/evidence", judgement(other)), 403, "not-allowed")


@pytest.mark.django_db
def test_a_key_needs_the_scope_for_evidence() -> None:
    portfolio, hypothesis, _ = set_up()
    client = client_of(make_member(portfolio), portfolio, [Scope.READ, Scope.BETS])
    assert_problem(client.post("/evidence", judgement(hypothesis)), 403, "not-allowed")


@pytest.mark.django_db
def test_evidence_is_listed_newest_first_and_by_what_it_is_about() -> None:
    portfolio, hypothesis, client = set_up()
    other = make_hypothesis(make_bet(portfolio))
    client.post("/evidence", judgement(hypothesis, source="Panel"))
    client.post("/evidence", judgement(other))

    def listed(query: str) -> list[int]:
        rows = client.get(f"/evidence?{query}").json()["results"]
        return [row["hypothesis"] for row in rows]

    assert listed("") == [other.pk, hypothesis.pk]
    assert listed("source=PANEL") == [hypothesis.pk]
    assert listed(f"bet={other.bet_id}") == [other.pk]
    soon = (timezone.now() + timedelta(minutes=1)).isoformat().replace("+", "%2B")
    assert listed(f"recorded_since={soon}") == []


def test_sixteen_deliverers_of_the_same_events_four_times_make_each_once(
    committed_db: None,
) -> None:
    portfolio = make_portfolio()
    hypotheses = [make_hypothesis(make_bet(portfolio)) for _ in range(4)]
    client, keys = client_for(portfolio), 40

    def deliver(number: int) -> list[int]:
        statuses = []
        for delivery in range(4 * keys // 16):
            # Four of the sixteen start at the same key, so that the same event arrives at once.
            name = f"event-{(number // 4 * 10 + delivery) % keys}"
            body = judgement(hypotheses[hash_of(name)], source="Panel", external_id=name)
            by_key = {"Idempotency_Key": name} if number % 2 else {}
            statuses.append(client.post("/evidence", body, **by_key).status_code)
        return statuses

    def hash_of(name: str) -> int:
        return int(name.rpartition("-")[2]) % len(hypotheses)

    answers = at_once([partial(deliver, number) for number in range(16)])
    statuses = [status for each in answers for status in each]
    assert len(statuses) == 4 * keys
    assert set(statuses) <= {200, 201}
    taken = [event.external_id for event in Evidence.objects.all()]
    assert len(taken) == keys
    assert set(taken) == {f"event-{number}" for number in range(keys)}


# --- in bulk --------------------------------------------------------------------------------------


def bulk(client: ApiClient, *lines: Any, query: str = "", **headers: str) -> Any:
    """Send lines, each as it is if it is bytes, else as JSON."""
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    return client.send(
        "POST",
        f"/evidence/bulk{query}",
        b"\n".join(raw) + b"\n",
        Content_Type="application/x-ndjson",
        **headers,
    )


@pytest.mark.django_db
def test_all_good_lines_are_taken_and_each_bad_one_is_answered_with_its_number() -> None:
    portfolio, hypothesis, client = set_up()
    foreign = make_hypothesis(make_bet(make_portfolio()))
    named = judgement(hypothesis, source="Panel", external_id="1")
    response = bulk(
        client,
        named,
        b"",
        b"{not json",
        named,
        judgement(hypothesis, strength="huge"),
        b"[]",
        judgement(foreign),
        judgement(hypothesis, hypothesis=10**30),
        {**named, "direction": "for"},
        b'{"hypothesis": 1, "hypothesis": 1}',
        b'{"kind": NaN}',
        b"\xff",
        b"\r",
        judgement(hypothesis, observed_at="2026-01-01T00:00:00Z"),
    )
    assert response.status_code == 200
    said = response.json()
    assert (said["taken"], said["repeated"]) == (2, 1)
    assert [refused["line"] for refused in said["refused"]] == [3, 5, 6, 7, 8, 9, 10, 11, 12]
    by_line = {refused["line"]: refused for refused in said["refused"]}
    assert by_line[5]["errors"][0]["field"] == "strength"
    assert by_line[7]["errors"][0]["field"] == "hypothesis"
    assert by_line[9]["type"] == "/api/v1/docs#key-reused"
    assert Evidence.objects.filter(portfolio=portfolio).count() == 2
    assert not Evidence.objects.exclude(portfolio=portfolio).exists()


@pytest.mark.django_db
def test_the_beliefs_after_many_lines_are_those_after_one_by_one() -> None:
    portfolio, hypothesis, client = set_up()
    twin = make_hypothesis(make_bet(portfolio))
    at = "2026-01-01T00:00:00Z"
    strengths = ["weak", "moderate", "strong"]
    lines = [judgement(hypothesis, strength=strength, observed_at=at) for strength in strengths]
    bulk(client, *lines)
    for line in lines:
        client.post("/evidence", {**line, "hypothesis": twin.pk})
    in_bulk, one_by_one = (
        client.get(f"/hypotheses/{each.pk}/belief").json()["belief"] for each in (hypothesis, twin)
    )
    assert in_bulk == pytest.approx(one_by_one, abs=1e-6)  # the twin's is some seconds staler


@pytest.mark.django_db
def test_the_same_lines_again_are_repetitions() -> None:
    _, hypothesis, client = set_up()
    lines = [judgement(hypothesis, external_id=str(number)) for number in range(5)]
    assert bulk(client, *lines).json()["taken"] == 5
    assert bulk(client, *lines).json() == {"taken": 0, "repeated": 5, "refused": []}


@pytest.mark.django_db
def test_lines_under_a_key_are_taken_once() -> None:
    _, hypothesis, client = set_up()
    send = partial(bulk, client, judgement(hypothesis), Idempotency_Key="a")
    assert send().json() == send().json() == {"taken": 1, "repeated": 0, "refused": []}
    assert Evidence.objects.count() == 1
    other = bulk(client, judgement(hypothesis, strength="weak"), Idempotency_Key="a")
    assert_problem(other, 422, "key-reused")


@pytest.mark.django_db
def test_more_lines_or_bytes_than_are_read_are_a_413() -> None:
    _, hypothesis, client = set_up()
    assert_problem(bulk(client, *[b"{}"] * 50_001), 413, "too-large")
    assert_problem(bulk(client, b"x" * 10_000_001), 413, "too-large")
    assert bulk(client, *[b""] * 49_999, judgement(hypothesis)).json()["taken"] == 1


@pytest.mark.django_db
def test_json_where_lines_are_meant_is_a_415() -> None:
    _, hypothesis, client = set_up()
    response = client.post("/evidence/bulk", judgement(hypothesis))
    assert_problem(response, 415, "media-type")


def test_the_document_names_exactly_the_fields_that_are_read() -> None:
    assert set(NewEvidenceTerms().fields) == {"hypothesis", "files", *FIELDS}
