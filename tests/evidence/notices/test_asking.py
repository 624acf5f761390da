"""Asking for evidence: who may, of whom, what came of it, and the reminders."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bets.edit import OFFICE
from evidence.asking import ask, requests_of, who_may_answer, withdraw
from evidence.intake import NewEvidence, record, record_many, retract
from evidence.models import EvidenceRequest, Notice
from evidence.notices.requests import remind
from evidence.resolve import resolve
from spm.accounts.models import Role
from spm.accounts.permissions import NotAllowed
from spm.errors import Conflict, Invalid
from tests.api_client import client_of
from tests.evidence.notices.test_who_is_told import World
from tests.factories import make_bet, make_hypothesis, make_member

pytestmark = pytest.mark.django_db

YES = NewEvidence(kind="judgement", direction="for", strength="moderate")


def in_days(days: int) -> date:
    """A day so many days from today."""
    return timezone.now().date() + timedelta(days=days)


def wanted(**fields: Any) -> dict[str, Any]:
    """Evidence by ten days from now."""
    return {"due_on": in_days(10), "what_would_help": "Ten interviews.", **fields}


def asked(world: World, **fields: Any) -> EvidenceRequest:
    """The lead asks about the world's hypothesis."""
    return ask(world.lead, world.hypothesis.pk, wanted(**fields))


def state_of(world: World) -> EvidenceRequest:
    """The one request as it stands."""
    return requests_of(world.portfolio).get()


def texts_for(person: Any) -> list[str]:
    """What a person was told, oldest first."""
    return list(Notice.objects.filter(person=person).order_by("id").values_list("text", flat=True))


def test_the_owner_is_asked_by_default_and_told() -> None:
    world = World()
    row = asked(world)
    assert row.asked_of == world.owner and row.belief_before == 0.5
    (text,) = texts_for(world.owner)
    assert text.startswith(f"Parcel lockers: {world.lead} asks you for evidence by")
    assert "interviews" not in text
    assert state_of(world).state == "open"
    assert texts_for(world.lead) == []


def test_only_who_may_log_evidence_on_the_bet_can_be_asked() -> None:
    world = World()
    outsider = make_member(world.portfolio, Role.CONTRIBUTOR)
    assert set(who_may_answer(world.bet)) == {world.lead, world.owner, world.colleague}
    assert asked(world, asked_of=world.colleague.pk).asked_of == world.colleague
    for person in (outsider, world.finance):
        with pytest.raises(Invalid) as refusal:
            asked(world, asked_of=person.pk)
        assert list(refusal.value.fields) == ["asked_of"]


