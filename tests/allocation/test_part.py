"""A part of a proposal: what it lies within, what it means, and how it is booked."""

from decimal import Decimal

import pytest
from django.utils import timezone

from allocation import ledger
from allocation.booking import after_months
from allocation.decide import approve
from allocation.models import Account, Decision, LatestRun, Proposal
from allocation.part import Part, WorkedOut, checked, worked_out
from allocation.propose import booked_working
from allocation.recompute import recompute
from allocation.still_so import Shown
from bets.models import Bet
from spm.accounts.models import Role
from spm.accounts.permissions import NotAllowed
from spm.errors import Conflict, Invalid
from tests.allocation.test_decide import as_shown, wrong_in_the_books
from tests.factories import make_member, make_portfolio, make_scaling_bet


class Office:
    """Two bets that should give, 40,000 and 20,000, and two that should take 30,000 each.

    'Sick' leaves a quarter of what is withdrawn entangled and costs 1.5 for each unit; its money is
    there after two months. The envelope is used up, so that what takes hangs on what gives.
    """

    def __init__(self) -> None:
        self.portfolio = make_portfolio()
        dead: dict[str, object] = {"belief": 0.03, "thesis_status": "broken"}
        self.sick = make_scaling_bet(
            self.portfolio,
            title="Sick",
            reclaimable_share=0.75,
            notice_months=2.0,
            exit_cost=1.5,
            **dead,
        )
        self.tired = make_scaling_bet(self.portfolio, title="Tired", **dead)
        well: dict[str, object] = {"maximum": Decimal(60_000)}
        self.well = make_scaling_bet(self.portfolio, title="Well", belief=0.9, **well)
        self.fair = make_scaling_bet(self.portfolio, title="Fair", belief=0.8, **well)
        ledger.set_envelope(self.portfolio.pk, Decimal(120_000))
        held = {self.sick: 40_000, self.tired: 20_000, self.well: 30_000, self.fair: 30_000}
        positions = {bet.pk: (Decimal(rate), Decimal(0)) for bet, rate in held.items()}
        ledger.open_positions(self.portfolio.pk, positions)
        self.finance = make_member(self.portfolio, Role.FINANCE)
        proposal = recompute(self.portfolio.pk)
        assert proposal is not None
        self.proposal = proposal

    def part(self, *left_out: Bet, **amounts: int) -> Part:
        by_title = {
            bet.title.lower(): bet.pk for bet in Bet.objects.filter(portfolio=self.portfolio)
        }
        wanted = {by_title[title]: Decimal(rate) for title, rate in amounts.items()}
        return checked(self.proposal, [bet.pk for bet in left_out], wanted)

    def worked_out(self, *left_out: Bet, **amounts: int) -> WorkedOut:
        return worked_out(self.proposal, self.part(*left_out, **amounts))

    def shown(self, found: WorkedOut) -> Shown:
        seen = as_shown(self.proposal)
        return Shown(seen.version, seen.content_sha256, part_sha256=found.sha256)

    def approve(self, *left_out: Bet, **amounts: int) -> Decision:
        found = self.worked_out(*left_out, **amounts)
        return approve(self.finance, self.proposal.pk, self.shown(found), found.part)


def after(found: WorkedOut) -> dict[str, Decimal]:
    """What the bets that change hold afterwards, by title."""
    titles = dict(Bet.objects.values_list("pk", "title"))
    return {titles[bet_id]: rate for bet_id, rate in found.after.items()}


@pytest.mark.django_db
def test_the_whole_is_the_part_that_leaves_nothing_out() -> None:
    office = Office()
    found = office.worked_out()
    assert found.part.is_whole and found.obstacles == []
    assert found.after == {
        change.bet_id: change.working_after for change in office.proposal.changes.all()
    }
    assert found.sha256 != ""
    assert found.gain == pytest.approx(office.proposal.gain)


