"""What the pages and the API read of proposals, decisions and the ledger."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, OuterRef, QuerySet, Subquery, Sum, When
from django.db.models.functions import Abs, Coalesce

from allocation.models import Decision, Guardrail, Proposal, ProposalChange, Transfer
from allocation.solution_rows import changes_in
from bets.models import Bet, Portfolio, Team
from evidence.models import SAID, Evidence
from evidence.weighed import decibans_of
from spm import formats

MOST_REASONS = 5
ALL = slice(None)
SHARES = (Guardrail.Kind.SHARE, Guardrail.Kind.BET_SHARE, Guardrail.Kind.TURNOVER)


@dataclass(frozen=True)
class Reason:
    """One event and what it weighs today, in decibans; None where it no longer counts."""

    event: Evidence
    decibans: float | None


@dataclass(frozen=True)
class ChangeRow:
    """One bet of a proposal, with the evidence since the last decision that speaks of it."""

    change: ProposalChange
    reasons: list[Reason]
    reason_count: int
    decibans: float | None

    @property
    def is_reduced(self) -> bool:
        """Whether money leaves the bet."""
        return self.change.working_after < self.change.working_before

    @property
    def difference(self) -> Decimal:
        """The change of working money, negative for a withdrawal; currency per month."""
        return self.change.working_after - self.change.working_before


@dataclass(frozen=True)
class LimitRow:
    """A guardrail or a team before and after, with its shadow price."""

    name: str
    kind: str
    figures: dict[str, Any]
    currency: str = ""

    @property
    def before(self) -> str:
        """What it measures today."""
        return self._written(self.figures["value_before"])

    @property
    def after(self) -> str:
        """What it would measure."""
        return self._written(self.figures["value"])

    @property
    def range(self) -> str:
        """The limits themselves."""
        low, high = self.figures["min"], self.figures["max"]
        if low is None:
            return f"at most {self._written(high)}"
        if high is None:
            return f"at least {self._written(low)}"
        return f"{self._written(low)} to {self._written(high)}"

    @property
    def price(self) -> str:
        """The shadow price in words, or an empty text where there is none."""
        point = self.figures["shadow_price_per_point"]
        if point:
            worth = formats.money(point, self.currency, explicit_sign=True)
            return f"{worth} a percentage point"
        unit = self.figures["shadow_price"]
        if unit:
            worth = formats.money(unit * 1000, self.currency, explicit_sign=True)
            return f"{worth} for 1k a month"
        return ""

    def _written(self, value: float | None) -> str:
        if value is None:
            return formats.NOTHING
        if self.kind in SHARES:
            return f"{100 * value:.1f}%"
        if self.kind == Guardrail.Kind.COUNT:
            return f"{value:.0f}"
        return formats.rate(value, self.currency)


def proposals(portfolio: Portfolio) -> QuerySet[Proposal]:
    """The portfolio's proposals with what a list shows, newest first."""
    return (
        Proposal.objects.filter(portfolio=portfolio)
        .select_related(
            "portfolio", "drawn_up_by", "about", "successor", "decision", "decision__decided_by"
        )
        .defer("snapshot", "solution")
    )


def change_rows(
    proposal: Proposal, rows: slice = ALL, *, also: Collection[int] = (), but: Collection[int] = ()
) -> list[ChangeRow]:
    """The bets that change, those that give first, the largest changes first, with their reasons.

    A fixed number of queries, however many bets change. The order is one that stands as long as
    the version of the proposal does, so that a page may show some and fetch the others.

    Args:
        proposal: which.
        rows: which of its changes, in that order.
        also: bets that are not left away where they are not among those; one query more.
        but: bets that are left away before anything is counted.
    """
    rows_of_bets = proposal.changes.select_related("bet__stream").only(*_SHOWN_OF_A_CHANGE)
    ordered = rows_of_bets.order_by(*_LARGEST_FIRST)
    wanted = ordered.exclude(bet_id__in=but) if but else ordered
    changes = list(wanted[rows])
    missing = set(also).difference(change.bet_id for change in changes)
    if missing:
        changes += ordered.filter(bet_id__in=missing)
    by_bet: dict[int, list[Evidence]] = defaultdict(list)
    events = proposal.evidence.filter(bet_id__in=[change.bet_id for change in changes])
    events = events.select_related("source", "retracts").only(*_SHOWN_OF_AN_EVENT)
    for event in events.order_by("-recorded_at", "-id"):
        by_bet[event.bet_id].append(event)
    weights = decibans_of([change.bet for change in changes if change.bet_id in by_bet])
    return [_change_row(change, by_bet[change.bet_id], weights) for change in changes]


