"""What the board shows: filters, swim lanes, columns and their cards, in a fixed number of queries.

Cards are rendered once for each state of a bet and kept in the cache (``bets.cards``); what is
read here for each card is only what its key is made of.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Case, Count, F, FloatField, Q, QuerySet, Sum, Value, When, Window
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Coalesce, RowNumber
from django.utils import timezone

from bets.models import (
    Bet,
    BetTeam,
    Dependency,
    Horizon,
    Portfolio,
    Stage,
    Team,
    Theme,
    ValueStream,
    WipLimit,
)
from bets.models.bet import EXITS, ThesisStatus
from bets.stays import SECONDS_PER_DAY, Patience, patience_in
from bets.wip import Override, overrides_in
from spm.accounts.models import User
from spm.reading import id_of

CARDS_AT_FIRST = 50
CARDS_MORE = 50
MOST_CARDS = 2_000
LONGEST_SEARCH = 100

POLICIES = {
    Stage.FUNNEL: "A title is enough.",
    Stage.FRAMING: "An owner and a value stream.",
    Stage.READY: "A thesis with a kill criterion, value P10, P50 and P90, WSJF scores. Ordered by "
    "WSJF.",
    Stage.TESTING: "A test budget, and every bet that it needs is funded. Metered up to the "
    "budget.",
    Stage.SCALING: "Belief at the bar, on enough evidence, none of it silent. Up to its maximum.",
    Stage.SUSTAINING: "A lead's decision, with little growth left. Held or harvested.",
    Stage.PIVOTED: "A successor with a changed hypothesis.",
    Stage.STOPPED: "What is freed and what stays entangled, shown and accepted.",
}

# Owners that are not named by their id, and what else a card may be looked for by.
OWNERS = {"mine": "Mine", "none": "Nobody yet"}
HAS = {"waiting": "Waits for another bet", "entangled": "Holds entangled money"}
# How lanes are called in the address, and the column of a bet that parts them.
LANES = {"theme": "theme_id", "stream": "stream_id", "horizon": "horizon"}


@dataclass(frozen=True)
class Filters:
    """Which cards are shown, and in which lanes; lives in the address of the page."""

    theme: int | None = None
    stream: int | None = None
    owner: int | str | None = None
    team: int | None = None
    horizon: str = ""
    thesis: str = ""
    has: str = ""
    q: str = ""
    lanes: str = ""
    me: int | None = field(default=None, compare=False)

    @classmethod
    def of(cls, parameters: Mapping[str, str], me: int | None = None) -> "Filters":
        """From the parameters of an address; what cannot be is left out.

        Args:
            parameters: of the address.
            me: the id of the person who looks, for what is 'mine'.
        """
        numbers: dict[str, Any] = {
            name: number
            for name in ("theme", "stream", "owner", "team")
            if (number := id_of(parameters.get(name, ""))) is not None
        }
        words: dict[str, Any] = {
            name: word
            for name, allowed in (
                ("horizon", Horizon.values),
                ("thesis", ThesisStatus.values),
                ("has", list(HAS)),
                ("owner", list(OWNERS)),
                ("lanes", list(LANES)),
            )
            if (word := parameters.get(name, "")) in allowed
        }
        search = parameters.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH]
        return cls(**numbers, **words, q=search, me=me)

    @property
    def query(self) -> str:
        """The parameters of the address again."""
        return urlencode(self._given)

    @property
    def _given(self) -> dict[str, Any]:
        stated = {name: value for name, value in vars(self).items() if name != "me"}
        return {name: value for name, value in stated.items() if value not in (None, "")}

    @property
    def narrows(self) -> bool:
        """Whether anything is filtered out."""
        return bool(self._given.keys() - {"lanes"})

    @property
    def owner_id(self) -> int | None:
        """Whose bets are shown, if it is one person's."""
        if self.owner == "mine":
            return self.me
        return self.owner if isinstance(self.owner, int) else None

    @property
    def condition(self) -> Q:
        """Which bets are shown."""
        wanted = Q()
        for name in ("theme", "stream"):
            if (number := getattr(self, name)) is not None:
                wanted &= Q(**{f"{name}_id": number})
        if self.owner is not None:
            wanted &= Q(owner_id=self.owner_id)
        if self.team is not None:
            wanted &= Q(pk__in=BetTeam.objects.filter(team_id=self.team).values("bet_id"))
        if self.horizon:
            wanted &= Q(horizon=self.horizon)
        if self.thesis:
            wanted &= Q(thesis_status=self.thesis)
        if self.has == "waiting":
            unfunded = Dependency.objects.filter(needs__working__lte=0)
            wanted &= Q(pk__in=unfunded.values("bet_id"))
        if self.has == "entangled":
            wanted &= Q(entangled__gt=0)
        if self.q:
            wanted &= Q(title__icontains=self.q) | Q(description__icontains=self.q)
        return wanted


