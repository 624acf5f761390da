"""What we hold. Read in this order: portfolio, team, bet, thesis, board."""

from bets.models.bet import Bet, BetTeam, Dependency, ExternalKey, Horizon, Liquidity, Stage
from bets.models.board import BoardView, DefaultView, StageChange, WipLimit, WipLimitChange
from bets.models.portfolio import Portfolio, Theme, ValueStream
from bets.models.team import Fungibility, Team
from bets.models.thesis import Hypothesis, HypothesisChange, KillCriterion

__all__ = [
    "Bet",
    "BetTeam",
    "BoardView",
    "DefaultView",
    "Dependency",
    "ExternalKey",
    "Fungibility",
    "Horizon",
    "Hypothesis",
    "HypothesisChange",
    "KillCriterion",
    "Liquidity",
    "Portfolio",
    "Stage",
    "StageChange",
    "Team",
    "Theme",
    "ValueStream",
    "WipLimit",
    "WipLimitChange",
]