_SHOWN_OF_A_BET = (
    "title",
    "liquidity",
    "broken_at",
    "thesis_status",
    "stop_below",
    "revive_above",
)
_SHOWN_OF_A_CHANGE = (
    *(column.name for column in ProposalChange._meta.concrete_fields),
    *(f"bet__{name}" for name in _SHOWN_OF_A_BET),
    "bet__stream__name",
)
_SHOWN_OF_AN_EVENT = (
    *SAID,
    *(f"retracts__{name}" for name in SAID),
    "retracts__retracts",
    "bet",
    "observed_at",
    "note",
    "source__name",
)
_LARGEST_FIRST = (
    Case(When(working_after__lt=F("working_before"), then=0), default=1),
    -Abs(F("working_after") - F("working_before")),
    "pk",
)


def _change_row(
    change: ProposalChange, events: list[Evidence], weights: Mapping[int, float]
) -> ChangeRow:
    reasons = [Reason(event, weights.get(event.pk)) for event in events]
    weighing = [reason.decibans for reason in reasons if reason.decibans is not None]
    return ChangeRow(
        change, reasons[:MOST_REASONS], len(reasons), sum(weighing) if weighing else None
    )


def limits_and_teams(proposal: Proposal) -> tuple[list[LimitRow], list[LimitRow]]:
    """Guardrails as they were when the proposal was worked out, and the teams at their limit.

    Three queries; of the proposal's documents only these two parts are read.
    """
    parts = Proposal.objects.filter(pk=proposal.pk)
    limits, teams = parts.values_list("solution__guardrails", "solution__teams").get()
    return _limit_rows(proposal, limits), _team_rows(proposal, teams)


def _limit_rows(proposal: Proposal, results: list[dict[str, Any]]) -> list[LimitRow]:
    names = _names(Guardrail.objects.filter(portfolio_id=proposal.portfolio_id))
    return [
        LimitRow(
            names.get(str(result["id"]), f"Guardrail {result['id']}, removed"),
            result["kind"],
            result,
            proposal.portfolio.currency,
        )
        for result in results
    ]


def _team_rows(proposal: Proposal, results: list[dict[str, Any]]) -> list[LimitRow]:
    """Teams that are at their limit before or after; the others limit nothing."""
    full = [
        result
        for result in results
        if result["shadow_price"] or result["breach_before"] or result["breach_after"]
    ]
    names = _names(Team.objects.filter(pk__in=[int(result["id"]) for result in full]))
    return [
        LimitRow(names.get(str(result["id"]), f"Team {result['id']}, removed"), "team", result)
        for result in full
    ]


def _names(rows: QuerySet[Any]) -> dict[str, str]:
    return {str(pk): name for pk, name in rows.values_list("pk", "name")}


def decisions_about(bet: Bet) -> list[ProposalChange]:
    """What was decided about a bet, newest first, as the change with its proposal and decision.

    ``ended_at`` is what the bet was left with where a part was approved, and otherwise None.
    """
    changes = list(
        ProposalChange.objects.filter(bet=bet, proposal__decision__isnull=False)
        .select_related("proposal__portfolio", "proposal__decision__decided_by")
        .defer("proposal__snapshot", "proposal__solution")
        .order_by("-proposal__decision__decided_at")
    )
    for change in changes:
        change.ended_at = _ended_at(change)  # type: ignore[attr-defined]
    return changes


def _ended_at(change: ProposalChange) -> Decimal | None:
    part = change.proposal.decision.part
    if part is None:
        return None
    taken = {each.bet_id: each.working_after for each in changes_in(part)}
    return taken.get(change.bet_id, change.working_before)


def open_proposal(portfolio: Portfolio) -> Proposal | None:
    """The engine's open proposal."""
    return proposals(portfolio).filter(status="open", drawn_up_by__isnull=True).first()


def other_open_ends(proposal: Proposal) -> QuerySet[Proposal]:
    """The open proposals to stop or to pivot a bet beside one, as far as a line shows of them."""
    rows = Proposal.objects.filter(portfolio_id=proposal.portfolio_id, status="open")
    others = rows.exclude(purpose="reallocation").exclude(pk=proposal.pk)
    return others.select_related("about", "successor").only(
        "number", "purpose", "freed", "about__title", "successor__title"
    )


def proposals_about(bet: Bet) -> QuerySet[Proposal]:
    """Open proposals that would change a bet."""
    return proposals(bet.portfolio).filter(status="open", changes__bet=bet)


def decisions(portfolio: Portfolio) -> QuerySet[Decision]:
    """Decisions, newest first, with who and about what."""
    return (
        Decision.objects.filter(portfolio=portfolio)
        .select_related("proposal__portfolio", "decided_by", "api_key")
        .defer("proposal__snapshot", "proposal__solution")
    )


def with_moved(rows: QuerySet[Decision]) -> QuerySet[Decision]:
    """Decisions with ``moved``: the sum of the moves that each booked, currency per month."""
    moves = Transfer.objects.filter(decision=OuterRef("pk"), kind=Transfer.Kind.MOVE)
    total = moves.order_by().values("decision").annotate(total=Sum("amount")).values("total")
    return rows.annotate(moved=Coalesce(Subquery(total), Decimal("0.00")))