@dataclass(frozen=True)
class Place:
    """A bet's place in a column. ``mark`` changes whenever its card does: its id, the transaction
    that wrote it last, and how long ago things were, each as roughly as the card says it.

    The version would do, were it not for a database that is restored from a backup and counts the
    same versions again.
    """

    bet_id: int
    mark: str

    @classmethod
    def of_mark(cls, mark: str) -> "Place":
        """From the mark alone, which begins with the id."""
        return cls(int(mark.partition(":")[0]), mark)


@dataclass
class Column:
    """One stage, in one lane or in all."""

    stage: Stage
    lane: "Lane"
    shown: int = 0
    in_stage: int = 0
    limit: int | None = None
    stream_limits: list[str] = field(default_factory=list)
    streams_over: set[int] = field(default_factory=set)
    overrides: list[Override] = field(default_factory=list)
    working: Decimal = Decimal(0)
    entangled: Decimal = Decimal(0)
    show: int = CARDS_AT_FIRST
    places: list[Place] = field(default_factory=list)
    cards: list[str] = field(default_factory=list)
    mark: str = ""

    @property
    def is_exit(self) -> bool:
        """Whether bets leave the board here."""
        return self.stage in EXITS

    @property
    def is_full(self) -> bool:
        """Whether the limit of the stage leaves no room."""
        return self.limit is not None and self.in_stage >= self.limit

    @property
    def is_over(self) -> bool:
        """Whether more bets stand here than the limit of the stage allows."""
        return self.limit is not None and self.in_stage > self.limit

    @property
    def funding(self) -> Decimal:
        """Working and entangled money of the cards that the filters let through."""
        return self.working + self.entangled

    @property
    def policy(self) -> str:
        """What it takes to enter."""
        return POLICIES[self.stage]

    @property
    def more(self) -> int:
        """How many cards the next step would show."""
        return min(CARDS_MORE, self.shown - len(self.places))

    @property
    def show_next(self) -> int:
        """How many cards there are after the next step."""
        return len(self.places) + self.more

    @property
    def key(self) -> str:
        """The end of its ids on the page."""
        return f"{self.stage}{self.lane.suffix}"


@dataclass(frozen=True)
class Lane:
    """A swim lane; the only one has no title."""

    key: int | str | None = None
    title: str = ""
    is_only: bool = True

    @property
    def suffix(self) -> str:
        """What tells its columns from those of other lanes."""
        return "" if self.is_only else f"-{self.parameter}"

    @property
    def parameter(self) -> str:
        """The lane in an address."""
        return "none" if self.key is None else str(self.key)


@dataclass(frozen=True)
class Choices:
    """What can be filtered by, and the names of lanes: (id, name) by name."""

    theme: list[tuple[int, str]]
    stream: list[tuple[int, str]]
    team: list[tuple[int, str]]
    owner: list[tuple[int, str]]


def choices_of(portfolio: Portfolio) -> Choices:
    """Themes, streams, teams and owners of a portfolio, in one query."""
    owners = User.objects.filter(bets__portfolio=portfolio).distinct()
    rows = (
        _named(Theme.objects.filter(portfolio=portfolio), "theme", F("name"))
        .union(
            _named(ValueStream.objects.filter(portfolio=portfolio), "stream", F("name")),
            _named(Team.objects.filter(portfolio=portfolio), "team", F("name")),
            _named(owners, "owner", Case(When(name="", then=F("email")), default=F("name"))),
            all=True,
        )
        .order_by("label", "pk")
    )
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in rows:
        found[row["kind"]].append((row["pk"], row["label"]))
    return Choices(**{kind: found[kind] for kind in ("theme", "stream", "team", "owner")})


