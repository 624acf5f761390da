"""What a test sets up, in one line each: portfolios, people, bets, hypotheses."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from bets.models import Bet, BetTeam, Hypothesis, KillCriterion, Portfolio, Team, Theme, ValueStream
from spm.accounts.models import Membership, Role, User

_numbers = count(1)

PASSWORD = "copper-lantern-otter"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def make_portfolio(**fields: Any) -> Portfolio:
    """A portfolio in euros over 24 months."""
    number = next(_numbers)
    return Portfolio.objects.create(
        **{"name": f"Portfolio {number}", "slug": f"portfolio-{number}", **fields}
    )


def make_user(name: str = "", **fields: Any) -> User:
    """A person whose password is ``PASSWORD``; tests sign them in by ``force_login``."""
    number = next(_numbers)
    return User.objects.create_user(
        email=f"person-{number}@example.org",
        name=name or f"Person {number}",
        **{"password": PASSWORD, **fields},
    )


def make_member(
    portfolio: Portfolio, role: str = Role.LEAD, teams: tuple[Team, ...] = (), **fields: Any
) -> User:
    """A person with a role in the portfolio; a contributor with their teams."""
    user = make_user(**fields)
    membership = Membership.objects.create(user=user, portfolio=portfolio, role=role)
    membership.teams.set(teams)
    return user


def make_theme(portfolio: Portfolio, **fields: Any) -> Theme:
    """A strategic theme."""
    return Theme.objects.create(
        portfolio=portfolio, **{"name": f"Theme {next(_numbers)}", **fields}
    )


def make_stream(portfolio: Portfolio, **fields: Any) -> ValueStream:
    """A value stream."""
    return ValueStream.objects.create(
        portfolio=portfolio, **{"name": f"Stream {next(_numbers)}", **fields}
    )


def make_team(portfolio: Portfolio, **fields: Any) -> Team:
    """A team that can absorb 100,000 a month."""
    values = {"name": f"Team {next(_numbers)}", "capacity": Decimal(100_000), **fields}
    return Team.objects.create(portfolio=portfolio, **values)


def make_bet(portfolio: Portfolio, teams: dict[Team, float] | None = None, **fields: Any) -> Bet:
    """A bet in the Funnel with nothing but a title; ``teams`` are shares of its funding."""
    values = {"title": f"Bet {next(_numbers)}", "stage_entered_at": LONG_AGO, **fields}
    bet = Bet.objects.create(portfolio=portfolio, **values)
    BetTeam.objects.bulk_create(
        BetTeam(bet=bet, team=team, share=share) for team, share in (teams or {}).items()
    )
    return bet


def make_hypothesis(bet: Bet, **fields: Any) -> Hypothesis:
    """A hypothesis about a proportion: at least 10 %, as likely as not."""
    values = {
        "statement": f"Hypothesis {next(_numbers)}",
        "indicator": "Customers who come back",
        "metric": "proportion",
        "threshold": 0.10,
        "prior": 0.5,
        "half_life_days": 180.0,
        **fields,
    }
    return Hypothesis.objects.create(bet=bet, **values)


def make_kill_criterion(hypothesis: Hypothesis, **fields: Any) -> KillCriterion:
    """Below 2 % on a hundred or more."""
    values = {"metric": "value", "comparison": "<", "value": 0.02, "min_sample": 100, **fields}
    return KillCriterion.objects.create(hypothesis=hypothesis, **values)


def make_scaling_bet(portfolio: Portfolio, **fields: Any) -> Bet:
    """A bet that money can be added to: in Scaling, with a belief and a value."""
    return make_bet(
        portfolio,
        **{
            "stage": "scaling",
            "belief": 0.7,
            "thesis_status": "intact",
            "value_p10": Decimal(1_000_000),
            "value_p50": Decimal(2_000_000),
            "value_p90": Decimal(4_000_000),
            "full_funding": Decimal(50_000),
            "maximum": Decimal(60_000),
            **fields,
        },
    )
