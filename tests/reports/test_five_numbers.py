"""The five numbers of the office, from rows that a hand can add up."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from allocation import ledger
from allocation.models import Decision, LatestRun, Proposal, Transfer
from bets.models import Bet, Portfolio
from evidence.models import ThesisBreak
from reports.five_numbers import five_numbers
from spm.accounts.models import Role, User
from tests.factories import make_bet, make_hypothesis, make_member, make_portfolio

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
OPENED = date(2026, 1, 1)


def office(**positions: tuple[int, int]) -> tuple[Portfolio, dict[str, Bet]]:
    """A portfolio of 1,000 a month whose bets hold (working, entangled) money."""
    portfolio = make_portfolio()
    bets = {title: make_bet(portfolio, title=title) for title in positions}
    ledger.set_envelope(portfolio.pk, Decimal(1000), on=OPENED)
    held = {
        bets[title].pk: (Decimal(working), Decimal(entangled))
        for title, (working, entangled) in positions.items()
    }
    ledger.open_positions(portfolio.pk, held, on=OPENED)
    portfolio.refresh_from_db()
    return portfolio, bets


def thesis(bet: Bet, status: str, **fields: object) -> None:
    """What the evidence says of a bet."""
    Bet.objects.filter(pk=bet.pk).update(thesis_status=status, **fields)


@pytest.mark.django_db
def test_money_on_a_broken_thesis_counts_now_and_since_the_break() -> None:
    portfolio, bets = office(sick=(200, 100), well=(300, 0))
    thesis(bets["sick"], "broken")
    thesis(bets["well"], "intact")
    broke = datetime(2026, 5, 2, tzinfo=UTC)
    ThesisBreak.objects.create(
        portfolio=portfolio, bet=bets["sick"], kind="break", at=broke, known_at=broke, belief=0.1
    )
    numbers = five_numbers(portfolio, NOW)
    assert (numbers.broken_rate, numbers.broken_bets) == (Decimal(300), 1)
    assert numbers.spent_since_breaks == Decimal("295.69")  # 30 days of 300 a month


@pytest.mark.django_db
def test_what_could_not_be_freed_today_is_entangled_locked_or_not_reclaimable() -> None:
    portfolio, bets = office(one=(200, 50))
    # of 200, half may be withdrawn, and of that four fifths are freed: 80; 170 of 1,000 are stuck
    thesis(bets["one"], "intact", reclaimable_share=0.8, withdrawable=0.5)
    numbers = five_numbers(portfolio, NOW)
    assert (numbers.stuck_rate, numbers.stuck_share) == (Decimal("170.00"), 0.17)


@pytest.mark.django_db
def test_capital_is_silent_after_a_half_life_without_evidence_or_when_it_never_had_any() -> None:
    portfolio, bets = office(quiet=(100, 0), never=(40, 0), fresh=(20, 0))
    thesis(bets["quiet"], "silent")
    for title in ("never", "fresh"):
        make_hypothesis(bets[title], half_life_days=90.0)
    thesis(bets["never"], "untested", stage_entered_at=NOW - timedelta(days=91))
    thesis(bets["fresh"], "untested", stage_entered_at=NOW - timedelta(days=89))
    numbers = five_numbers(portfolio, NOW)
    assert (numbers.silent_rate, numbers.silent_bets) == (Decimal(140), 2)


@pytest.mark.django_db
def test_from_evidence_to_money_is_the_median_wait_for_the_decided_move_that_followed() -> None:
    portfolio, bets = office(sick=(200, 0), other=(100, 0))
    finance = make_member(portfolio, Role.FINANCE)
    for title, days in (("sick", 30), ("other", 10)):
        known = NOW - timedelta(days=days)
        ThesisBreak.objects.create(
            portfolio=portfolio, bet=bets[title], kind="break", at=known, known_at=known, belief=0.1
        )
        decision = _approved(portfolio, finance, NOW - timedelta(days=5))
        move = ledger.Entry(
            Transfer.Kind.MOVE,
            ledger.working(bets[title].pk),
            ledger.RESERVE,
            Decimal(50),
            OPENED,
        )
        ledger.book(portfolio.pk, [move], on=OPENED, decision=decision)
    numbers = five_numbers(portfolio, NOW)
    assert (numbers.evidence_to_money_days, numbers.evidence_to_money_cases) == (15.0, 2)


def _approved(portfolio: Portfolio, finance: User, at: datetime) -> Decision:
    proposal = Proposal.objects.create(
        portfolio=portfolio,
        number=Proposal.objects.count() + 1,
        status="approved",
        closed_at=at,
        content_sha256="",
        created_at=at,
        checked_at=at,
        horizon_months=24,
        objective_current=0,
        objective_proposed=0,
        objective_bound=0,
        gain=0,
        gain_per_month_of_waiting=0,
        snapshot={},
        solution={},
    )
    return Decision.objects.create(
        portfolio=portfolio,
        proposal=proposal,
        kind="approved",
        decided_at=at,
        decided_by=finance,
        authority="Role: finance",
        proposal_version=1,
        content_sha256="",
    )


@pytest.mark.django_db
def test_the_allocation_gap_is_what_the_last_run_found() -> None:
    portfolio, _ = office(one=(1, 0))
    assert five_numbers(portfolio, NOW).allocation_gap is None
    LatestRun.objects.create(
        portfolio=portfolio, finished_at=NOW, objective_current=100.0, objective_best=350.0
    )
    assert five_numbers(portfolio, NOW).allocation_gap == 250.0


@pytest.mark.django_db
def test_more_bets_cost_no_more_queries() -> None:
    counts = []
    for many in (2, 12):
        portfolio, _ = office(**{f"bet{number}": (10, 1) for number in range(many)})
        with CaptureQueriesContext(
            connection,
        ) as queries:
            five_numbers(portfolio, NOW)
        counts.append(len(queries))
    assert counts[0] == counts[1]
