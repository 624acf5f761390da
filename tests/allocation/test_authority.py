"""By what right somebody decides: roles, the two sums, and having no hand in it."""

from decimal import Decimal

import pytest

from allocation.authority import authority_for, parts_in_reach, why_not
from allocation.consents import SecondPersonNeeded
from allocation.decide import approve, refuse
from allocation.models import Consent, Decision, Proposal, Transfer
from allocation.to_book import Booking
from bets.models import Bet, Portfolio
from spm.accounts.models import ApiKey, Membership, Role, User
from spm.accounts.permissions import NotAllowed
from spm.errors import Conflict
from tests.allocation.test_decide import as_shown, proposed, wrong_in_the_books
from tests.allocation.test_mandates import granted
from tests.at_once import at_once
from tests.factories import make_member


def moved(proposal: Proposal) -> Decimal:
    return Booking(proposal).moved


def with_sums(portfolio: Portfolio, **sums: Decimal | None) -> None:
    Portfolio.objects.filter(pk=portfolio.pk).update(**sums)


def for_two() -> tuple[Portfolio, Proposal, User, User]:
    """A proposal that two people have to approve, and two who may."""
    portfolio, _, _, proposal = proposed()
    with_sums(portfolio, two_people_above=moved(proposal) - Decimal("0.01"))
    first, second = (make_member(portfolio, Role.FINANCE) for _ in range(2))
    return portfolio, Proposal.objects.get(pk=proposal.pk), first, second


@pytest.mark.django_db
def test_the_money_moved_is_the_sum_of_the_moves() -> None:
    _, _, _, proposal = proposed()
    # 40,000 leave Sick: 10,000 stay entangled there, 30,000 move on.
    assert moved(proposal) == Decimal(30_000)


@pytest.mark.django_db
@pytest.mark.parametrize(("up_to", "may"), [(0, False), (29_999, False), (30_000, True)])
def test_a_lead_decides_what_moves_no_more_than_finance_allows(up_to: int, may: bool) -> None:
    portfolio, _, _, proposal = proposed()
    with_sums(portfolio, finance_above=Decimal(up_to))
    proposal = Proposal.objects.get(pk=proposal.pk)
    lead = make_member(portfolio, Role.LEAD)
    assert (why_not(lead, proposal) == "") is may
    if may:
        decision = approve(lead, proposal.pk, as_shown(proposal))
        assert decision.authority == "Role: portfolio lead"
    elif up_to:
        assert why_not(lead, proposal).startswith(
            "This moves €30,000.00 per month; you may decide what moves at most "
            "€29,999.00 per month."
        )


@pytest.mark.django_db
def test_who_may_not_decide_is_told_who_may_and_those_with_a_hand_in_it_are_not_named() -> None:
    portfolio, _, well, proposal = proposed()
    ada, ben = (make_member(portfolio, Role.FINANCE) for _ in range(2))
    author, owner = (make_member(portfolio, Role.FINANCE) for _ in range(2))
    gone = make_member(portfolio, Role.FINANCE, is_active=False)
    proposal.contributors.add(author)
    Bet.objects.filter(pk=well.pk).update(owner=owner)
    told = why_not(make_member(portfolio, Role.VIEWER), proposal)
    assert told.startswith("Your role here, viewer, does not decide on proposals.")
    assert f"These may: {ada} (finance), {ben} (finance)." in told
    assert all(str(each) not in told for each in (author, owner, gone))


@pytest.mark.django_db
def test_where_nobody_may_it_says_what_it_takes() -> None:
    portfolio, _, _, proposal = proposed()
    told = why_not(make_member(portfolio, Role.LEAD), proposal)
    assert "Nobody here may: it takes somebody in finance who has no hand in it." in told


