"""From the engine's proposal to the books: who may decide, on what, and what is booked."""

from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.db import connection, connections
from django.utils import timezone

from allocation import ledger
from allocation.authority import why_not
from allocation.booking import after_months
from allocation.decide import approve, expire, refuse
from allocation.models import Account, Decision, Proposal, RecomputeRequest, Transfer
from allocation.propose import booked_working
from allocation.recompute import recompute
from allocation.requests import ask
from allocation.still_so import Shown
from allocation.verify import Finding, verify
from bets.models import Bet, Portfolio
from evidence.models import Evidence
from spm.accounts.models import Role
from spm.accounts.permissions import NotAllowed
from spm.errors import Conflict, Invalid
from tests.at_once import at_once
from tests.factories import (
    make_hypothesis,
    make_member,
    make_portfolio,
    make_scaling_bet,
    make_user,
)


def proposed(**sick_fields: object) -> tuple[Portfolio, Bet, Bet, Proposal]:
    """A portfolio in which money should leave a broken bet for a promising one."""
    portfolio = make_portfolio()
    sick = make_scaling_bet(
        portfolio,
        title="Sick",
        **{
            "belief": 0.05,
            "thesis_status": "broken",
            "reclaimable_share": 0.75,
            "notice_months": 2.0,
            "exit_cost": 1.5,
            **sick_fields,
        },
    )
    well = make_scaling_bet(portfolio, title="Well", belief=0.9)
    ledger.set_envelope(portfolio.pk, Decimal(70_000))
    positions = {
        sick.pk: (Decimal(40_000), Decimal(0)),
        well.pk: (Decimal(20_000), Decimal(0)),
    }
    ledger.open_positions(portfolio.pk, positions)
    proposal = recompute(portfolio.pk)
    assert proposal is not None
    return portfolio, sick, well, proposal


def wrong_in_the_books(portfolio: Portfolio) -> list[Finding]:
    """What does not tie out, beliefs apart: the factory writes those down without evidence."""
    return [finding for finding in verify(portfolio) if finding.row != "evidence"]


def as_shown(proposal: Proposal) -> Shown:
    """What somebody sees who opens the proposal now."""
    proposal.refresh_from_db()
    return Shown(proposal.version, proposal.content_sha256)


@pytest.mark.django_db
def test_an_approval_books_what_is_freed_after_notice_and_what_is_entangled_at_once() -> None:
    portfolio, sick, well, proposal = proposed()
    decision = approve(make_member(portfolio, Role.FINANCE), proposal.pk, as_shown(proposal))
    working = Account.objects.get(bet=sick, kind="working")
    stuck = Account.objects.get(bet=sick, kind="entangled")
    assert (working.booked, working.effective) == (Decimal(0), Decimal(30_000))
    assert stuck.effective == Decimal(10_000)
    entangle = decision.transfers.get(kind=Transfer.Kind.ENTANGLE)
    assert entangle.one_off == Decimal(60_000)  # 1.5 for each of the 40,000 withdrawn
    notice = after_months(timezone.localdate(), 2)
    leaving = decision.transfers.filter(from_account=working, kind=Transfer.Kind.MOVE)
    assert {transfer.effective_on for transfer in leaving} == {notice}
    ledger.mature(portfolio.pk, notice)
    well.refresh_from_db()
    assert well.working > Decimal(20_000)
    assert wrong_in_the_books(portfolio) == []


@pytest.mark.django_db
def test_an_approved_proposal_is_not_proposed_again_while_its_notice_runs() -> None:
    portfolio, _, _, proposal = proposed()
    approve(make_member(portfolio, Role.FINANCE), proposal.pk, as_shown(proposal))
    assert recompute(portfolio.pk) is None


