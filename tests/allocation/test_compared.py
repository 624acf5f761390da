"""What a proposal says otherwise than the one before it."""

from decimal import Decimal

import pytest

from allocation.compared import compared
from allocation.decide import refuse
from allocation.recompute import recompute
from bets.models import Bet
from tests.allocation.test_decide import as_shown
from tests.allocation.test_part import Office


@pytest.mark.django_db
def test_the_first_proposal_is_held_against_nothing() -> None:
    assert compared(Office().proposal) is None


@pytest.mark.django_db
def test_a_proposal_is_held_against_the_one_whose_place_it_took() -> None:
    """'Tired' has come back to life: 20,000 that were to be withdrawn stay."""
    office = Office()
    Bet.objects.filter(pk=office.tired.pk).update(belief=0.95, thesis_status="intact")
    now = recompute(office.portfolio.pk)
    assert now is not None and now.replaces_id == office.proposal.pk
    found = compared(now)
    assert found is not None and found.previous == office.proposal
    rows = {row.title: row for row in found.rows}
    assert rows["Tired"].before == Decimal(-20_000)
    assert rows["Tired"].now is None or rows["Tired"].now > 0
    assert [row.size for row in found.rows] == sorted((r.size for r in found.rows), reverse=True)
    assert all(row.before != row.now for row in found.rows)


@pytest.mark.django_db
def test_otherwise_it_is_held_against_the_last_that_was_decided() -> None:
    office = Office()
    refuse(office.finance, office.proposal.pk, as_shown(office.proposal), "Not now.")
    Bet.objects.filter(pk=office.tired.pk).update(belief=0.95, thesis_status="intact")
    now = recompute(office.portfolio.pk)
    assert now is not None and now.replaces_id is None
    found = compared(now)
    assert found is not None and found.previous == office.proposal
