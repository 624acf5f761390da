"""The five numbers of the office (product.md)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median

from django.db.models import Max, Q
from django.utils import timezone

from allocation.after_break import after_break
from allocation.models import LatestRun
from bets.models import Bet, Portfolio
from bets.models.bet import ThesisStatus
from reports.evidence_to_money import evidence_to_money

HALF_LIFE_WITHOUT_HYPOTHESES = 180.0


@dataclass(frozen=True)
class FiveNumbers:
    """Rates in currency per month, sums in currency, times in days, shares of the envelope.

    ``evidence_to_money_days`` and ``allocation_gap`` are None until there is something to go by.
    """

    broken_rate: Decimal
    broken_bets: int
    spent_since_breaks: Decimal
    evidence_to_money_days: float | None
    evidence_to_money_cases: int
    allocation_gap: float | None
    stuck_rate: Decimal
    stuck_share: float
    silent_rate: Decimal
    silent_bets: int


def five_numbers(portfolio: Portfolio, now: datetime | None = None) -> FiveNumbers:
    """Work the five numbers out; a fixed number of queries however many bets there are."""
    moment = now or timezone.now()
    bets = list(
        Bet.objects.filter(portfolio=portfolio)
        .filter(Q(working__gt=0) | Q(entangled__gt=0))
        .annotate(half_life=Max("hypotheses__half_life_days"))
    )
    broken = [bet for bet in bets if bet.thesis_status == ThesisStatus.BROKEN]
    silent = [bet for bet in bets if is_silent(bet, bet.half_life, moment)]
    waits = evidence_to_money(portfolio)
    run = LatestRun.objects.filter(portfolio=portfolio, problem="").first()
    stuck = sum((stuck_rate(bet) for bet in bets), Decimal(0))
    return FiveNumbers(
        broken_rate=sum((bet.funding for bet in broken), Decimal(0)),
        broken_bets=len(broken),
        spent_since_breaks=sum(
            (row.spent for row in after_break(portfolio, moment.date())), Decimal(0)
        ),
        evidence_to_money_days=median(waits) if waits else None,
        evidence_to_money_cases=len(waits),
        allocation_gap=run.allocation_gap if run else None,
        stuck_rate=stuck,
        stuck_share=float(stuck / portfolio.envelope) if portfolio.envelope else 0.0,
        silent_rate=sum((bet.funding for bet in silent), Decimal(0)),
        silent_bets=len(silent),
    )


def stuck_rate(bet: Bet) -> Decimal:
    """What could not be freed if we decided so today: u + c − ρ·λ·c, currency per month."""
    reclaimable = Decimal(repr(bet.reclaimable_share)) * Decimal(repr(bet.withdrawable))
    return (bet.entangled + bet.working - bet.working * reclaimable).quantize(Decimal("0.01"))


def is_silent(bet: Bet, half_life_days: float | None, now: datetime) -> bool:
    """Whether a funded bet has had no evidence for longer than its evidence half-life.

    A bet that never had any counts from the day on which it entered its stage.
    """
    if bet.thesis_status == ThesisStatus.SILENT:
        return True
    if bet.thesis_status != ThesisStatus.UNTESTED:
        return False
    patience = timedelta(days=half_life_days or HALF_LIFE_WITHOUT_HYPOTHESES)
    return now - bet.stage_entered_at > patience
