"""Who is told of breaks, revivals, silence and kill deadlines, and that nobody is told twice."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from bets.edit import OFFICE
from bets.models import Bet, Hypothesis
from evidence.beliefs import note_passing_time
from evidence.intake import NewEvidence, record, record_many, retract
from evidence.models import Notice
from evidence.notices.deadlines import tell_of_deadlines
from evidence.resolve import resolve
from spm.accounts.models import ApiKey, Membership, Role, User
from tests.factories import (
    make_bet,
    make_hypothesis,
    make_kill_criterion,
    make_member,
    make_portfolio,
    make_team,
)

pytestmark = pytest.mark.django_db

NO = NewEvidence(kind="ratio", likelihood_ratio=0.001, note="The secret words of a customer.")
YES = NewEvidence(kind="ratio", likelihood_ratio=1000.0)


class World:
    """A bet of a contributor in a portfolio with one person of each role."""

    def __init__(self, title: str = "Parcel lockers") -> None:
        self.portfolio = make_portfolio()
        self.team = make_team(self.portfolio)
        self.lead = make_member(self.portfolio, Role.LEAD)
        self.finance = make_member(self.portfolio, Role.FINANCE)
        self.owner = make_member(self.portfolio, Role.CONTRIBUTOR, (self.team,))
        self.colleague = make_member(self.portfolio, Role.CONTRIBUTOR, (self.team,))
        make_member(self.portfolio, Role.VIEWER)
        self.bet: Bet = make_bet(
            self.portfolio, {self.team: 1.0}, title=title, owner=self.owner, working=50_000
        )
        self.hypothesis: Hypothesis = make_hypothesis(self.bet)


def told(kind: str) -> set[User]:
    """Who has a notice of this kind."""
    return {row.person for row in Notice.objects.filter(kind=kind).select_related("person")}


def test_a_break_is_told_to_owner_lead_and_finance_but_not_to_who_caused_it() -> None:
    world = World()
    record(world.owner, world.hypothesis.pk, NO)
    assert told("break") == {world.lead, world.finance}
    row = Notice.objects.filter(person=world.lead).get()
    assert row.text.startswith("Parcel lockers: the thesis broke at a belief of <1%. €50k/mo")
    assert "secret" not in row.text
    assert row.url == f"/bets/{world.bet.pk}"


def test_a_key_that_causes_a_break_is_its_owner() -> None:
    world = World()
    key, _ = ApiKey.issue(world.lead, world.portfolio.pk, "Feed", ["read", "evidence"])
    record(key, world.hypothesis.pk, NO)
    assert told("break") == {world.owner, world.finance}


def test_a_revival_is_told_and_more_of_the_same_is_not() -> None:
    world = World()
    broke = record(OFFICE, world.hypothesis.pk, NO)
    record(OFFICE, world.hypothesis.pk, NO)
    assert Notice.objects.count() == 3
    retract(world.colleague, broke.evidence.pk, "Misread.")
    assert told("revival") == set()
    record(world.colleague, world.hypothesis.pk, YES)
    assert told("revival") == {world.owner, world.lead, world.finance}
    assert Notice.objects.count() == 6


def test_what_comes_to_nothing_within_one_delivery_is_not_told() -> None:
    world = World()
    week = timezone.now() - timedelta(days=7)
    record_many(
        OFFICE,
        world.portfolio,
        [
            (
                world.hypothesis.pk,
                NewEvidence(kind="ratio", likelihood_ratio=0.001, observed_at=week),
            ),
            (world.hypothesis.pk, NewEvidence(kind="ratio", likelihood_ratio=1e6)),
        ],
    )
    assert world.bet.thesis_breaks.count() == 2
    assert not Notice.objects.exists()


def test_a_delivery_of_many_tells_once_for_each_bet_and_not_who_delivered() -> None:
    world = World()
    other = make_hypothesis(make_bet(world.portfolio))
    events = [(each.pk, NO) for each in (world.hypothesis, world.hypothesis, other)]
    record_many(world.lead, world.portfolio, events)
    assert Notice.objects.filter(person=world.finance, kind="break").count() == 2
    assert told("break") == {world.finance, world.owner}


def test_the_past_that_is_replayed_is_no_news() -> None:
    world = World()
    past = timezone.now() - timedelta(days=90)
    record(OFFICE, world.hypothesis.pk, NO, as_of=past, recorded_at=past)
    assert world.bet.thesis_breaks.exists()
    assert not Notice.objects.exists()


def test_who_is_no_member_any_more_is_not_told_though_they_own_the_bet() -> None:
    world = World()
    Membership.objects.filter(user=world.owner).delete()
    User.objects.filter(pk=world.finance.pk).update(is_active=False)
    record(OFFICE, world.hypothesis.pk, NO)
    assert told("break") == {world.lead}


def test_a_notice_goes_with_its_cause() -> None:
    world = World()
    with transaction.atomic():
        record(OFFICE, world.hypothesis.pk, NO)
        assert Notice.objects.exists()
        transaction.set_rollback(True)
    assert not Notice.objects.exists()


def test_a_thesis_that_falls_silent_is_told_once_for_each_silence() -> None:
    world = World()
    now = timezone.now()
    strong = NewEvidence(kind="judgement", direction="for", strength="strong", observed_at=now)
    record(OFFICE, world.hypothesis.pk, strong)
    years = now + timedelta(days=2_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("evidence.notices.theses.timezone.now", lambda: years)
        note_passing_time([world.bet.pk], years)
    assert Bet.objects.get(pk=world.bet.pk).thesis_status == "silent"
    assert told("silence") == {world.owner, world.lead, world.finance}
    note_passing_time([world.bet.pk], years + timedelta(days=1))
    assert Notice.objects.filter(kind="silence").count() == 3


def test_a_kill_deadline_is_told_once_when_near_and_once_when_passed() -> None:
    world = World()
    now = timezone.now()
    make_kill_criterion(world.hypothesis, deadline=now + timedelta(days=20))
    for day in range(40):
        tell_of_deadlines(now + timedelta(days=day))
    texts = Notice.objects.filter(person=world.owner).order_by("id").values_list("text", flat=True)
    near, passed = texts
    assert "a kill deadline ends on" in near and "measured value < 0.02 on 100 or more" in near
    assert "a kill deadline passed on" in passed
    assert Notice.objects.count() == 6
    assert Notice.objects.order_by("id")[0].created_at == now + timedelta(days=6)


def test_no_deadline_is_told_of_what_is_resolved_or_stopped() -> None:
    world = World()
    soon = timezone.now() + timedelta(days=3)
    stopped = make_hypothesis(make_bet(world.portfolio, stage="stopped"))
    for hypothesis in (world.hypothesis, stopped):
        make_kill_criterion(hypothesis, deadline=soon)
    resolve(OFFICE, world.hypothesis.pk, {"outcome": "held", "shown_by": "The pilot."})
    tell_of_deadlines(timezone.now())
    assert told("deadline") == set()


def test_looking_again_at_deadlines_that_were_told_says_nothing_live(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    make_kill_criterion(world.hypothesis, deadline=timezone.now() + timedelta(days=3))
    said: list[int] = []
    monkeypatch.setattr(
        "evidence.notices.tell.live.say_to", lambda person, name: said.append(person)
    )
    tell_of_deadlines(timezone.now())
    assert sorted(said) == sorted([world.lead.pk, world.finance.pk, world.owner.pk])
    tell_of_deadlines(timezone.now())
    assert len(said) == 3
