"""Who is told of proposals, decisions and the books, in which words, and that it is no flood."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail as outbox
from django.utils import timezone

from allocation import signals
from allocation.decide import approve, expire, refuse
from allocation.models import Account, Decision, Mandate, Proposal
from allocation.part import Part, checked, worked_out
from allocation.propose import close, publish, withdraw
from allocation.verify import verify
from bets.models import Bet
from evidence.models import Notice
from evidence.notices.mail import mail_what_is_due
from spm import formats
from spm.accounts.models import Membership, Role, User
from tests.allocation.test_decide import as_shown, proposed
from tests.factories import make_member, make_portfolio

pytestmark = pytest.mark.django_db


class Office:
    """A portfolio with one person of each role and an owner, and what was proposed to them."""

    def __init__(self, title: str = "Sick") -> None:
        self.portfolio, self.sick, self.well, first = proposed()
        Proposal.objects.filter(pk=first.pk).update(status="withdrawn", closed_at=timezone.now())
        self.lead, self.finance, self.viewer, self.admin = (
            make_member(self.portfolio, role)
            for role in (Role.LEAD, Role.FINANCE, Role.VIEWER, Role.ADMIN)
        )
        self.owner = make_member(self.portfolio, Role.CONTRIBUTOR)
        Bet.objects.filter(pk=self.sick.pk).update(owner=self.owner, title=title)
        self.found = first
        self.proposal = self.publish()

    def publish(self, **fields: Any) -> Proposal:
        """The same moves as an open proposal."""
        terms = {"now": timezone.now(), **fields}
        return publish(self.portfolio, self.found.snapshot, self.found.solution, **terms)

    def supersede(self) -> None:
        """A newer one takes the place of what stands."""
        close(self.proposal, Proposal.Status.SUPERSEDED, "A better one was found.", timezone.now())
        self.proposal = self.publish(replaces=self.proposal)


def told(kind: str) -> dict[User, str]:
    """What each person was told of this kind."""
    return {row.person: row.text for row in Notice.objects.filter(kind=kind)}


def test_who_may_decide_is_told_what_to_know_first() -> None:
    office = Office()
    assert list(told("proposal")) == [office.finance]
    row = Notice.objects.get(kind="proposal")
    number = office.proposal.number
    assert row.text.startswith(f"Proposal {number}: Move €40k/mo out of 1 bet into 1, worth +€")
    assert row.url == f"/proposals/{office.proposal.pk}"
    figures = dict(row.details["figures"])
    # Of 40,000 a month three quarters can be reclaimed; 1.5 for each unit of rate is paid once.
    assert figures["Out of bets"] == "€40k/mo" and figures["Really freed"] == "€30k/mo"
    assert figures["Stays entangled"] == "€10k/mo" and figures["Exit costs, once"] == "€60k"
    assert row.details["rows"] == [["Sick", "Well", "€20k/mo"], ["Sick", "Reserve", "€10k/mo"]]


def test_whoever_drew_it_up_is_not_asked_to_decide_it() -> None:
    office = Office()
    second = make_member(office.portfolio, Role.FINANCE)
    drawn_up = office.publish(drawn_up_by=office.finance)
    rows = Notice.objects.filter(about=f"proposal:{drawn_up.pk}:published")
    assert [row.person for row in rows] == [second]


def test_proposals_that_replace_each_other_are_one_notice_and_one_e_mail_without_delay() -> None:
    office = Office()
    began = timezone.now()
    for _ in range(4):
        office.supersede()
    row = Notice.objects.get(kind="proposal")
    assert row.about == f"proposal:{office.proposal.pk}:published"
    assert row.owed_since <= began < row.created_at
    Notice.objects.update(owed_since=began - timedelta(minutes=4))
    office.supersede()
    assert mail_what_is_due(timezone.now()) == 1
    (message,) = outbox.outbox
    assert message.subject.startswith(f"Proposal {office.proposal.number}: Move ")
    assert message.body.count("Proposal to decide") == 1 and "Really freed: €30k/mo" in message.body
    assert f"/proposals/{office.proposal.pk}\n" in message.body


def test_a_proposal_that_is_withdrawn_or_decided_is_asked_of_nobody_any_more() -> None:
    office = Office()
    withdraw(office.portfolio, timezone.now())
    assert told("proposal") == {}
    office.proposal = office.publish()
    approve(office.finance, office.proposal.pk, as_shown(office.proposal))
    assert told("proposal") == {}


def test_who_may_not_decide_any_more_gets_no_e_mail_about_it() -> None:
    office = Office()
    Membership.objects.filter(user=office.finance).update(role=Role.LEAD)
    assert mail_what_is_due(timezone.now() + timedelta(minutes=5)) == 0
    assert outbox.outbox == []


def test_a_decision_is_told_to_the_office_and_to_owners_about_their_bets() -> None:
    office = Office()
    approve(office.finance, office.proposal.pk, as_shown(office.proposal))
    said, number = told("decision"), office.proposal.number
    assert set(said) == {office.lead, office.owner}  # finance decided it, and knows
    by = f"Proposal {number} was approved by {office.finance}"
    assert said[office.lead].startswith(f"{by}: Move €40k/mo out of 1 bet into 1")
    assert said[office.owner] == f"{by}: Sick goes from €40k/mo to €0/mo."
    row = Notice.objects.get(person=office.owner, kind="decision")
    assert row.details["head"] == ["Your bet", "From", "To"]
    assert row.details["rows"] == [["Sick", "€40k/mo", "€0/mo"]]
    figures = dict(Notice.objects.get(person=office.lead, kind="decision").details["figures"])
    assert figures["Authority"] == "Role: finance"


def test_a_refusal_is_told_with_its_reason_to_whoever_drew_it_up() -> None:
    office = Office()
    author = make_member(office.portfolio, Role.CONTRIBUTOR)
    drawn_up = office.publish(drawn_up_by=author)
    refuse(office.finance, drawn_up.pk, as_shown(drawn_up), "Not before\r\nthe audit.")
    row = Notice.objects.get(person=author, kind="decision")
    assert row.because == "drew_up" and " was refused by " in row.text
    assert dict(row.details["figures"])["Reason"] == "Not before the audit."
    assert told("decision")[office.owner].endswith(": Sick stays at €40k/mo.")
    assert row.details["head"] == ["Bet", "Holds", "Was proposed"]
    assert ["Sick", "€40k/mo", "€0/mo"] in row.details["rows"]


def test_a_part_is_told_with_what_was_booked_and_not_with_what_was_proposed() -> None:
    office = Office()
    left_out = Part(left_out=frozenset({office.sick.pk}))
    taken = worked_out(office.proposal, checked(office.proposal, left_out.left_out, {}))
    shown = replace(as_shown(office.proposal), part_sha256=taken.sha256)
    approve(office.finance, office.proposal.pk, shown, left_out)
    said = told("decision")
    assert " was approved in part by " in said[office.lead]
    assert said[office.owner].endswith(": Sick stays at €40k/mo.")
    row = Notice.objects.get(person=office.lead, kind="decision")
    assert dict(row.details["figures"])["Out of bets"] == "€0/mo"
    kept = {bet: to for bet, _, to in row.details["rows"]}
    assert kept["Sick"] == "€40k/mo"
    comes_to = taken.after[office.well.pk]
    assert kept["Well"] == formats.rate(comes_to, "EUR")


@pytest.mark.parametrize(
    ("at_once", "said"),
    [
        (False, "was approved by {} under a mandate: Move "),
        (True, "was booked at once under the mandate of {}: Move "),
    ],
)
def test_what_was_booked_under_a_mandate_is_told_as_that(at_once: bool, said: str) -> None:
    office = Office()
    mandate = Mandate.objects.create(
        portfolio=office.portfolio,
        user=office.lead,
        granted_by=office.finance,
        most_per_move=50_000,
        most_per_30_days=50_000,
        expires_at=timezone.now() + timedelta(days=1),
        books_at_once=at_once,
    )
    decision = Decision.objects.create(
        portfolio=office.portfolio,
        proposal=office.proposal,
        kind="approved",
        decided_at=timezone.now(),
        decided_by=office.lead,
        mandate=mandate,
        signed_with="" if at_once else "password",
        authority="Mandate",
        proposal_version=1,
        content_sha256=office.proposal.content_sha256,
    )
    signals.decided.send(Decision, decision=decision)
    assert said.format(office.lead) in told("decision")[office.finance]
    # Who holds the mandate did nothing themselves where it was booked at once: they are told.
    assert (office.lead in told("decision")) == at_once
    mail_what_is_due(timezone.now() + timedelta(hours=1))
    assert ([office.lead.email] in [message.to for message in outbox.outbox]) == at_once


def test_what_nobody_decided_in_time_is_told_as_that() -> None:
    office = Office()
    expire(timezone.now() + timedelta(days=office.portfolio.proposals_expire_days + 1))
    said = told("decision")
    assert set(said) == {office.lead, office.finance, office.owner}
    assert "expired, decided by nobody" in said[office.finance]


def test_a_second_person_is_asked_for_among_the_others_who_may_decide() -> None:
    office = Office()
    second = make_member(office.portfolio, Role.FINANCE)
    signals.consented.send(Proposal, proposal=office.proposal, by=office.finance)
    signals.consented.send(Proposal, proposal=office.proposal, by=office.finance)
    assert list(told("consent")) == [second]
    assert f"approved by {office.finance}, needs a second person" in told("consent")[second]
    approve(second, office.proposal.pk, as_shown(office.proposal))
    assert told("consent") == {}


def test_books_that_do_not_tie_out_are_told_once_a_day_to_office_and_administrators() -> None:
    office = Office()
    Account.objects.filter(bet=office.sick, kind="working").update(booked=Decimal(1))
    verify(office.portfolio)
    verify(office.portfolio)
    said = told("proof")
    assert set(said) == {office.lead, office.finance, office.admin}
    assert "The books do not tie out" in said[office.lead]
    assert Notice.objects.filter(kind="proof").count() == 3
    assert mail_what_is_due(timezone.now() + timedelta(minutes=5)) == 3


def test_the_past_that_is_replayed_is_told_to_nobody() -> None:
    office = Office()
    Notice.objects.all().delete()
    then = timezone.now() - timedelta(days=40)
    old = office.publish(now=then, drawn_up_by=office.lead)
    refuse(office.finance, old.pk, as_shown(old), "Too early.", at=then)
    assert not Notice.objects.exists()


def test_nobody_outside_of_the_portfolio_is_told_and_no_title_gets_into_the_head() -> None:
    stranger = make_member(make_portfolio(), Role.FINANCE)
    office = Office("Sick\r\nBcc: thief@example.org\x01<script>alert(1)</script>")
    approve(office.finance, office.proposal.pk, as_shown(office.proposal))
    assert not Notice.objects.filter(person=stranger).exists()
    mail_what_is_due(timezone.now() + timedelta(hours=1))
    assert len(outbox.outbox) == 2
    for message in outbox.outbox:
        raw = message.message()
        assert raw["Bcc"] is None and "\n" not in message.subject
        ((html, _),) = message.alternatives
        assert "<script>" not in html and "&lt;script&gt;" in html
