"""What the pages and the API read of proposals, decisions and the ledger."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from allocation.models import Decision, Guardrail, Proposal, ProposalChange, Transfer
from bets.models import Bet, Portfolio, Team
from evidence.models import Evidence

MOST_REASONS = 5


@dataclass(frozen=True)
class ChangeRow:
    """One bet of a proposal, with the evidence since the last decision that speaks of it."""

    change: ProposalChange
    evidence: list[Evidence]
    evidence_count: int

    @property
    def is_reduced(self) -> bool:
        """Whether money leaves the bet."""
        return self.change.working_after < self.change.working_before


@dataclass(frozen=True)
class LimitRow:
    """A guardrail or a team before and after, with its shadow price."""

    name: str
    kind: str
    figures: dict[str, Any]


def proposals(portfolio: Portfolio) -> QuerySet[Proposal]:
    """The portfolio's proposals with what a list shows, newest first; two queries more."""
    return (
        Proposal.objects.filter(portfolio=portfolio)
        .select_related("portfolio", "drawn_up_by", "decision", "decision__decided_by")
        .prefetch_related(Prefetch("changes", ProposalChange.objects.order_by("id")))
        .defer("snapshot", "solution")
    )


def change_rows(proposal: Proposal) -> list[ChangeRow]:
    """The bets that change, those that give first, each with its reasons; three queries."""
    by_bet: dict[int, list[Evidence]] = defaultdict(list)
    events = proposal.evidence.select_related("source", "hypothesis", "retracts")
    for event in events.order_by("-recorded_at", "-id"):
        by_bet[event.bet_id].append(event)
    changes = proposal.changes.select_related("bet", "bet__stream", "bet__theme")
    rows = [
        ChangeRow(change, by_bet[change.bet_id][:MOST_REASONS], len(by_bet[change.bet_id]))
        for change in changes
    ]
    return sorted(
        rows, key=lambda row: (not row.is_reduced, -(row.change.gain_alone or 0), row.change.pk)
    )


def limit_rows(proposal: Proposal) -> list[LimitRow]:
    """Guardrails as they were when the proposal was worked out, before and after."""
    results = proposal.solution["guardrails"]
    names = _names(Guardrail.objects.filter(portfolio_id=proposal.portfolio_id))
    return [
        LimitRow(
            names.get(str(result["id"]), f"Guardrail {result['id']}, since removed"),
            Guardrail.Kind(result["kind"]).label,
            result,
        )
        for result in results
    ]


def team_rows(proposal: Proposal) -> list[LimitRow]:
    """Teams that are at their limit before or after; the others limit nothing."""
    names = _names(Team.objects.filter(portfolio_id=proposal.portfolio_id))
    return [
        LimitRow(names.get(str(result["id"]), f"Team {result['id']}, since removed"), "team", result)
        for result in proposal.solution["teams"]
        if result["shadow_price"] or result["breach_before"] or result["breach_after"]
    ]


def _names(rows: Iterable[Any]) -> dict[str, str]:
    return {str(row.pk): str(row) for row in rows}


def decisions_about(bet: Bet) -> list[ProposalChange]:
    """What was decided about a bet, newest first, as the change with its proposal and decision."""
    return list(
        ProposalChange.objects.filter(bet=bet, proposal__decision__isnull=False)
        .select_related("proposal__portfolio", "proposal__decision__decided_by")
        .defer("proposal__snapshot", "proposal__solution")
        .order_by("-proposal__decision__decided_at")
    )


def open_proposal(portfolio: Portfolio) -> Proposal | None:
    """The engine's open proposal."""
    return proposals(portfolio).filter(status="open", drawn_up_by__isnull=True).first()


def proposals_about(bet: Bet) -> QuerySet[Proposal]:
    """Open proposals that would change a bet."""
    return proposals(bet.portfolio).filter(status="open", changes__bet=bet)


def transfers(
    portfolio: Portfolio, *, bet_id: int | None = None, kind: str = "", until: date | None = None
) -> QuerySet[Transfer]:
    """Transfers, newest first, with what a row of the ledger shows."""
    rows = Transfer.objects.filter(portfolio=portfolio).select_related(
        "from_account__bet", "to_account__bet", "booked_by", "decision__proposal"
    ).defer("decision__proposal__snapshot", "decision__proposal__solution")
    if bet_id is not None:
        rows = rows.filter(Q(from_account__bet_id=bet_id) | Q(to_account__bet_id=bet_id))
    if kind:
        rows = rows.filter(kind=kind)
    if until is not None:
        rows = rows.filter(effective_on__lte=until)
    return rows.order_by("-sequence")


def decisions(portfolio: Portfolio) -> QuerySet[Decision]:
    """Decisions, newest first, with who and about what."""
    return (
        Decision.objects.filter(portfolio=portfolio)
        .select_related("proposal__portfolio", "decided_by", "api_key")
        .defer("proposal__snapshot", "proposal__solution")
    )