@pytest.mark.django_db
def test_a_key_decides_under_a_mandate_alone_whatever_its_owners_role() -> None:
    portfolio, _, _, proposal = proposed()
    owner = make_member(portfolio, Role.FINANCE)
    reader, _ = ApiKey.issue(owner, portfolio.pk, "reader", ["read"])
    decider, _ = ApiKey.issue(owner, portfolio.pk, "robot", ["read", "decide"])
    whole = Booking(proposal)
    with pytest.raises(NotAllowed, match="lacks the scope 'decide'"):
        authority_for(reader, proposal, whole)
    with pytest.raises(NotAllowed, match="A key decides under a mandate alone"):
        authority_for(decider, proposal, whole)
    assert not parts_in_reach(decider, proposal) and parts_in_reach(owner, proposal)
    too_small = granted(portfolio, api_key=decider.pk, most_per_move=Decimal(10))
    with pytest.raises(NotAllowed, match=f"Mandate {too_small.pk} does not cover it: One move"):
        authority_for(decider, proposal, whole)
    mandate = granted(portfolio, owner)
    said = authority_for(decider, proposal, whole).text
    assert said == f"Mandate {mandate.pk} of {owner}, by the key 'robot'"
    decision = approve(decider, proposal.pk, as_shown(proposal))
    assert (decision.api_key, decision.mandate) == (decider, mandate)


@pytest.mark.django_db
def test_above_a_sum_the_second_of_two_people_books_what_the_first_has_approved() -> None:
    portfolio, proposal, first, second = for_two()
    before = Transfer.objects.count()
    with pytest.raises(SecondPersonNeeded, match="a second person has to approve the same"):
        approve(first, proposal.pk, as_shown(proposal), reason="As agreed.")
    assert Transfer.objects.count() == before and not Decision.objects.exists()
    with pytest.raises(Conflict, match="You have approved this already"):
        approve(first, proposal.pk, as_shown(proposal))
    key, _ = ApiKey.issue(first, portfolio.pk, "mine", ["read", "decide"])
    granted(portfolio, api_key=key.pk)
    with pytest.raises(Conflict, match="You have approved this already"):
        approve(key, proposal.pk, as_shown(proposal))
    decision = approve(second, proposal.pk, as_shown(proposal))
    assert decision.consent == Consent.objects.get() and decision.decided_by == second
    assert (decision.authority, decision.consent.authority) == ("Role: finance", "Role: finance")
    assert wrong_in_the_books(portfolio) == []


@pytest.mark.django_db
def test_at_the_sum_itself_one_person_suffices_and_one_refuses_above_it() -> None:
    portfolio, _, _, proposal = proposed()
    with_sums(portfolio, two_people_above=moved(proposal))
    finance = make_member(portfolio, Role.FINANCE)
    assert approve(finance, proposal.pk, as_shown(proposal)).kind == Decision.Kind.APPROVED
    _, dear, first, _ = for_two()
    assert refuse(first, dear.pk, as_shown(dear), "No.").kind == Decision.Kind.REFUSED


@pytest.mark.django_db
def test_an_approval_of_the_first_dies_with_a_new_version() -> None:
    _, proposal, first, second = for_two()
    with pytest.raises(SecondPersonNeeded):
        approve(first, proposal.pk, as_shown(proposal))
    Proposal.objects.filter(pk=proposal.pk).update(version=proposal.version + 1)
    with pytest.raises(SecondPersonNeeded):
        approve(second, proposal.pk, as_shown(proposal))
    assert not Decision.objects.exists()
    assert approve(first, proposal.pk, as_shown(proposal)).decided_by == first


@pytest.mark.django_db
def test_an_approval_of_somebody_who_has_lost_the_right_counts_no_more() -> None:
    _, proposal, first, second = for_two()
    with pytest.raises(SecondPersonNeeded):
        approve(first, proposal.pk, as_shown(proposal))
    Membership.objects.filter(user=first).update(role=Role.VIEWER)
    with pytest.raises(SecondPersonNeeded, match="not what others approved"):
        approve(second, proposal.pk, as_shown(proposal))
    assert not Decision.objects.exists()


def test_two_who_approve_at_once_book_it_once(committed_db: None) -> None:
    portfolio, proposal, first, second = for_two()
    shown = as_shown(proposal)
    outcomes = at_once(
        [lambda who=who: approve(who, proposal.pk, shown) for who in (first, second)]
    )
    assert sorted(type(each).__name__ for each in outcomes) == ["Decision", "SecondPersonNeeded"]
    assert (Decision.objects.count(), Consent.objects.count()) == (1, 1)
    assert wrong_in_the_books(portfolio) == []
