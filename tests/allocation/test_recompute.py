"""What is owed is computed: once, whoever asks and however often; the quiet rule."""

from decimal import Decimal
from threading import Thread

import pytest
from django.db import connection, connections

from allocation import ledger
from allocation.models import LatestRun, Proposal, RecomputeRequest
from allocation.recompute import LOCK_SPACE, recompute, run_owed
from allocation.requests import ask
from allocation.tasks import sweep_recompute_requests
from bets.models import Bet, Portfolio
from tests.factories import make_portfolio, make_scaling_bet


def two_bets(**sick_fields: object) -> tuple[Portfolio, Bet, Bet]:
    """A portfolio in which money should leave a bet of little belief."""
    portfolio = make_portfolio()
    sick = make_scaling_bet(portfolio, title="Sick", **{"belief": 0.05, **sick_fields})
    well = make_scaling_bet(portfolio, title="Well", belief=0.9)
    ledger.set_envelope(portfolio.pk, Decimal(70_000))
    positions = {sick.pk: (Decimal(40_000), Decimal(0)), well.pk: (Decimal(20_000), Decimal(0))}
    ledger.open_positions(portfolio.pk, positions)
    return portfolio, sick, well


@pytest.mark.django_db
def test_the_same_world_twice_leaves_the_proposal_that_stands() -> None:
    portfolio, _, _ = two_bets()
    first = recompute(portfolio.pk)
    assert first is not None
    assert recompute(portfolio.pk) == first
    assert LatestRun.objects.get(portfolio=portfolio).outcome == "Proposal 1 still stands."


@pytest.mark.django_db
def test_a_better_proposal_supersedes_the_open_one() -> None:
    portfolio, _, well = two_bets()
    first = recompute(portfolio.pk)
    assert first is not None
    Bet.objects.filter(pk=well.pk).update(belief=0.1)
    second = recompute(portfolio.pk)
    assert second is not None
    first.refresh_from_db()
    assert (first.status, second.replaces_id) == (Proposal.Status.SUPERSEDED, first.pk)


@pytest.mark.django_db
def test_a_small_change_of_belief_does_not_overturn_the_open_proposal() -> None:
    portfolio, sick, _ = two_bets()
    first = recompute(portfolio.pk)
    Bet.objects.filter(pk=sick.pk).update(belief=0.0501)
    assert recompute(portfolio.pk) == first


@pytest.mark.django_db
def test_a_proposal_whose_gain_has_gone_is_withdrawn() -> None:
    portfolio, sick, well = two_bets()
    first = recompute(portfolio.pk)
    assert first is not None
    Bet.objects.filter(pk__in=[sick.pk, well.pk]).update(withdrawable=0, maximum=1)
    assert recompute(portfolio.pk) is None
    first.refresh_from_db()
    assert (first.status, first.closed_because) == ("withdrawn", "Its gain has gone.")


@pytest.mark.django_db
def test_what_the_engine_cannot_take_is_said_and_nothing_is_solved_on_guesses() -> None:
    portfolio, sick, _ = two_bets()
    Bet.objects.filter(pk=sick.pk).update(response=[[0.4, 0.1], [0.8, 0.9]])
    assert recompute(portfolio.pk) is None
    problem = LatestRun.objects.get(portfolio=portfolio).problem
    assert str(sick.pk) in problem
    assert "response" in problem


@pytest.mark.django_db
def test_a_proposal_that_can_no_longer_be_worked_out_is_withdrawn() -> None:
    portfolio, sick, _ = two_bets()
    first = recompute(portfolio.pk)
    assert first is not None
    Bet.objects.filter(pk=sick.pk).update(response=[[0.4, 0.1], [0.8, 0.9]])
    assert recompute(portfolio.pk) is None
    first.refresh_from_db()
    assert first.status == Proposal.Status.WITHDRAWN
    assert first.closed_because == "It can no longer be worked out."


def test_a_storm_of_requests_is_one_run(committed_db: None) -> None:
    portfolio, _, _ = two_bets()
    for number in range(50):
        ask(portfolio.pk, f"Request {number}")
    assert run_owed(portfolio.pk) == 1
    assert not RecomputeRequest.objects.exists()


def test_who_finds_the_portfolio_being_computed_leaves_at_once(committed_db: None) -> None:
    portfolio, _, _ = two_bets()
    ask(portfolio.pk, "Evidence")
    runs: list[int] = []

    def come_second() -> None:
        runs.append(run_owed(portfolio.pk))
        connections.close_all()

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_SPACE, portfolio.pk])
        second = Thread(target=come_second)
        second.start()
        second.join()
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_SPACE, portfolio.pk])
    assert runs == [0]
    assert run_owed(portfolio.pk) == 1


def test_what_has_waited_is_swept_up_whatever_became_of_the_message(committed_db: None) -> None:
    portfolio, _, _ = two_bets()
    ask(portfolio.pk, "Evidence")
    RecomputeRequest.objects.update(requested_at="2026-01-01T00:00:00Z")
    sweep_recompute_requests()
    assert Proposal.objects.filter(portfolio=portfolio).count() == 1


def test_a_portfolio_that_fails_keeps_no_other_waiting(
    committed_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing, portfolio = two_bets()[0], two_bets()[0]
    for each in (failing, portfolio):
        ask(each.pk, "Evidence")
    RecomputeRequest.objects.update(requested_at="2026-01-01T00:00:00Z")

    def run(portfolio_id: int) -> int:
        if portfolio_id == failing.pk:
            raise RuntimeError("out of memory")
        return run_owed(portfolio_id)

    monkeypatch.setattr("allocation.tasks.run_owed", run)
    sweep_recompute_requests()
    assert RecomputeRequest.objects.filter(portfolio=failing).exists()
    assert Proposal.objects.filter(portfolio=portfolio).count() == 1
