"""What happened to one bet: its belief, its money, its evidence and the decisions, over time."""

from datetime import date
from functools import partial

from django.urls import reverse
from django.utils import timezone

from allocation.after_break import funding_steps
from allocation.models import Account, Decision, Transfer
from bets.models import Bet, HypothesisChange
from evidence.models import BeliefPoint, Evidence, ThesisBreak
from evidence.weighed import decibans_of
from reports.figures.belief_over_money import (
    NARROW,
    BeliefAt,
    BeliefOverMoney,
    Decided,
    FundingFrom,
    Learned,
    Turn,
    belief_over_money,
)


def pictures_of(bet: Bet) -> tuple[BeliefOverMoney, BeliefOverMoney]:
    """The picture of a bet, wide, and narrow for a phone; a fixed number of queries."""
    today = timezone.localdate()
    draw = partial(
        belief_over_money,
        _beliefs(bet),
        _funding(bet, today),
        learned=_learned(bet),
        decided=sorted(_decided(bet) + _restated(bet), key=lambda mark: mark.day),
        turns=_turns(bet),
        stop_below=bet.stop_below,
        revive_above=bet.revive_above,
        today=today,
        currency=bet.portfolio.currency,
    )
    return draw(), draw(width=NARROW)


def _beliefs(bet: Bet) -> list[BeliefAt]:
    """The belief in the thesis at the end of each day on which it changed."""
    by_day: dict[date, float] = {}
    points = BeliefPoint.objects.filter(bet=bet, hypothesis__isnull=True).order_by("at", "id")
    for point in points:
        by_day[timezone.localdate(point.at)] = point.belief
    return [BeliefAt(day, belief) for day, belief in sorted(by_day.items())]


def _funding(bet: Bet, today: date) -> list[FundingFrom]:
    working = _steps_of(bet, Account.Kind.WORKING, today)
    entangled = _steps_of(bet, Account.Kind.ENTANGLED, today)
    days = sorted(working.keys() | entangled.keys())
    steps, held, stuck = [], 0.0, 0.0
    for day in days:
        held, stuck = working.get(day, held), entangled.get(day, stuck)
        steps.append(FundingFrom(day, held, stuck))
    return steps


def _steps_of(bet: Bet, kind: str, today: date) -> dict[date, float]:
    steps = funding_steps([bet.pk], today, kinds=(kind,))[bet.pk]
    return {day: float(rate) for day, rate in steps}


def _learned(bet: Bet) -> list[Learned]:
    """Each event that counts, with its weight today."""
    weights = decibans_of([bet])
    rows = Evidence.objects.filter(bet=bet).exclude(kind="retraction").select_related("source")
    return [
        Learned(timezone.localdate(row.observed_at), weights[row.pk], _words(row))
        for row in rows.order_by("observed_at", "id")
        if weights.get(row.pk)
    ]


def _words(row: Evidence) -> str:
    return f"{row.summary}, {row.source}" if row.source else row.summary


def _decided(bet: Bet) -> list[Decided]:
    """Decisions whose moves touched the bet."""
    transfers = Transfer.objects.filter(decision__isnull=False, portfolio_id=bet.portfolio_id)
    touching = transfers.filter(from_account__bet=bet) | transfers.filter(to_account__bet=bet)
    decisions = (
        Decision.objects.filter(pk__in=touching.values("decision_id"))
        .select_related("proposal")
        .defer("proposal__snapshot", "proposal__solution")
        .order_by("decided_at")
    )
    return [
        Decided(
            timezone.localdate(decision.decided_at),
            f"Proposal {decision.proposal.number} {decision.get_kind_display().lower()}",
            reverse("allocation:proposal", args=[decision.proposal_id]),
        )
        for decision in decisions
    ]


def _restated(bet: Bet) -> list[Decided]:
    """When the thesis was restated after something had been learnt: no goalposts in the dark."""
    changes = HypothesisChange.objects.filter(hypothesis__bet=bet, had_evidence=True)
    return [
        Decided(
            timezone.localdate(change.changed_at),
            f"Restated: {change.in_words}",
            f"{reverse('bets:bet', args=[bet.pk])}#thesis",
        )
        for change in changes.order_by("id")
    ]


def _turns(bet: Bet) -> list[Turn]:
    rows = ThesisBreak.objects.filter(bet=bet).order_by("at", "id")
    return [Turn(timezone.localdate(row.at), row.kind == "break") for row in rows]
