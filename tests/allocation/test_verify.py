"""The proof finds what was changed behind the product's back, and names the row."""

from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from allocation import ledger
from allocation.decide import approve
from allocation.models import Account, LedgerHead
from allocation.verify import verify
from bets.models import Bet, Portfolio
from spm.accounts.models import Role
from tests.allocation.test_decide import as_shown, proposed, wrong_in_the_books
from tests.at_once import at_once
from tests.factories import make_bet, make_member, make_portfolio, make_user


def books() -> Portfolio:
    """A portfolio with three transfers."""
    portfolio = make_portfolio(name="Office")
    bet = make_bet(portfolio, title="Bet")
    ledger.set_envelope(portfolio.pk, Decimal(1000))
    ledger.open_positions(portfolio.pk, {bet.pk: (Decimal(300), Decimal(100))})
    return portfolio


def as_owner(statement: str) -> None:
    """Change something with every trigger out of the way, as only the owner can."""
    with connections["owner"].cursor() as cursor:
        for table in ("allocation_transfer", "allocation_decision"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)
        for table in ("allocation_transfer", "allocation_decision"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.mark.django_db
def test_whole_books_are_proved_and_the_proof_is_dated() -> None:
    portfolio = books()
    assert verify(portfolio) == []
    head = LedgerHead.objects.get(portfolio=portfolio)
    assert head.verified_at is not None
    assert head.verified_sequence == head.sequence == 3


@pytest.mark.parametrize(
    ("statement", "row", "problem"),
    [
        ("UPDATE allocation_transfer SET amount = 301 WHERE amount = 300", "transfer 2", "changed"),
        ("UPDATE allocation_transfer SET note = 'x' WHERE amount = 300", "transfer 2", "changed"),
        ("DELETE FROM allocation_transfer WHERE amount = 300", "transfer 3", "missing"),
        ("DELETE FROM allocation_transfer WHERE amount = 100", "end of the chain", "last is 2"),
    ],
)
def test_a_transfer_that_was_changed_or_taken_away_is_found(
    committed_db: None, statement: str, row: str, problem: str
) -> None:
    portfolio = books()
    as_owner(statement)
    assert any(found.row == row and problem in found.problem for found in verify(portfolio))


@pytest.mark.django_db
def test_a_balance_that_does_not_follow_from_the_transfers_is_found() -> None:
    portfolio = books()
    Account.objects.filter(kind="reserve").update(booked=601)
    (found,) = verify(portfolio)
    assert str(found).startswith("Office: account Reserve: holds")


@pytest.mark.django_db
def test_a_page_that_would_show_other_money_than_the_books_hold_is_found() -> None:
    portfolio = books()
    Bet.objects.update(working=299)
    (found,) = verify(portfolio)
    assert "shows" in found.problem


def test_the_proof_reaches_no_further_than_what_was_read(
    committed_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    portfolio = books()

    def meanwhile(of: Portfolio) -> list[str]:
        at_once([lambda: ledger.set_envelope(of.pk, Decimal(2000))])
        return []

    monkeypatch.setattr("evidence.beliefs.differences", meanwhile)
    assert verify(portfolio) == []
    head = LedgerHead.objects.get(portfolio=portfolio)
    assert (head.sequence, head.verified_sequence) == (4, 3)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE allocation_decision SET decided_by_id = {other}", "names another person"),
        ("UPDATE allocation_decision SET decided_at = '2026-01-01'", "was booked otherwise"),
        ("UPDATE allocation_move SET amount = amount + 1", "was booked otherwise"),
        ("UPDATE allocation_proposalchange SET exit_cost = 7", "was booked otherwise"),
    ],
)
def test_a_decision_that_was_changed_after_it_was_booked_is_found(
    committed_db: None, statement: str, problem: str
) -> None:
    portfolio, *_, proposal = proposed()
    approve(make_member(portfolio, Role.FINANCE), proposal.pk, as_shown(proposal))
    assert wrong_in_the_books(portfolio) == []
    as_owner(statement.format(other=make_user().pk))
    found = wrong_in_the_books(portfolio)
    assert all(each.row.startswith("decision ") for each in found)
    assert any(problem in each.problem for each in found)


@pytest.mark.django_db
def test_the_command_ends_with_1_and_a_line_for_each_row(
    capsys: pytest.CaptureFixture[str],
) -> None:
    books()
    call_command("verify")
    assert "tie out" in capsys.readouterr().out
    Bet.objects.update(working=299)
    with pytest.raises(CommandError, match="1 rows do not tie out") as error:
        call_command("verify")
    assert error.value.returncode == 1
