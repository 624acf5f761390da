"""When the books are proved, what the page says of it, and who sees what did not tie out."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from allocation import ledger, proving, tasks
from allocation.models import Account, Proof
from bets.models import Portfolio
from spm.accounts.models import Role
from spm.accounts.permissions import NotAllowed
from tests.allocation.test_limit_pages import signed_in, text_of
from tests.factories import make_bet, make_member, make_portfolio

pytestmark = pytest.mark.django_db

MIDNIGHT = datetime(2026, 3, 14, 1, tzinfo=UTC)
NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


def books() -> Portfolio:
    portfolio = make_portfolio(name="Office")
    bet = make_bet(portfolio, title="Bet")
    ledger.set_envelope(portfolio.pk, Decimal(1000))
    ledger.open_positions(portfolio.pk, {bet.pk: (Decimal(300), Decimal(0))})
    return portfolio


def page_of(portfolio: Portfolio, role: str) -> str:
    return text_of(signed_in(make_member(portfolio, role)).get("/ledger"))


def test_who_asks_is_owed_a_proof_which_a_worker_finishes_and_the_page_shows() -> None:
    portfolio = books()
    assert "Not proved yet" in page_of(portfolio, Role.VIEWER)
    cfo = make_member(portfolio, Role.FINANCE, name="Cleo")
    client = signed_in(cfo)
    assert client.post("/ledger/prove").status_code == 302
    assert "Being proved now" in page_of(portfolio, Role.VIEWER)
    tasks.sweep_proofs()
    proof = Proof.objects.get()
    assert (proof.transfers, proof.seals, proof.wrong, proof.asked_by) == (2, 0, 0, cfo)
    page = page_of(portfolio, Role.VIEWER)
    assert "up to transfer 2 of 2" in page and "Cleo asked for it" in page
    assert "Being proved" not in page
    ledger.set_envelope(portfolio.pk, Decimal(2000))
    assert "up to transfer 2 of 3" in page_of(portfolio, Role.VIEWER)


def test_asked_for_twice_is_proved_once() -> None:
    portfolio = books()
    for role in (Role.FINANCE, Role.ADMIN):
        proving.ask_for_proof(make_member(portfolio, role), portfolio.pk)
    tasks.prove(portfolio.pk)
    tasks.prove(portfolio.pk)
    assert Proof.objects.filter(finished_at__isnull=False).count() == 1


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR, Role.LEAD])
def test_others_cannot_have_it_proved(role: str) -> None:
    portfolio = books()
    member = make_member(portfolio, role)
    with pytest.raises(NotAllowed):
        proving.ask_for_proof(member, portfolio.pk)
    assert signed_in(member).post("/ledger/prove").status_code == 403
    assert "Prove now" not in page_of(portfolio, role)


def test_what_does_not_tie_out_is_logged_and_shown_to_finance_and_administrators(
    caplog: pytest.LogCaptureFixture,
) -> None:
    portfolio = books()
    Account.objects.filter(kind="reserve").update(booked=7)
    with caplog.at_level("ERROR", "allocation.proving"):
        proof = proving.prove(portfolio.pk)
    assert proof.wrong == len(proof.findings) == 1
    assert "Office: account Reserve: holds" in caplog.text
    for role in (Role.FINANCE, Role.ADMIN):
        assert "account Reserve : holds" in page_of(portfolio, role).replace(
            "Reserve:", "Reserve :"
        )
    page = page_of(portfolio, Role.LEAD)
    assert "1 row did not tie out" in page and "account Reserve" not in page
    assert "Finance and administrators see which" in page


def test_books_are_proved_once_a_night_and_by_day_only_if_no_night_did_it() -> None:
    portfolio = books()

    def due_at(now: datetime, ago: timedelta) -> bool:
        Proof.objects.all().delete()
        Proof.objects.create(portfolio=portfolio, asked_at=now - ago, finished_at=now - ago)
        return portfolio.pk in proving.due(now)

    assert proving.due(NOON) == [portfolio.pk]
    assert due_at(MIDNIGHT, timedelta(hours=21)) and not due_at(MIDNIGHT, timedelta(hours=2))
    assert due_at(NOON, timedelta(hours=37)) and not due_at(NOON, timedelta(hours=30))


def test_one_portfolio_that_cannot_be_proved_keeps_no_other_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = books(), books()
    prove = proving.prove

    def stumble(portfolio_id: int) -> Proof:
        if portfolio_id == first.pk:
            raise RuntimeError("no memory")
        return prove(portfolio_id)

    monkeypatch.setattr(proving, "prove", stumble)
    tasks.prove_books()
    assert list(Proof.objects.values_list("portfolio_id", flat=True)) == [second.pk]


def test_a_proof_asked_for_while_nobody_listens_waits_for_the_sweep() -> None:
    portfolio = books()
    proving.ask_for_proof(make_member(portfolio, Role.FINANCE), portfolio.pk)
    assert proving.owed() == [portfolio.pk]
    assert timezone.now() - Proof.objects.get().asked_at < timedelta(minutes=5)