@pytest.mark.django_db
def test_money_on_its_way_into_the_reserve_is_given_to_nobody_until_it_is_there() -> None:
    portfolio = make_portfolio()
    sick = make_scaling_bet(portfolio, title="Sick", belief=0.02, notice_months=2.0)
    ledger.set_envelope(portfolio.pk, Decimal(40_000))
    ledger.open_positions(portfolio.pk, {sick.pk: (Decimal(40_000), Decimal(0))})
    finance, stopped = make_member(portfolio, Role.FINANCE), recompute(portfolio.pk)
    assert stopped is not None
    approve(finance, stopped.pk, as_shown(stopped))
    RecomputeRequest.objects.all().delete()
    make_scaling_bet(portfolio, title="Well", belief=0.9)
    assert recompute(portfolio.pk) is None
    ledger.mature(portfolio.pk, after_months(timezone.localdate(), 2))
    assert RecomputeRequest.objects.filter(portfolio=portfolio).exists()
    funded = recompute(portfolio.pk)
    assert funded is not None
    assert {change.bet.title for change in funded.changes.all()} == {"Well"}


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR, Role.LEAD, Role.ADMIN])
def test_only_finance_decides(role: str) -> None:
    portfolio, _, _, proposal = proposed()
    with pytest.raises(NotAllowed, match="does not decide on proposals"):
        approve(make_member(portfolio, role), proposal.pk, as_shown(proposal))


@pytest.mark.django_db
def test_who_may_not_see_the_portfolio_finds_no_proposal() -> None:
    _, _, _, proposal = proposed()
    stranger = make_member(make_portfolio(), Role.FINANCE)
    with pytest.raises(Proposal.DoesNotExist):
        approve(stranger, proposal.pk, as_shown(proposal))


@pytest.mark.django_db
def test_nobody_decides_what_they_drew_up_or_alone_benefit_from() -> None:
    portfolio, _, well, proposal = proposed()
    author, owner = make_member(portfolio, Role.FINANCE), make_member(portfolio, Role.FINANCE)
    Bet.objects.filter(pk=well.pk).update(owner=owner)
    proposal.contributors.add(author)
    assert "another has to decide" in why_not(author, proposal)
    assert "Only bets that you own would gain" in why_not(owner, proposal)
    assert why_not(make_member(portfolio, Role.FINANCE), proposal) == ""


@pytest.mark.django_db
def test_a_refusal_needs_a_reason_moves_nothing_and_stands_until_something_differs() -> None:
    portfolio, sick, _, proposal = proposed()
    finance = make_member(portfolio, Role.FINANCE)
    with pytest.raises(Invalid, match="Say why"):
        refuse(finance, proposal.pk, as_shown(proposal), "  ")
    decision = refuse(finance, proposal.pk, as_shown(proposal), "The regulator decides in May.")
    assert not decision.transfers.exists()
    assert recompute(portfolio.pk) is None
    Bet.objects.filter(pk=sick.pk).update(minimum=0, withdrawable=0.5)
    again = recompute(portfolio.pk)
    assert again is not None
    assert again.number == proposal.number + 1


@pytest.mark.django_db
def test_what_was_refused_is_not_asked_again_by_way_of_another_proposal() -> None:
    portfolio, _, well, refused = proposed()
    finance = make_member(portfolio, Role.FINANCE)
    refuse(finance, refused.pk, as_shown(refused), "The regulator decides in May.")
    Bet.objects.filter(pk=well.pk).update(belief=0.1)
    other = recompute(portfolio.pk)
    assert other is not None
    Bet.objects.filter(pk=well.pk).update(belief=0.9)
    assert recompute(portfolio.pk) is None
    other.refresh_from_db()
    assert other.status == Proposal.Status.WITHDRAWN


@pytest.mark.django_db
def test_a_decision_on_another_version_than_the_one_shown_answers_with_what_changed() -> None:
    portfolio, _, _, proposal = proposed()
    shown = as_shown(proposal)
    Proposal.objects.filter(pk=proposal.pk).update(version=shown.version + 1)
    with pytest.raises(Conflict) as error:
        approve(make_member(portfolio, Role.FINANCE), proposal.pk, shown)
    assert f"now version {shown.version + 1}" in error.value.changed[0]
    assert not Decision.objects.exists()


@pytest.mark.django_db
def test_evidence_that_the_proposal_has_not_seen_stops_an_approval_unless_it_was_shown() -> None:
    portfolio, sick, _, proposal = proposed()
    now = timezone.now()
    event = Evidence.objects.create(
        portfolio=portfolio,
        bet=sick,
        hypothesis=make_hypothesis(sick),
        kind="judgement",
        direction="for",
        strength="weak",
        observed_at=now,
        recorded_at=now,
        content_sha256="0" * 64,
    )
    ask(portfolio.pk, "Evidence", event)
    finance, shown = make_member(portfolio, Role.FINANCE), as_shown(proposal)
    with pytest.raises(Conflict, match="Evidence has arrived"):
        approve(finance, proposal.pk, shown)
    knowing = Shown(shown.version, shown.content_sha256, frozenset({event.pk}))
    decision = approve(finance, proposal.pk, knowing)
    assert decision.kind == Decision.Kind.APPROVED
    assert decision.evidence_seen == [event.pk]


