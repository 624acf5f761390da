"""What the Allocation page shows: where the money is, what was learned, what stands out."""

from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse

from bets.models import Bet, Portfolio
from bets.models.bet import ThesisStatus
from evidence.models import Evidence
from reports.figures.sankey import Holding

LATEST = 8
# Words with which reports from outside say that all is well; compared in small letters.
ALL_IS_WELL = ("green", "amber/green", "on track", "on plan", "good", "healthy")
WITHOUT_THEME = "No theme"
WITHOUT_STREAM = "No value stream"


def holdings(portfolio: Portfolio, theme: str = "", stream: str = "") -> list[Holding]:
    """Every bet that holds money, as the Sankey takes it; one query.

    Args:
        portfolio: whose bets.
        theme: only those of the theme with this name, if given.
        stream: only those of the value stream with this name, if given.
    """
    bets = (
        Bet.objects.filter(portfolio=portfolio)
        .filter(Q(working__gt=0) | Q(entangled__gt=0))
        .select_related("theme", "stream")
        .order_by("id")
    )
    rows = [
        Holding(
            key=f"{bet.pk:020}",
            title=bet.title,
            theme=bet.theme.name if bet.theme else WITHOUT_THEME,
            stream=bet.stream.name if bet.stream else WITHOUT_STREAM,
            working=float(bet.working),
            entangled=float(bet.entangled),
            belief=bet.belief,
            is_broken=bet.thesis_status == ThesisStatus.BROKEN,
            href=reverse("bets:bet", args=[bet.pk]),
        )
        for bet in bets
    ]
    return [row for row in rows if theme in ("", row.theme) and stream in ("", row.stream)]


def broken_but_well_reported(portfolio: Portfolio) -> list[Bet]:
    """Funded bets whose thesis is broken while a report from outside says that all is well.

    Where delivery and evidence disagree, that is the headline. Most money first; one query.
    """
    bets = (
        Bet.objects.filter(portfolio=portfolio, thesis_status=ThesisStatus.BROKEN, working__gt=0)
        .annotate(reported=Lower("delivery_signal"))
        .filter(reported__in=ALL_IS_WELL)
    )
    return list(bets.order_by("-working", "id")[:LATEST])


def latest_evidence(portfolio: Portfolio) -> list[Evidence]:
    """What was learned last; one query."""
    rows = Evidence.objects.filter(portfolio=portfolio)
    return list(
        rows.select_related("bet", "source", "retracts").order_by("-recorded_at", "-id")[:LATEST]
    )