@pytest.mark.django_db
def test_a_bet_left_out_keeps_its_money_and_the_others_make_do() -> None:
    """Only the 20,000 of 'Tired' are there to give: they go where belief is highest."""
    office = Office()
    found = office.worked_out(office.sick)
    assert after(found)["Tired"] == Decimal(0)
    assert "Sick" not in after(found)
    given = [change for change in found.changes if change.bet_id in found.raised]
    assert sum(each.working_after - each.working_before for each in given) == Decimal(20_000)
    assert found.out_of_bets == found.freed == Decimal(20_000)
    assert (found.entangled, found.exit_costs) == (Decimal(0), Decimal(0))
    assert 0 < found.gain < office.proposal.gain
    assert found.gain_lost == pytest.approx(office.proposal.gain - found.gain)


@pytest.mark.django_db
def test_an_amount_is_kept_and_its_entangled_share_and_exit_cost_follow_it() -> None:
    """'Sick' shall keep 24,000: of 16,000 a quarter stays, 12,000 are freed, 24,000 is the cost."""
    office = Office()
    found = office.worked_out(sick=24_000)
    assert after(found)["Sick"] == Decimal(24_000)
    assert (found.entangled, found.exit_costs) == (Decimal(4_000), Decimal(24_000))
    assert found.freed == Decimal(32_000)  # 12,000 and the 20,000 of 'Tired'
    taken = [move for move in found.moves if move.from_bet_id == office.sick.pk]
    assert sum(move.amount for move in taken) == Decimal(12_000)
    assert {move.available_in_months for move in taken} == {2.0}


@pytest.mark.django_db
@pytest.mark.parametrize("rate", [-1, 40_001])
def test_an_amount_beyond_what_was_proposed_needs_a_new_proposal(rate: int) -> None:
    office = Office()
    with pytest.raises(Invalid, match="for another to decide") as refusal:
        office.part(sick=rate)
    assert list(refusal.value.fields) == [f"amounts.{office.sick.pk}"]


@pytest.mark.django_db
def test_a_bet_that_the_proposal_does_not_change_is_refused_by_its_number() -> None:
    office = Office()
    other = make_scaling_bet(office.portfolio, title="Other")
    with pytest.raises(Invalid, match=f"does not change bet {other.pk}") as refusal:
        checked(office.proposal, [other.pk], {other.pk: Decimal(1)})
    assert set(refusal.value.fields) == {"left_out", f"amounts.{other.pk}"}


@pytest.mark.django_db
def test_an_amount_that_nothing_is_left_to_pay_for_is_told_beforehand() -> None:
    office = Office()
    change = office.proposal.changes.get(bet=office.well)
    found = office.worked_out(office.sick, office.tired, well=int(change.working_after))
    assert ["exceed today's envelope" in text for text in found.obstacles] == [True]
    with pytest.raises(Conflict, match="cannot be booked"):
        approve(office.finance, office.proposal.pk, office.shown(found), found.part)


@pytest.mark.django_db
def test_a_part_of_which_nothing_is_left_is_a_refusal_and_no_approval() -> None:
    office = Office()
    found = office.worked_out(office.sick, office.tired, office.well, office.fair)
    assert found.obstacles == ["Nothing of it would move: refuse it instead, or leave out less."]


@pytest.mark.django_db
def test_what_is_booked_of_a_part_is_what_was_shown_and_the_books_tie_out() -> None:
    office = Office()
    found = office.worked_out(office.tired, sick=24_000)
    decision = office.approve(office.tired, sick=24_000)
    assert decision.kind == Decision.Kind.PARTLY_APPROVED
    assert decision.part is not None
    assert decision.part["sha256"] == found.sha256
    assert decision.part["left_out"] == [office.tired.pk]
    assert decision.part["amounts"] == {str(office.sick.pk): "24000.00"}
    office.proposal.refresh_from_db()
    assert office.proposal.get_status_display() == "Approved in part"
    marks = dict(office.proposal.changes.values_list("bet_id", "approved"))
    assert {bet_id for bet_id, approved in marks.items() if approved} == found.after.keys()
    booked = booked_working(marks)
    assert (booked[office.sick.pk], booked[office.tired.pk]) == (Decimal(24_000), Decimal(20_000))
    stuck = Account.objects.get(bet=office.sick, kind="entangled")
    assert stuck.booked == Decimal(4_000)
    ledger.mature(office.portfolio.pk, after_months(timezone.localdate(), 2))
    assert wrong_in_the_books(office.portfolio) == []


