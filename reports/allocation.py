"""What the Allocation page shows: where the money is, what was learned, what stands out."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from bets.models import Bet, Portfolio
from bets.models.bet import ThesisStatus
from evidence.models import Evidence

LATEST = 8
WITHOUT_THEME = "No theme"
WITHOUT_STREAM = "No value stream"


@dataclass(frozen=True)
class Holding:
    """One funded bet as the pictures need it; rates in currency per month."""

    bet_id: int
    title: str
    theme: str
    stream: str
    working: Decimal
    entangled: Decimal
    belief: float | None
    is_broken: bool


def holdings(portfolio: Portfolio) -> list[Holding]:
    """Every bet that holds money; one query."""
    bets = (
        Bet.objects.filter(portfolio=portfolio)
        .filter(Q(working__gt=0) | Q(entangled__gt=0))
        .select_related("theme", "stream")
        .order_by("id")
    )
    return [
        Holding(
            bet.pk,
            bet.title,
            bet.theme.name if bet.theme else WITHOUT_THEME,
            bet.stream.name if bet.stream else WITHOUT_STREAM,
            bet.working,
            bet.entangled,
            bet.belief,
            bet.thesis_status == ThesisStatus.BROKEN,
        )
        for bet in bets
    ]


def broken_but_well_reported(portfolio: Portfolio) -> list[Bet]:
    """Funded bets whose thesis is broken while a status from outside is still quoted; most first.

    Where delivery and evidence disagree, that is the headline.
    """
    bets = Bet.objects.filter(
        portfolio=portfolio, thesis_status=ThesisStatus.BROKEN, working__gt=0
    ).exclude(delivery_signal="")
    return list(bets.order_by("-working", "id")[:LATEST])


def latest_evidence(portfolio: Portfolio) -> list[Evidence]:
    """What was learned last; one query."""
    rows = Evidence.objects.filter(portfolio=portfolio)
    return list(
        rows.select_related("bet", "source", "retracts").order_by("-recorded_at", "-id")[:LATEST]
    )