@pytest.mark.django_db
def test_a_proposal_is_not_booked_into_a_world_that_has_changed() -> None:
    portfolio, sick, _, proposal = proposed()
    RecomputeRequest.objects.all().delete()
    taken = ledger.Entry(
        "correction",
        ledger.working(sick.pk),
        ledger.RESERVE,
        Decimal(1_000),
        timezone.localdate(),
    )
    ledger.book(portfolio.pk, [taken])
    with pytest.raises(Conflict) as error:
        approve(make_member(portfolio, Role.FINANCE), proposal.pk, as_shown(proposal))
    assert error.value.changed == ["Sick holds 39000.00 a month; the proposal assumes 40000.00."]


def test_nothing_is_booked_between_the_look_at_the_positions_and_the_booking(
    committed_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    portfolio, sick, _, proposal = proposed(withdrawable=0.5)
    RecomputeRequest.objects.all().delete()
    taken = ledger.Entry(
        "correction",
        ledger.working(sick.pk),
        ledger.RESERVE,
        Decimal(1_000),
        timezone.localdate(),
    )

    def correct() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '500ms'")
        ledger.book(portfolio.pk, [taken])

    def look(bet_ids: list[int]) -> dict[int, Decimal]:
        positions = booked_working(bet_ids)
        at_once([correct])
        return positions

    monkeypatch.setattr("allocation.still_so.booked_working", look)
    approve(make_member(portfolio, Role.FINANCE), proposal.pk, as_shown(proposal))
    promised = proposal.changes.get(bet=sick).working_after
    assert Account.objects.get(bet=sick, kind="working").booked == promised == 20_000


@pytest.mark.django_db
def test_a_proposal_that_nobody_decides_expires() -> None:
    portfolio, _, _, proposal = proposed()
    late = timezone.now() + timedelta(days=portfolio.proposals_expire_days + 1)
    assert expire(late) == 1
    proposal.refresh_from_db()
    assert proposal.status == Proposal.Status.EXPIRED
    assert proposal.decision.decided_by is None


def test_of_many_who_approve_at_once_one_does(committed_db: None) -> None:
    portfolio, _, _, proposal = proposed()
    people = [make_member(portfolio, Role.FINANCE) for _ in range(4)]
    shown, start = as_shown(proposal), Barrier(32)
    outcomes: list[str] = []

    def try_to_approve(number: int) -> None:
        start.wait()
        try:
            approve(people[number % 4], proposal.pk, shown)
            outcomes.append("approved")
        except Conflict:
            outcomes.append("told")
        finally:
            connections.close_all()

    threads = [Thread(target=try_to_approve, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["approved"] + ["told"] * 31
    decision = Decision.objects.get()
    # One set of transfers: each move once, and what became entangled.
    moves = proposal.moves.count() + proposal.changes.filter(entangled__gt=0).count()
    assert Transfer.objects.filter(decision__isnull=False).count() == moves
    assert decision.transfers.count() == moves
    assert wrong_in_the_books(portfolio) == []


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 11, 15), 2, date(2027, 1, 15)),
        (date(2026, 5, 4), 0, date(2026, 5, 4)),
        (date(2026, 5, 4), 1.5, date(2026, 7, 4)),
    ],
)
def test_notice_ends_on_the_same_day_of_a_later_month(
    day: date, months: float, expected: date
) -> None:
    assert after_months(day, months) == expected


@pytest.mark.django_db
def test_somebody_without_any_role_may_not_decide() -> None:
    _, _, _, proposal = proposed()
    assert why_not(make_user(), proposal) != ""


@pytest.mark.django_db
def test_who_decides_on_a_superseded_proposal_is_told_what_the_new_one_says_otherwise() -> None:
    portfolio, _, well, proposal = proposed()
    shown = as_shown(proposal)
    Bet.objects.filter(pk=well.pk).update(belief=0.1)
    assert recompute(portfolio.pk) != proposal
    with pytest.raises(Conflict) as error:
        approve(make_member(portfolio, Role.FINANCE), proposal.pk, shown)
    assert error.value.changed[0] == "A better one was found. Proposal 2 took its place."
    assert error.value.changed[1].startswith("Well: +20,000.00 a month before, ")
