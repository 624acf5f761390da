"""What the flow page shows: how bets and decisions move, worked out from the journals.

Everything about stages comes from one reading of the stage changes; the page costs a fixed number
of queries, however many bets and moves there are.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from allocation.models import Decision, ProposalChange, Transfer
from bets.kanban import Filters
from bets.models import Bet, BetTeam, Dependency, Portfolio, Stage
from bets.models.bet import EXITS, ThesisStatus
from bets.stays import (
    LEAST_STAYS,
    UNUSUAL_SHARE,
    Move,
    Stay,
    completed_days,
    moves_of,
    percentile,
    stays_of,
)
from reports.figures.ageing import MOST_DOTS, Ageing, InStage, Usual, ageing
from reports.figures.cumulative_flow import WIDE, CumulativeFlow, Entered, cumulative_flow
from reports.figures.over_time import OverTime, Series, by_period, over_time, periods_between
from reports.figures.table import Cell, Column, Table
from reports.figures.time_in_stage import Stays, TimeInStage, time_in_stage
from spm import formats

PERIODS = {"90": "90 days", "180": "180 days", "365": "A year", "all": "From the beginning"}
USUAL_PERIOD = "180"
LATE_SHARE = 0.95
MOST_BLOCKED = 100

ON_BOARD = {stage.value: str(stage.label) for stage in Stage if stage not in EXITS}
# From the lowest band up: what has left, then from the end of the board to its beginning.
BANDS = {
    stage.value: str(stage.label)
    for stage in (Stage.STOPPED, Stage.PIVOTED, *reversed([Stage(stage) for stage in ON_BOARD]))
}
APPROVED = (Decision.Kind.APPROVED, Decision.Kind.PARTLY_APPROVED)


@dataclass(frozen=True)
class FlowFilters:
    """Which bets, and how far back; lives in the address of the page, as on the board."""

    bets: Filters
    period: str = USUAL_PERIOD

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> "FlowFilters":
        """From the parameters of an address; what cannot be is left out."""
        names = ("theme", "stream", "horizon")
        chosen = {name: parameters[name] for name in names if name in parameters}
        period = parameters.get("period", "")
        return cls(Filters.of(chosen), period if period in PERIODS else USUAL_PERIOD)

    @property
    def query(self) -> str:
        """The parameters of the address again."""
        own = {} if self.period == USUAL_PERIOD else {"period": self.period}
        return "&".join(filter(None, [self.bets.query, urlencode(own)]))

    def since(self, today: date) -> date | None:
        """The first day, or None for the beginning."""
        return None if self.period == "all" else today - timedelta(days=int(self.period))


@dataclass(frozen=True)
class Traffic:
    """How many bets entered and left a stage in the period."""

    name: str
    entered: int
    onward: int
    back: int
    out: int
    now: int

    @property
    def left(self) -> int:
        """All that moved on, whichever way."""
        return self.onward + self.back + self.out


@dataclass(frozen=True)
class Need:
    """Something that a bet waits for."""

    title: str
    why: str
    href: str


@dataclass(frozen=True)
class Blocked:
    """A bet, and what it waits for."""

    bet: Bet
    needs: list[Need]


class Flow:
    """The flow of a portfolio's bets, as the filters narrow them."""

    def __init__(self, portfolio: Portfolio, filters: FlowFilters, now: datetime) -> None:
        self.portfolio, self.filters, self.now = portfolio, filters, now
        self.zone = timezone.get_current_timezone()
        self.today = self.day(now)

    def day(self, moment: datetime) -> date:
        """The day of a moment here; ten times quicker than ``timezone.localdate``."""
        return moment.astimezone(self.zone).date()

    @cached_property
    def bets(self) -> QuerySet[Bet]:
        """The bets that the filters let through."""
        return Bet.objects.filter(self.filters.bets.condition, portfolio=self.portfolio)

    @cached_property
    def moves(self) -> list[Move]:
        """Every move of these bets."""
        return moves_of(self.bets)

    @cached_property
    def entered(self) -> list[Entered]:
        """The same in the order of time, by the day."""
        ordered = sorted(enumerate(self.moves), key=lambda each: (each[1][2], each[0]))
        return [Entered(bet, stage, self.day(at)) for _, (bet, stage, at) in ordered]

    @cached_property
    def first(self) -> date:
        """The first day of the period."""
        since = self.filters.since(self.today)
        if since is None:
            since = self.entered[0].day if self.entered else self.today
        return min(since, self.today - timedelta(days=1))

    @cached_property
    def start(self) -> datetime:
        """The beginning of the first day."""
        return datetime.combine(self.first, datetime.min.time(), self.zone)

    @cached_property
    def stays(self) -> list[Stay]:
        """The stays of these bets, completed or not."""
        return stays_of(self.moves)

    @cached_property
    def completed(self) -> dict[Stage, list[float]]:
        """Days of the stays that were completed within the period."""
        within = [
            stay for stay in self.stays if stay.left_at is not None and stay.left_at >= self.start
        ]
        return completed_days(within, self.now)

    @cached_property
    def usual(self) -> dict[str, Usual]:
        """What is usual in each stage: of all completed stays in the portfolio, as on cards."""
        stays = self.stays
        if self.filters.bets.narrows:
            stays = stays_of(moves_of(Bet.objects.filter(portfolio=self.portfolio)))
        return {
            stage.value: Usual(percentile(days, 0.5), percentile(days, UNUSUAL_SHARE), len(days))
            for stage, days in completed_days(stays, self.now).items()
            if stage not in EXITS and len(days) >= LEAST_STAYS
        }

    @cached_property
    def in_progress(self) -> list[InStage]:
        """The bets on the board, with how long they have been in their stage."""
        bets = self.bets.exclude(stage__in=EXITS).order_by("id")
        # Looked up once: a thousand addresses cost more than all else on the page.
        bet_pages = reverse("bets:bet", args=[0]).removesuffix("0")
        fields = ("pk", "title", "stage", "stage_entered_at", "belief", "thesis_status")
        return [
            InStage(
                title,
                f"{bet_pages}{pk}",
                stage,
                (self.now - entered_at).total_seconds() / 86_400,
                belief,
                status == ThesisStatus.BROKEN,
            )
            for pk, title, stage, entered_at, belief, status in bets.values_list(*fields)
        ]

    def cumulative(self, width: float = WIDE) -> CumulativeFlow:
        """How many bets stood in each stage."""
        return cumulative_flow(self.entered, BANDS, self.first, self.today, width)

    def time_in_stage(self, width: float = WIDE) -> TimeInStage:
        """How long the stays lasted that were completed in the period."""
        now = Counter(bet.stage for bet in self.in_progress)
        stages = []
        for stage, name in ON_BOARD.items():
            days = self.completed.get(Stage(stage), [])
            shares = [percentile(days, share) for share in (0.5, UNUSUAL_SHARE, LATE_SHARE) if days]
            median, patience, late = shares or (0.0, 0.0, 0.0)
            stages.append(Stays(name, days, median, patience, late, now[stage]))
        return time_in_stage(stages, width)

    def ageing(self, width: float = WIDE, most: int | None = MOST_DOTS) -> Ageing:
        """The bets in progress by age."""
        return ageing(self.in_progress, ON_BOARD, self.usual, width, most)

    def decisions(self, width: float = WIDE) -> OverTime:
        """Proposals decided, moves booked and money moved, by week or month."""
        decided, moved = self._decided, self._moved
        currency = self.portfolio.currency
        return self._over_time(
            "Decisions over time",
            [
                ("Proposals decided", [(day, 1) for day, _ in decided], _count),
                (
                    "of which approved",
                    [(day, 1) for day, kind in decided if kind in APPROVED],
                    _count,
                ),
                ("Moves booked", [(day, 1) for day, _ in moved], _count),
                ("Money moved", moved, lambda rate: formats.rate(rate, currency)),
            ],
            width,
        )

    def throughput(self, width: float = WIDE) -> OverTime:
        """Bets that came onto the board, moved and left it, by week or month."""
        came, went = self._came_and_went
        exits = {stage: [(day, 1) for day, to in went if to == stage] for stage in EXITS}
        moved = [(day, 1) for day, to in went if to not in EXITS]
        return self._over_time(
            "Bets over time",
            [
                ("Came onto the board", [(day, 1) for day in came], _count),
                ("Moved on the board", moved, _count),
                ("Pivoted", exits[Stage.PIVOTED], _count),
                ("Stopped", exits[Stage.STOPPED], _count),
            ],
            width,
        )

    def _over_time(self, caption: str, figures: Sequence[Any], width: float) -> OverTime:
        periods = periods_between(self.first, self.today)
        series = [
            Series(name, by_period(periods, values, self.first), written)
            for name, values, written in figures
        ]
        return over_time(caption, periods, self.today + timedelta(days=1), series, width)

    @cached_property
    def _came_and_went(self) -> tuple[list[date], list[tuple[date, str]]]:
        """On which days bets began their first stay, and on which they left a stay for which."""
        first_stays = {stay.bet_id: stay for stay in reversed(self.stays)}
        came = [self.day(stay.entered_at) for stay in first_stays.values()]
        went = [
            (self.day(stay.left_at), stay.went_to)
            for stay in self.stays
            if stay.left_at is not None and stay.went_to is not None
        ]
        return came, [(day, to.value) for day, to in went]

    @cached_property
    def _decided(self) -> list[tuple[date, str]]:
        rows = Decision.objects.filter(portfolio=self.portfolio)
        if self.filters.bets.narrows:
            changed = ProposalChange.objects.filter(bet__in=self.bets)
            rows = rows.filter(proposal__in=changed.values("proposal"))
        rows = rows.filter(decided_at__gte=self.start).order_by("decided_at")
        return [(self.day(at), kind) for at, kind in rows.values_list("decided_at", "kind")]

    @cached_property
    def _moved(self) -> list[tuple[date, float]]:
        rows = Transfer.objects.filter(
            portfolio=self.portfolio, kind=Transfer.Kind.MOVE, decision__isnull=False
        )
        if self.filters.bets.narrows:
            ours = Q(from_account__bet__in=self.bets) | Q(to_account__bet__in=self.bets)
            rows = rows.filter(ours)
        rows = rows.filter(decision__decided_at__gte=self.start)
        return [
            (self.day(at), float(amount))
            for at, amount in rows.values_list("decision__decided_at", "amount")
        ]

    @cached_property
    def traffic(self) -> list[Traffic]:
        """What entered and left each stage in the period."""
        order = {stage: place for place, stage in enumerate(ON_BOARD)}
        counts: dict[str, Counter[str]] = {stage: Counter() for stage in Stage.values}
        for stay in self.stays:
            if stay.entered_at >= self.start:
                counts[stay.stage]["entered"] += 1
            if stay.left_at is None:
                counts[stay.stage]["now"] += 1
            elif stay.went_to is not None and stay.left_at >= self.start:
                counts[stay.stage][_way(stay, order)] += 1
        return [
            Traffic(
                str(Stage(stage).label),
                **{name: count[name] for name in ("entered", "onward", "back", "out", "now")},
            )
            for stage, count in counts.items()
        ]

    @cached_property
    def traffic_table(self) -> Table:
        """The same for CSV."""
        names = ("Stage", "Entered", "Moved on", "Moved back", "Left the board", "There now")
        rows = [
            [Cell(row.name)]
            + [
                Cell(str(figure), numeric=True, value=figure)
                for figure in (row.entered, row.onward, row.back, row.out, row.now)
            ]
            for row in self.traffic
        ]
        return Table("Entered and left", [Column(name) for name in names], rows)

    @cached_property
    def blocked(self) -> list[Blocked]:
        """Bets on the board that wait for another bet or for a team, the longest wait first."""
        needs: dict[int, list[Need]] = defaultdict(list)
        links = Dependency.objects.filter(bet__in=self.bets, needs__working__lte=0)
        links = links.exclude(bet__stage__in=EXITS).select_related("needs").order_by("id")
        for link in links:
            why = f"not funded, in {link.needs.get_stage_display()}"
            href = reverse("bets:bet", args=[link.needs_id])
            needs[link.bet_id].append(Need(link.needs.title, why, href))
        pulls = BetTeam.objects.filter(
            bet__in=self.bets, bet__stage=Stage.READY, team__overload__gt=0
        )
        for pull in pulls.select_related("team").order_by("id"):
            over = formats.rate(pull.team.overload, self.portfolio.currency)
            href = f"{reverse('bets:kanban')}?team={pull.team_id}"
            needs[pull.bet_id].append(Need(pull.team.name, f"{over} over its capacity", href))
        waiting = Bet.objects.filter(pk__in=needs).select_related("theme", "stream")
        return [Blocked(bet, needs[bet.pk]) for bet in waiting.order_by("stage_entered_at", "id")]

    @cached_property
    def blocked_table(self) -> Table:
        """The same for CSV: a row for each thing that is waited for."""
        columns = [Column(name) for name in ("Bet", "Stage", "In it since", "Needs", "Why")]
        rows = [
            [
                Cell(row.bet.title),
                Cell(row.bet.get_stage_display()),
                Cell(row.bet.stage_entered_at.isoformat()),
                Cell(need.title),
                Cell(need.why),
            ]
            for row in self.blocked
            for need in row.needs
        ]
        return Table("Blocked by what it needs", columns, rows)

    def table(self, name: str) -> Table:
        """The table behind one part of the page; raises KeyError if there is no such part."""
        return {
            "cumulative": lambda: self.cumulative().table,
            "time-in-stage": lambda: self.time_in_stage().table,
            "ageing": lambda: self.ageing(most=None).table,
            "decisions": lambda: self.decisions().table,
            "bets": lambda: self.throughput().table,
            "stages": lambda: self.traffic_table,
            "blocked": lambda: self.blocked_table,
        }[name]()


def _way(stay: Stay, order: Mapping[str, int]) -> str:
    """Whether a bet moved on, back or out of the board; out of an exit it comes back."""
    if stay.went_to in EXITS:
        return "out"
    if stay.stage in EXITS:
        return "back"
    return "onward" if order[str(stay.went_to)] > order[stay.stage] else "back"


def _count(number: float) -> str:
    return f"{number:.0f}"
