"""A solution of the engine as rows: what changes and what moves, in cents, not saved."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from allocation.models import Move, ProposalChange


def changes_in(solution: Mapping[str, Any]) -> list[ProposalChange]:
    """What changes, without the proposal and the belief that it rests on."""
    return [
        ProposalChange(
            bet_id=int(change["bet"]),
            working_before=cents(change["from"]),
            working_after=cents(change["to"]),
            freed=cents(change["freed"]),
            entangled=cents(change["entangled"]),
            notice_months=change["notice_months"],
            exit_cost=cents(change["exit_cost"]),
            ramp_cost=cents(change["ramp_cost"]),
            gain_alone=change["gain_alone"],
        )
        for change in solution["changes"]
    ]


def moves_in(solution: Mapping[str, Any]) -> list[Move]:
    """What moves, without the proposal."""
    return [
        Move(
            from_bet_id=_bet(move["from"]),
            to_bet_id=_bet(move["to"]),
            amount=cents(move["amount"]),
            available_in_months=move["available_in_months"],
        )
        for move in solution["moves"]
    ]


def _bet(bet_id: str | None) -> int | None:
    return None if bet_id is None else int(bet_id)


def cents(amount: float) -> Decimal:
    """An amount of the engine's as it is stored and booked."""
    return Decimal(repr(amount)).quantize(Decimal("0.01"))
