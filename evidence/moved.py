"""Whether anything has moved from what stands written about a bet, and whether money depends on it.

Pure: rows and a standing in, yes or no out.
"""

from datetime import datetime

from bets.models import Bet
from evidence.history import BetHistory
from evidence.standing import Standing, moment_for, standing_of

#: From how much on a belief counts as moved where only time has passed: half a point of a per cent.
NOTICEABLE = 0.005
#: The same for what is left of the evidence's weight: it is said in words rather than planned with.
NOTICEABLE_FRESHNESS = 0.02


def has_moved(bet: Bet, history: BetHistory, as_of: datetime) -> bool:
    """Whether anything that a page shows of the bet is no longer true."""
    standing = standing_of(history, moment_for(history, as_of))
    if matters_to_money(bet, standing) or bet.thesis_status != standing.status:
        return True
    if bet.freshest_evidence_at != standing.newest:
        return True
    for identifier, now in standing.hypotheses.items():
        known = history.known.get(identifier)
        if known is None or sorted(known.kill_criteria_met) != sorted(now.kill):
            return True
        aged = abs(known.freshness - now.freshness) >= NOTICEABLE_FRESHNESS
        if aged or moved(known.belief, now.belief):
            return True
    return False


def matters_to_money(bet: Bet, standing: Standing) -> bool:
    """Whether the money may depend on the difference."""
    was_broken = bet.thesis_status == "broken"
    return moved(bet.belief, standing.belief) or was_broken != standing.is_broken


def moved(before: float | None, after: float | None) -> bool:
    """Whether two beliefs differ noticeably, or one of them is none."""
    if before is None or after is None:
        return before is not after
    return abs(before - after) >= NOTICEABLE