@pytest.mark.django_db
def test_a_part_that_was_not_the_one_shown_is_a_conflict_that_says_what_it_is() -> None:
    office = Office()
    seen = office.shown(office.worked_out(office.tired))
    with pytest.raises(Conflict, match="not the one that you saw") as conflict:
        approve(office.finance, office.proposal.pk, seen, office.part(office.sick))
    assert any(
        text.startswith("Sick: €40,000.00 per month before") for text in conflict.value.changed
    )
    assert not Decision.objects.exists()


@pytest.mark.django_db
def test_a_part_that_asks_for_the_whole_is_approved_as_the_whole() -> None:
    office = Office()
    decision = approve(office.finance, office.proposal.pk, as_shown(office.proposal), Part())
    assert (decision.kind, decision.part) == (Decision.Kind.APPROVED, None)


@pytest.mark.django_db
def test_a_part_of_which_only_own_bets_gain_is_for_another_to_decide() -> None:
    """The whole gives to 'Well' and 'Fair'; leaving 'Fair' out would be for one's own bet alone."""
    office = Office()
    Bet.objects.filter(pk=office.well.pk).update(owner=office.finance)
    found = office.worked_out(office.fair)
    with pytest.raises(NotAllowed, match="Only bets that you own"):
        approve(office.finance, office.proposal.pk, office.shown(found), found.part)


@pytest.mark.django_db
def test_what_was_left_out_is_not_proposed_again_until_something_differs() -> None:
    office = Office()
    office.approve(office.tired)
    number = office.proposal.number
    assert recompute(office.portfolio.pk) is None
    outcome = LatestRun.objects.get(portfolio=office.portfolio).outcome
    assert outcome == f"What is best differs little from what was left out of proposal {number}."
    Bet.objects.filter(pk=office.fair.pk).update(belief=0.3)
    anew = recompute(office.portfolio.pk)
    assert anew is not None and anew.number == number + 1


@pytest.mark.django_db
def test_tampering_with_what_a_partial_decision_says_is_found() -> None:
    office = Office()
    decision = office.approve(office.tired)
    office.proposal.changes.filter(bet=office.tired).update(approved=True)
    found = [finding.problem for finding in wrong_in_the_books(office.portfolio)]
    assert found == ["approves other changes than the proposal says"]
    office.proposal.changes.filter(bet=office.tired).update(approved=False)
    office.proposal.changes.filter(bet=office.sick).update(working_after=Decimal(39_000))
    rows = [finding.row for finding in wrong_in_the_books(office.portfolio)]
    assert rows == [f"decision {decision.pk}"]


def drawn_up(office: Office) -> Proposal:
    """The same as if a person had drawn it up."""
    office.proposal.drawn_up_by = make_member(office.portfolio, Role.LEAD)
    office.proposal.save(update_fields=["drawn_up_by"])
    return office.proposal


@pytest.mark.django_db
def test_a_proposal_of_a_person_is_taken_at_its_word_where_its_limits_allow() -> None:
    """Without 'Well' the engine would not withdraw as much; a person's proposal stays as it is."""
    office = Office()
    drawn_up(office)
    proposed = dict(office.proposal.changes.values_list("bet_id", "working_after"))
    found = office.worked_out(office.well)
    del proposed[office.well.pk]
    assert found.after == proposed


@pytest.mark.django_db
def test_a_proposal_of_a_person_is_decided_anew_where_its_word_would_break_a_limit() -> None:
    """Without 'Sick' there is no money for all that was to be given."""
    office = Office()
    drawn_up(office)
    found = office.worked_out(office.sick)
    assert found.obstacles == []
    assert found.freed == sum(
        (
            change.working_after - change.working_before
            for change in found.changes
            if change.bet_id in found.raised
        ),
        Decimal(0),
    )