def test_a_bet_without_owner_needs_somebody_to_be_named() -> None:
    world = World()
    nobodys = make_hypothesis(make_bet(world.portfolio))
    with pytest.raises(Invalid, match="no owner"):
        ask(world.lead, nobodys.pk, wanted())


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"due_on": "2026-02-31"}, "due_on"),
        ({"due_on": "2020-01-01"}, "due_on"),
        ({"due_on": "2999-01-01"}, "due_on"),
        ({"due_on": 7}, "due_on"),
        ({"what_would_help": "  "}, "what_would_help"),
        ({"what_would_help": "a\x00b"}, "what_would_help"),
        ({"asked_of": "x"}, "asked_of"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_what_cannot_be_is_named(fields: dict[str, Any], wrong: str) -> None:
    with pytest.raises(Invalid) as refusal:
        asked(World(), **fields)
    assert list(refusal.value.fields) == [wrong]


def test_a_resolved_hypothesis_is_not_asked_about() -> None:
    world = World()
    resolve(OFFICE, world.hypothesis.pk, {"outcome": "held", "shown_by": "The pilot."})
    with pytest.raises(Conflict):
        asked(world)


def test_the_next_evidence_answers_it_and_the_asker_hears_what_came_of_it() -> None:
    world = World()
    asked(world)
    record(world.owner, world.hypothesis.pk, YES)
    record(world.owner, world.hypothesis.pk, YES)
    row = state_of(world)
    assert row.state == "answered"
    assert row.belief_after == pytest.approx(0.76, abs=0.01)
    assert texts_for(world.lead) == [
        "Parcel lockers: the evidence that you asked for is in; belief 50% → 76%."
    ]


def test_evidence_in_bulk_answers_too_but_not_what_was_there_before_nor_a_retraction() -> None:
    world = World()
    before = record(world.owner, world.hypothesis.pk, YES).evidence
    asked(world)
    retract(world.owner, before.pk, "Misread.")
    assert state_of(world).state == "open"
    record_many(world.owner, world.portfolio, [(world.hypothesis.pk, YES)])
    row = state_of(world)
    assert row.state == "answered" and row.belief_after == pytest.approx(0.76, abs=0.01)
    assert len(texts_for(world.lead)) == 1


def test_who_answers_their_own_question_is_not_told() -> None:
    world = World()
    asked(world)
    record(world.lead, world.hypothesis.pk, YES)
    assert state_of(world).state == "answered"
    assert texts_for(world.lead) == []


def test_reminders_come_once_before_and_once_after_the_day() -> None:
    world = World()
    row = asked(world)
    noon = datetime.combine(row.due_on, datetime.min.time(), tzinfo=UTC) + timedelta(hours=12)
    for hours in range(-24 * 9, 24 * 9, 6):
        remind(noon + timedelta(hours=hours))
    assert [text.split(": ", 1)[1][:20] for text in texts_for(world.owner)][1:] == [
        "you were asked for e",
        "the evidence asked f",
    ]
    created = (
        Notice.objects.filter(person=world.owner)
        .order_by("id")
        .values_list("created_at", flat=True)
    )
    assert created[1].date() == row.due_on - timedelta(days=2)
    assert created[2].date() == row.due_on + timedelta(days=1)
    assert len(texts_for(world.lead)) == 1


def test_nobody_is_reminded_of_what_is_answered_or_withdrawn() -> None:
    world = World()
    asked(world)
    record(world.owner, world.hypothesis.pk, YES)
    withdraw(world.lead, asked(world).pk)
    before = Notice.objects.count()
    remind(timezone.now() + timedelta(days=30))
    assert Notice.objects.count() == before


def test_who_asked_or_leads_may_withdraw_it_once() -> None:
    world = World()
    row = ask(world.colleague, world.hypothesis.pk, wanted())
    for person in (world.finance, world.owner):
        with pytest.raises(NotAllowed):
            withdraw(person, row.pk)
    withdraw(world.lead, row.pk)
    assert state_of(world).state == "withdrawn"
    assert texts_for(world.owner)[-1].endswith("no longer needed.")
    with pytest.raises(Conflict, match="withdrawn already"):
        withdraw(world.colleague, row.pk)


def test_the_list_takes_one_query_however_many_there_are() -> None:
    world = World()
    for _ in range(5):
        asked(world)
    with CaptureQueriesContext(connection) as queries:
        rows = list(requests_of(world.portfolio))
        assert [str(row.asked_of) + row.bet.title + row.hypothesis.statement for row in rows]
    assert len(queries) == 1 and len(rows) == 5


def test_the_api_asks_once_and_lists_what_came_of_it() -> None:
    world = World()
    client = client_of(world.lead, world.portfolio)
    body = {
        "hypothesis": world.hypothesis.pk,
        "due_on": in_days(7).isoformat(),
        "what_would_help": "A price test.",
    }
    made = client.send("POST", "/evidence-requests", body, Idempotency_Key="one")
    again = client.send("POST", "/evidence-requests", body, Idempotency_Key="one")
    assert (made.status_code, again.status_code) == (201, 201)
    assert made.json()["id"] == again.json()["id"] and made.json()["state"] == "open"
    record(world.owner, world.hypothesis.pk, YES)
    answered = client.send("GET", "/evidence-requests?state=answered").json()["results"]
    assert [row["belief_before"] for row in answered] == [0.5]
    assert answered[0]["belief_after"] == pytest.approx(0.76, abs=0.01)
    assert client.send("GET", "/evidence-requests?state=open").json()["results"] == []
    wrong = client.send("POST", "/evidence-requests", {**body, "due_on": "soon"})
    assert wrong.status_code == 400 and wrong.json()["errors"][0]["field"] == "due_on"
