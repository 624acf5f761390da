"""A portfolio for measuring: many funded bets, each with one hypothesis, teams and guardrails."""

from __future__ import annotations

import random
from decimal import Decimal

from allocation import ledger
from allocation.models import Guardrail
from bets.edit import OFFICE, add_hypothesis, create_bet
from bets.models import Bet, Portfolio, Team, Theme, ValueStream

THEMES, STREAMS, TEAMS_FOR_EACH_BET = 6, 12, 0.25


def make_portfolio(bets: int, seed: int = 1) -> tuple[Portfolio, list[int]]:
    """A portfolio of so many bets; also the ids of their hypotheses."""
    chance = random.Random(seed)
    portfolio = Portfolio.objects.create(
        name=f"Measured {bets}", slug=f"measured-{bets}", switching_cost=Decimal(20_000)
    )
    themes = [
        Theme.objects.create(portfolio=portfolio, name=f"Theme {number}")
        for number in range(THEMES)
    ]
    streams = [
        ValueStream.objects.create(portfolio=portfolio, name=f"Stream {number}")
        for number in range(STREAMS)
    ]
    teams = [
        Team.objects.create(portfolio=portfolio, name=f"Team {number}", capacity=400_000)
        for number in range(max(1, int(bets * TEAMS_FOR_EACH_BET)))
    ]
    positions, hypotheses = {}, []
    for number in range(bets):
        rate = chance.randint(20, 150) * 1000
        worth = rate * 24 * chance.choice((15, 20, 25, 30)) // 10
        bet = create_bet(
            OFFICE,
            portfolio,
            {
                "title": f"Bet {number}",
                "stream": chance.choice(streams),
                "theme": chance.choice(themes),
                "horizon": chance.choice(("H1", "H2", "H3")),
                "liquidity": chance.choice(("stock", "property", "brand")),
                "value_p10": Decimal(worth // 2),
                "value_p50": Decimal(worth),
                "value_p90": Decimal(worth * 2),
                "full_funding": Decimal(rate * 3 // 2),
                "maximum": Decimal(rate * 2),
                "minimum": Decimal(rate // 4),
                "reclaimable_share": chance.choice((0.5, 0.75, 1.0)),
                "notice_months": chance.choice((0, 1, 3, 6)),
                "exit_cost": 0.5,
                "teams": [{"team": chance.choice(teams), "share": 0.7}],
            },
        )
        hypothesis = add_hypothesis(
            OFFICE,
            bet.pk,
            {
                "statement": "It pays.",
                "indicator": "Those who come back",
                "metric": "proportion",
                "threshold": 0.4,
                "prior": 0.5,
                "half_life_days": 180,
            },
        )
        positions[bet.pk] = (Decimal(rate), Decimal(0))
        hypotheses.append(hypothesis.pk)
    Bet.objects.filter(portfolio=portfolio).update(stage="scaling")
    held = sum((working for working, _ in positions.values()), Decimal(0))
    ledger.set_envelope(portfolio.pk, held * Decimal("1.05"))
    ledger.open_positions(portfolio.pk, positions)
    for name, kind, scope, limits in (
        ("H3", "share", {"horizon": ["H3"]}, {"maximum": Decimal("0.35")}),
        ("Turnover", "turnover", {}, {"maximum": Decimal("0.10")}),
        ("Reserve", "reserve", {}, {"minimum": held * Decimal("0.02")}),
    ):
        Guardrail.objects.create(portfolio=portfolio, name=name, kind=kind, scope=scope, **limits)
    return portfolio, hypotheses
