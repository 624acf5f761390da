"""What is booked when a proposal, or a part of it, is approved."""

import calendar
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from allocation import ledger
from allocation.models import Proposal, Transfer

NOTHING = Decimal(0)


@dataclass(frozen=True)
class _Withdrawn:
    """What a bet leaves behind: entangled a month, and what leaving costs once."""

    bet_id: int
    entangled: Decimal
    exit_cost: Decimal


@dataclass(frozen=True)
class _Moved:
    """One amount a month from a bet, or the reserve (None), to another."""

    from_bet_id: int | None
    to_bet_id: int | None
    amount: Decimal
    available_in_months: float


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
    withdrawn, moves = _whole(proposal) if part is None else _part(part)
    exit_costs = {each.bet_id: each.exit_cost for each in withdrawn}
    note = f"Proposal {proposal.number}" + ("" if part is None else ", in part")
    became_entangled = [
        ledger.Entry(
            Transfer.Kind.ENTANGLE,
            ledger.working(each.bet_id),
            ledger.entangled(each.bet_id),
            each.entangled,
            today,
            one_off=exit_costs.pop(each.bet_id),
            note=note,
        )
        for each in withdrawn
        if each.entangled > 0
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


def _whole(proposal: Proposal) -> tuple[list[_Withdrawn], list[_Moved]]:
    changes = proposal.changes.order_by("id")
    moves = proposal.moves.order_by("id")
    return (
        [_Withdrawn(each.bet_id, each.entangled, each.exit_cost) for each in changes],
        [
            _Moved(each.from_bet_id, each.to_bet_id, each.amount, each.available_in_months)
            for each in moves
        ],
    )


def _part(part: Mapping[str, Any]) -> tuple[list[_Withdrawn], list[_Moved]]:
    return (
        [
            _Withdrawn(int(each["bet"]), cents(each["entangled"]), cents(each["exit_cost"]))
            for each in part["changes"]
        ],
        [
            _Moved(
                _bet(each["from"]),
                _bet(each["to"]),
                cents(each["amount"]),
                each["available_in_months"],
            )
            for each in part["moves"]
        ],
    )


def _bet(bet_id: str | None) -> int | None:
    return None if bet_id is None else int(bet_id)


def cents(amount: float) -> Decimal:
    """An amount of the engine's as it is stored and booked."""
    return Decimal(repr(amount)).quantize(Decimal("0.01"))


def _place(bet_id: int | None) -> ledger.Place:
    return ledger.RESERVE if bet_id is None else ledger.working(bet_id)


def after_months(day: date, months: float) -> date:
    """The same day some months later, or the last of that month; parts of months count as whole."""
    total = day.month - 1 + math.ceil(months)
    year, month = day.year + total // 12, total % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
