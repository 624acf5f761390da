"""What was predicted to be freed against what the books show, worked out by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from allocation.booked import booked_in
from allocation.learned_terms import learned_terms, use_learned
from allocation.models import ProposalChange, RecomputeRequest, Transfer
from allocation.withdrawals import Withdrawal, withdrawals
from bets.models import Bet
from spm.accounts.models import Role
from spm.accounts.permissions import NotAllowed
from spm.errors import Conflict, Invalid
from tests.factories import make_member, make_team
from tests.reports.journal.history import NOW, Office, noon

pytestmark = pytest.mark.django_db

TODAY = NOW.date()


def withdrawn(office: Office, title: str, *, freed: int, entangled: int, notice: float) -> None:
    """On 1 March 2026 a bet gives 400 of 1,000 a month, of which so much should be free."""
    proposal = office.proposal(noon(3, 1))
    change = {"freed": freed, "entangled": entangled, "notice_months": notice}
    office.change(proposal, title, 1000, 600, **change)
    decision = office.decided(proposal, "approved", noon(3, 1))
    on = date(2026, 3 + int(notice), 1)
    if entangled:
        stuck = f"stuck: {title}"
        office.moved(decision, title, stuck, entangled, date(2026, 3, 1), kind="entangle")
    office.moved(decision, title, "reserve", freed, date(2026, 3, 1), on)


def read(office: Office, until: date = TODAY) -> list[Withdrawal]:
    return withdrawals(office.portfolio, booked_in(office.portfolio), until)


def test_a_withdrawal_is_on_its_way_until_its_notice_is_over() -> None:
    office = Office(one=1000)
    withdrawn(office, "one", freed=300, entangled=100, notice=2.0)
    (early,) = read(office, date(2026, 4, 30))
    assert (early.is_settled, early.on_its_way, early.actual_months) == (False, Decimal(300), None)
    (late,) = read(office)
    assert (late.is_settled, late.withdrawn) == (True, Decimal(400))
    assert (late.predicted_share, late.actual_share) == (0.75, 0.75)
    assert late.predicted_months == 2.0
    assert late.actual_months == pytest.approx(61 / 30.4375)  # 1 March to 1 May


def test_what_is_unwound_later_is_freed_later() -> None:
    office = Office(one=1000)
    withdrawn(office, "one", freed=300, entangled=100, notice=0.0)
    office.moved(None, "stuck: one", "reserve", 60, date(2026, 5, 1), kind="unwind")
    (row,) = read(office)
    assert (row.entangled, row.unwound, row.actual_share) == (Decimal(40), Decimal(60), 0.9)
    # 300 at once and 60 after 61 days: 60 · 61 ÷ 360 days on average.
    assert row.actual_months == pytest.approx(60 * 61 / 360 / 30.4375)


def test_what_was_entangled_first_is_unwound_first() -> None:
    office = Office(one=1000)
    # 50 became entangled before, without any withdrawal.
    office.moved(None, "one", "stuck: one", 50, date(2026, 2, 1), kind="entangle")
    withdrawn(office, "one", freed=300, entangled=100, notice=0.0)
    office.moved(None, "stuck: one", "reserve", 80, date(2026, 5, 1), kind="unwind")
    (row,) = read(office)
    assert (row.unwound, row.entangled) == (Decimal(30), Decimal(70))


def test_a_correction_that_gives_back_was_not_freed() -> None:
    office = Office(one=1000)
    withdrawn(office, "one", freed=300, entangled=100, notice=0.0)
    office.moved(None, "reserve", "one", 100, date(2026, 4, 1), kind=Transfer.Kind.CORRECTION)
    (row,) = read(office)
    assert (row.withdrawn, row.freed, row.given_back) == (Decimal(400), Decimal(200), Decimal(100))
    assert row.actual_share == 0.5


def test_of_a_part_that_was_approved_the_part_is_what_was_predicted() -> None:
    office = Office(one=1000)
    proposal = office.proposal(noon(3, 1))
    office.change(proposal, "one", 1000, 200, freed=400, entangled=400, notice_months=6.0)
    taken = {
        "bet": str(office.bets["one"].pk), "from": 1000.0, "to": 900.0, "freed": 80.0,
        "entangled": 20.0, "notice_months": 1.0, "exit_cost": 0.0, "ramp_cost": 0.0,
        "gain_alone": 0.0,
    }  # fmt: skip
    part = {"changes": [taken], "moves": []}
    decision = office.decided(proposal, "partial", noon(3, 1), part=part)
    proposal.changes.update(approved=True)
    office.moved(decision, "one", "stuck: one", 20, date(2026, 3, 1), kind="entangle")
    office.moved(decision, "one", "reserve", 80, date(2026, 3, 1), date(2026, 4, 1))
    (row,) = read(office)
    assert (row.predicted_share, row.predicted_months) == (0.8, 1.0)
    assert (row.withdrawn, row.actual_share) == (Decimal(100), 0.8)


def test_what_was_refused_was_not_withdrawn() -> None:
    office = Office(one=1000)
    proposal = office.proposal(noon(3, 1))
    office.change(proposal, "one", 1000, 600)
    office.decided(proposal, "refused", noon(3, 1), reason="No.")
    assert read(office) == []


def learned_office() -> Office:
    """Two cases of class property: 0.75 predicted and freed; 0.5 predicted, all of it freed."""
    office = Office(one=1000, two=1000, other=10)
    withdrawn(office, "one", freed=300, entangled=100, notice=2.0)
    withdrawn(office, "two", freed=200, entangled=200, notice=0.0)
    office.moved(None, "stuck: two", "reserve", 200, date(2026, 5, 1), kind="unwind")
    Bet.objects.filter(portfolio=office.portfolio).update(reclaimable_share=0.5, notice_months=3.0)
    return office


def test_the_learned_value_draws_the_cases_towards_what_was_predicted() -> None:
    office = learned_office()
    (terms,) = learned_terms(office.portfolio, read(office))
    assert (terms.liquidity, terms.cases, terms.notice_cases) == ("property", 2, 2)
    # (2 · (0.75 + 0.5) ÷ 2 + 0.75 + 1) ÷ 4 = 3 ÷ 4
    assert terms.reclaimable_share == 0.75
    # 61 days, and half of the money after 61 days: 2.004 and 1.002 months.
    # (2 · (2 + 0) ÷ 2 + 2.004 + 1.002) ÷ 4 = 1.25
    assert terms.notice_months == 1.3
    assert terms.share_in_use is not None and terms.share_in_use.mean == 0.5
    assert [bet.title for bet in terms.differing] == ["one", "two", "other"]


def test_a_case_that_has_not_settled_teaches_nothing_yet() -> None:
    office = Office(one=1000)
    withdrawn(office, "one", freed=300, entangled=100, notice=2.0)
    (terms,) = learned_terms(office.portfolio, read(office, date(2026, 4, 30)))
    assert (terms.cases, terms.reclaimable_share, terms.learned) == (0, None, {})


def test_using_the_learned_value_changes_the_bets_of_the_class_and_not_what_was_learned() -> None:
    office = learned_office()
    Bet.objects.filter(pk=office.bets["other"].pk).update(liquidity="vineyard")
    lead = make_member(office.portfolio)
    seen = {"reclaimable_share": 0.75, "notice_months": 1.3}
    changed = use_learned(lead, office.portfolio, "property", seen)
    assert [bet.title for bet in changed] == ["one", "two"]
    one, other = (Bet.objects.get(pk=office.bets[title].pk) for title in ("one", "other"))
    assert (one.reclaimable_share, one.notice_months) == (0.75, 1.3)
    assert (other.reclaimable_share, other.notice_months) == (0.5, 3.0)
    asked = RecomputeRequest.objects.filter(portfolio=office.portfolio, evidence=None)
    assert any("reclaimable share changed" in row.reason for row in asked)
    again = next(terms for terms in learned_terms(office.portfolio) if terms.cases)
    assert (again.learned, again.differing) == (seen, [])
    assert use_learned(lead, office.portfolio, "property", seen) == []


def test_what_was_learned_since_is_not_what_was_shown() -> None:
    office = learned_office()
    lead = make_member(office.portfolio)
    with pytest.raises(Conflict) as conflict:
        use_learned(lead, office.portfolio, "property", {"reclaimable_share": 0.9})
    assert conflict.value.changed == ["Learned now: reclaimable share 0.75, notice months 1.3."]
    with pytest.raises(Conflict):
        use_learned(lead, office.portfolio, "brand", {"reclaimable_share": 0.9})
    for liquidity, given in (("gold", {"reclaimable_share": 0.75}), ("property", {})):
        with pytest.raises(Invalid):
            use_learned(lead, office.portfolio, liquidity, given)


def test_a_contributor_changes_the_bets_of_their_teams_alone_and_finance_none() -> None:
    office = learned_office()
    team = make_team(office.portfolio)
    office.bets["two"].bet_teams.create(team=team, share=1.0)
    contributor = make_member(office.portfolio, Role.CONTRIBUTOR, (team,))
    changed = use_learned(contributor, office.portfolio, "property", {"reclaimable_share": 0.75})
    assert [bet.title for bet in changed] == ["two"]
    with pytest.raises(NotAllowed):
        use_learned(office.finance, office.portfolio, "property", {"reclaimable_share": 0.75})


def test_the_prediction_is_the_one_that_was_decided() -> None:
    office = Office(one=1000)
    withdrawn(office, "one", freed=300, entangled=100, notice=0.0)
    assert ProposalChange.objects.get().approved
    (row,) = read(office)
    assert row.decided_on == datetime(2026, 3, 1, tzinfo=UTC).date()
    assert row.change.notice_months == 0.0