def _named(rows: QuerySet[Any], kind: str, label: Any) -> QuerySet[Any]:
    return rows.order_by().annotate(kind=Value(kind), label=label).values("kind", "pk", "label")


def lanes_of(filters: Filters, choices: Choices, present: Iterable[Any]) -> list[Lane]:
    """The lanes that hold a card, in the order of their names, the one without a name last."""
    if not filters.lanes:
        return [Lane()]
    if filters.lanes == "horizon":
        named: list[tuple[Any, str]] = list(Horizon.choices)
    else:
        named = list(getattr(choices, filters.lanes))
    inside = set(present)
    lanes = [Lane(key, title, False) for key, title in named if key in inside]
    if None in inside:
        lanes.append(Lane(None, f"No {filters.lanes}", False))
    return lanes or [Lane()]


def columns_of(
    portfolio: Portfolio,
    filters: Filters,
    choices: Choices,
    *,
    stage: str | None = None,
    lane: str | None = None,
    show: int = CARDS_AT_FIRST,
) -> list[list[Column]]:
    """The columns of the board, lane by lane.

    Args:
        portfolio: whose board.
        filters: which cards, in which lanes.
        choices: the names of lanes.
        stage: only this column.
        lane: only this lane (``Lane.parameter``).
        show: how many cards of each column.
    """
    stages = [Stage(stage)] if stage else list(Stage)
    counts = _counts(portfolio, filters, stages)
    lanes = lanes_of(filters, choices, {row["lane"] for row in counts if row["shown"]})
    if lane is not None and filters.lanes:
        lanes = [one for one in lanes if one.parameter == lane]
    columns = {
        (one.key, name): Column(name, one, show=show) for one in lanes for name in stages
    }  # in the order of the page
    _fill_counts(columns, counts, lanes)
    _fill_limits(columns, counts, _limits(portfolio, stages), choices, filters.lanes == "stream")
    _fill_overrides(portfolio, list(columns.values()))
    for place_stage, place_lane, marks in _places(portfolio, filters, stages, show):
        column = columns.get((place_lane, Stage(place_stage)))
        if column is not None:
            column.places = [Place.of_mark(mark) for mark in marks.split(" ")]
    return [[columns[one.key, name] for name in stages] for one in lanes]


def _lane_column(filters: Filters) -> Any:
    return F(LANES[filters.lanes]) if filters.lanes else Value(None, output_field=FloatField())


def _counts(portfolio: Portfolio, filters: Filters, stages: list[Stage]) -> list[dict[str, Any]]:
    """How many bets and how much money, by stage, stream and lane, in one query."""
    wanted = filters.condition
    rows = (
        Bet.objects.filter(portfolio=portfolio, stage__in=stages)
        .order_by()
        .annotate(lane=_lane_column(filters))
        .values("stage", "stream_id", "lane")
        .annotate(
            count=Count("pk"),
            shown=Count("pk", filter=wanted),
            working_sum=Coalesce(Sum("working", filter=wanted), Decimal(0)),
            entangled_sum=Coalesce(Sum("entangled", filter=wanted), Decimal(0)),
        )
    )
    return list(rows)


def _fill_counts(
    columns: dict[tuple[Any, Stage], Column], counts: list[dict[str, Any]], lanes: list[Lane]
) -> None:
    only = lanes[0].is_only if lanes else True
    for row in counts:
        for lane in lanes:
            columns[lane.key, Stage(row["stage"])].in_stage += row["count"]
        column = columns.get((None if only else row["lane"], Stage(row["stage"])))
        if column is not None:
            column.shown += row["shown"]
            column.working += row["working_sum"]
            column.entangled += row["entangled_sum"]


def _limits(portfolio: Portfolio, stages: list[Stage]) -> list[dict[str, Any]]:
    rows = WipLimit.objects.filter(portfolio=portfolio, stage__in=stages)
    columns = rows.order_by("stream__name").values_list("stage", "stream_id", "limit")
    return [dict(zip(("stage", "stream_id", "limit"), row, strict=True)) for row in columns]


