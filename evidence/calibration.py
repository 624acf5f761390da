"""Forecasts and how they turned out: what was believed before each hypothesis was resolved.

Each forecast is the belief at the time, taken from the history and never worked out anew: what
stood there so many days before it became clear, or the prior of that day where nothing had been
learnt yet.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import DateTimeField, ExpressionWrapper, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from bets.models import BetTeam, HypothesisChange, Portfolio
from evidence.belief.calibration import Forecast
from evidence.models import BeliefPoint, Evidence, Outcome, Resolution, Source
from evidence.resolve import SOURCE

LEADS = (0, 30, 90)


@dataclass(frozen=True)
class Wanted:
    """Which resolved hypotheses: all, or those of a stream, a team, or on which a source spoke.

    ``lead_days`` is how long before it became clear the forecast is taken.
    """

    lead_days: int = 0
    stream: int | None = None
    team: int | None = None
    source: int | None = None


@dataclass(frozen=True)
class Resolved:
    """A resolved hypothesis with the forecast that is scored."""

    resolution: Resolution
    belief: float

    @property
    def forecast(self) -> Forecast:
        """What was believed, and whether it held."""
        return Forecast(self.belief, self.resolution.outcome == Outcome.HELD)


def resolved(portfolio: Portfolio, wanted: Wanted) -> list[Resolved]:
    """All resolved hypotheses with their forecasts, latest first; two queries."""
    cutoff = ExpressionWrapper(
        F("became_clear_at") - timedelta(days=wanted.lead_days), output_field=DateTimeField()
    )
    points = BeliefPoint.objects.filter(hypothesis=OuterRef("hypothesis"))
    last = points.filter(known_at__lte=OuterRef("cutoff"), at__lt=OuterRef("became_clear_at"))
    rows = (
        Resolution.objects.in_force()
        .filter(_condition(portfolio, wanted))
        .annotate(cutoff=cutoff)
        .annotate(
            believed=Coalesce(
                Subquery(last.order_by("-known_at", "-id").values("belief")[:1]), Value(-1.0)
            )
        )
        .select_related("hypothesis__bet", "resolved_by")
        .order_by("-became_clear_at", "-id")
    )
    found = list(rows)
    priors = _priors(found)
    return [
        Resolved(row, row.believed if row.believed >= 0 else priors[row.hypothesis_id])
        for row in found
    ]


def _condition(portfolio: Portfolio, wanted: Wanted) -> Q:
    chosen = Q(hypothesis__bet__portfolio=portfolio)
    if wanted.stream is not None:
        chosen &= Q(hypothesis__bet__stream_id=wanted.stream)
    if wanted.team is not None:
        teams = BetTeam.objects.filter(team_id=wanted.team).values("bet_id")
        chosen &= Q(hypothesis__bet_id__in=teams)
    if wanted.source is not None:
        spoken = Evidence.objects.filter(source_id=wanted.source).values("hypothesis_id")
        chosen &= Q(hypothesis_id__in=spoken)
    return chosen


def _priors(rows: Iterable[Resolution]) -> dict[int, float]:
    """The prior of each hypothesis as it was at the cutoff: before the first later change of it."""
    rows = list(rows)
    priors = {row.hypothesis_id: row.hypothesis.prior for row in rows}
    cutoffs: dict[int, datetime] = {row.hypothesis_id: row.cutoff for row in rows}  # type: ignore[attr-defined]
    changes = HypothesisChange.objects.filter(
        hypothesis_id__in=priors, before__has_key="prior"
    ).order_by("-id")
    for change in changes:
        if change.changed_at > cutoffs[change.hypothesis_id]:
            priors[change.hypothesis_id] = change.before["prior"]
    return priors


@dataclass(frozen=True)
class Record:
    """What a source has said of resolved hypotheses: how often, and how often it pointed right.

    ``learnt`` is the reliability that this suggests: from nothing for a source that is right half
    of the time to 1 for one that always is, drawn towards the middle while it has said little
    (two imagined reports, one right and one wrong).
    """

    source: Source
    said: int
    right: int
    items: int

    @property
    def learnt(self) -> float | None:
        """The suggested reliability, or None while nothing it spoke of is resolved."""
        if not self.said:
            return None
        share = (self.right + 1) / (self.said + 2)
        return min(1.0, max(0.05, 2 * share - 1))


def records_of_sources(portfolio: Portfolio) -> list[Record]:
    """What each source's evidence pointed to, against how it ended; three queries."""
    ends = dict(
        Resolution.objects.in_force()
        .filter(hypothesis__bet__portfolio=portfolio)
        .values_list("hypothesis_id", "outcome")
    )
    said: dict[int, list[bool]] = defaultdict(list)
    items: dict[int, int] = defaultdict(int)
    rows = Evidence.objects.filter(portfolio=portfolio, source__isnull=False)
    rows = rows.exclude(kind="retraction").exclude(retractions__isnull=False)
    columns = (
        "source_id",
        "hypothesis_id",
        "kind",
        "direction",
        "likelihood_ratio",
        "successes",
        "trials",
        "mean",
        "hypothesis__threshold",
        "hypothesis__direction",
    )
    for source_id, hypothesis_id, *figures in rows.values_list(*columns):
        items[source_id] += 1
        speaks_for = _speaks_for(*figures)
        if hypothesis_id in ends and speaks_for is not None:
            said[source_id].append(speaks_for == (ends[hypothesis_id] == Outcome.HELD))
    sources = Source.objects.filter(portfolio=portfolio).exclude(name=SOURCE).order_by("name")
    return [
        Record(each, len(said[each.pk]), sum(said[each.pk]), items[each.pk]) for each in sources
    ]


def _speaks_for(
    kind: str,
    direction: str,
    ratio: float | None,
    successes: int | None,
    trials: int | None,
    mean: float | None,
    threshold: float | None,
    comparison: str,
) -> bool | None:
    """Whether an event points towards its hypothesis; None where it points nowhere."""
    if kind == "judgement":
        return direction == "for"
    if kind == "ratio":
        return None if ratio in (None, 1.0) else (ratio or 0.0) > 1
    if threshold is None:
        return None
    measured = mean if trials is None else (successes or 0) / trials
    if measured is None:
        return None
    return measured >= threshold if comparison == ">=" else measured <= threshold
