"""What is booked when a proposal, or a part of it, is approved."""

import calendar
import math
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from allocation import ledger
from allocation.models import Proposal, Transfer
from allocation.solution_rows import changes_in, moves_in

NOTHING = Decimal(0)


def transfers_of(
    proposal: Proposal, today: date, part: Mapping[str, Any] | None = None
) -> list[ledger.Entry]:
    """What is booked when a proposal is approved on a day.

    Each move is one transfer, from the month on in which its money is there; what stays entangled
    goes to the bet's entangled account at once; the exit cost stands beside the first of them.

    Args:
        proposal: which.
        today: the day of the decision.
        part: what of it was approved, as the decision keeps it; None for the whole.
    """
    changes = list(proposal.changes.order_by("id")) if part is None else changes_in(part)
    moves = list(proposal.moves.order_by("id")) if part is None else moves_in(part)
    exit_costs = {change.bet_id: change.exit_cost for change in changes}
    note = f"Proposal {proposal.number}" + ("" if part is None else ", in part")
    became_entangled = [
        ledger.Entry(
            Transfer.Kind.ENTANGLE,
            ledger.working(change.bet_id),
            ledger.entangled(change.bet_id),
            change.entangled,
            today,
            one_off=exit_costs.pop(change.bet_id),
            note=note,
        )
        for change in changes
        if change.entangled > 0
    ]
    moved = [
        ledger.Entry(
            Transfer.Kind.MOVE,
            _place(move.from_bet_id),
            _place(move.to_bet_id),
            move.amount,
            after_months(today, move.available_in_months),
            one_off=exit_costs.pop(move.from_bet_id or 0, NOTHING),
            note=note,
        )
        for move in sorted(moves, key=lambda each: each.available_in_months)
    ]
    return became_entangled + moved


def _place(bet_id: int | None) -> ledger.Place:
    return ledger.RESERVE if bet_id is None else ledger.working(bet_id)


def after_months(day: date, months: float) -> date:
    """The same day some months later, or the last of that month; parts of months count as whole."""
    total = day.month - 1 + math.ceil(months)
    year, month = day.year + total // 12, total % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