def _fill_limits(
    columns: dict[tuple[Any, Stage], Column],
    counts: list[dict[str, Any]],
    limits: list[dict[str, Any]],
    choices: Choices,
    by_stream: bool,
) -> None:
    """Put the limits beside the columns; in lanes by stream, each stream's into its own lane."""
    in_stream: dict[tuple[str, int | None], int] = defaultdict(int)
    for row in counts:
        in_stream[row["stage"], row["stream_id"]] += row["count"]
    names = dict(choices.stream)
    for column in columns.values():
        for limit in limits:
            if limit["stage"] != column.stage:
                continue
            if limit["stream_id"] is None:
                column.limit = limit["limit"]
                continue
            if by_stream and limit["stream_id"] != column.lane.key:
                continue
            count = in_stream[limit["stage"], limit["stream_id"]]
            if count > limit["limit"]:
                column.streams_over.add(limit["stream_id"])
            name = names.get(limit["stream_id"], "")
            column.stream_limits.append(f"{name} {count} of {limit['limit']}")


def _fill_overrides(portfolio: Portfolio, columns: list[Column]) -> None:
    """Say beside each column that is over a limit who went over it, and why."""
    over = [column for column in columns if column.is_over or column.streams_over]
    if not over:
        return
    made = overrides_in(portfolio.pk, {column.stage for column in over})
    for column in over:
        column.overrides = [
            override
            for override in made
            if override.stage == column.stage
            and (column.is_over or override.stream_id in column.streams_over)
        ]


# The transaction that wrote the row last.
WRITTEN = RawSQL('"bets_bet"."xmin"::text', [])

# The moments of which a card says how long ago they were.
AGES = ("freshest_evidence_at", "broken_at", "stage_entered_at")
# How long ago a moment was, as coarse as it is said: minutes, then hours, then days.
_AGE = """CASE WHEN {0} IS NULL THEN '' WHEN {0} > now() - interval '1 hour'
    THEN 'm' || ceil(extract(epoch FROM now() - {0}) / 60)
    WHEN {0} > now() - interval '1 day' THEN 'h' || floor(extract(epoch FROM now() - {0}) / 3600)
    ELSE 'd' || floor(extract(epoch FROM now() - {0}) / 86400) END"""
_MARKS = f"""SELECT stage, lane, string_agg(bet_id || ':' || written || ':'
    || {_AGE.format("freshest_evidence_at")} || ':' || {_AGE.format("broken_at")} || ':'
    || {_AGE.format("stage_entered_at")} || {{unusual}},
    ' ' ORDER BY place) FROM ({{inner}}) AS places GROUP BY stage, lane"""


def _unusual(patience: Mapping[Stage, Patience]) -> str:
    """What a stay is unusually longer than, in SQL; nothing where it is not."""
    whole_days = f"floor(extract(epoch FROM now() - stage_entered_at) / {SECONDS_PER_DAY})"
    cases = "".join(
        f" WHEN stage = '{stage.value}' AND {whole_days} > {limit.days} THEN '>{limit.days}'"
        for stage, limit in patience.items()
    )
    return f"CASE{cases} ELSE '' END" if cases else "''"


def _places(
    portfolio: Portfolio, filters: Filters, stages: list[Stage], show: int
) -> list[tuple[str, Any, str]]:
    """The first cards of each column: Ready by WSJF, the others by when they came.

    Returns:
        Stage, lane, and the marks of the cards from top to bottom with blanks between them. They
        are put together in the database: a row for each column is read twenty times faster than
        a row for each card.
    """
    scores = F("business_value") + F("time_criticality") + F("risk_reduction")
    wsjf = Case(
        When(stage=Stage.READY, then=Cast(scores, FloatField()) / F("job_size")),
        default=None,
        output_field=FloatField(),
    )
    order = [wsjf.desc(nulls_last=True), F("stage_entered_at").desc(), F("pk").asc()]
    lane = _lane_column(filters)
    parts = [F("stage"), lane] if filters.lanes else [F("stage")]
    inner = (
        Bet.objects.filter(filters.condition, portfolio=portfolio, stage__in=stages)
        .order_by()
        .annotate(
            bet_id=F("pk"),
            written=WRITTEN,
            lane=lane,
            place=Window(RowNumber(), partition_by=parts, order_by=order),
        )
        .filter(place__lte=min(show, MOST_CARDS))
        .values("bet_id", "written", "stage", "lane", "place", *AGES)
    )
    unusual = _unusual(patience_in(portfolio.pk, timezone.now()))
    sql, parameters = inner.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_MARKS.replace("{unusual}", unusual).replace("{inner}", sql), parameters)
        return list(cursor.fetchall())
