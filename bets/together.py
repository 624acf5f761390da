"""The same change of several cards at once, each judged by the same rules as alone.

What can be done is done; a card that is refused stays as it was, whole, with its reasons.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.urls import reverse

from bets.board import Refused, move
from bets.edit import Given, change_bet
from bets.entry import Reason
from bets.models import Bet, Portfolio
from bets.wip import lock_board
from spm.accounts.permissions import NotAllowed, Principal
from spm.errors import Conflict, Invalid

MOST_TOGETHER = 200


@dataclass(frozen=True)
class Card:
    """A card as the person saw it: which bet, at which version."""

    bet_id: int
    version: int | None = None


@dataclass(frozen=True)
class RefusedCard:
    """A card that stays as it was, and why."""

    bet: Bet
    reasons: list[Reason]

    @property
    def asks_acceptance(self) -> bool:
        """Whether only this is missing: that what it frees is seen and accepted."""
        return [reason.code for reason in self.reasons] == ["acceptance"]

    @property
    def can_be_overridden(self) -> bool:
        """Whether a portfolio lead may go on all the same, with a reason."""
        return all(reason.can_be_overridden for reason in self.reasons)


@dataclass(frozen=True)
class Outcome:
    """What became of the cards, in the order in which they were given."""

    done: list[Bet] = field(default_factory=list)
    refused: list[RefusedCard] = field(default_factory=list)


def change_together(
    principal: Principal,
    portfolio: Portfolio,
    cards: Sequence[Card],
    fields: Given,
    to_stage: str = "",
    *,
    override_reason: str = "",
    accepted: bool = False,
) -> Outcome:
    """Change fields of several bets and move them, each in a transaction of its own.

    Args:
        principal: who does it.
        portfolio: whose board; all the cards are on it.
        cards: which.
        fields: as ``bets.edit.change_bet`` takes them.
        to_stage: where to, or empty to leave them where they are.
        override_reason: why a lead goes over a limit all the same, for all of them.
        accepted: that what leaving the board frees was seen and accepted, of all of them.

    Raises:
        Invalid: nothing to do, no card, or too many.
        Bet.DoesNotExist: one of them is none that the principal may see on this board.
    """
    _refuse_nothing(cards, fields, to_stage)
    visible = Bet.objects.visible_to(principal).filter(portfolio=portfolio)
    bets = visible.select_related("portfolio").in_bulk([card.bet_id for card in cards])
    outcome = Outcome()
    for card in cards:
        if card.bet_id not in bets:
            raise Bet.DoesNotExist(f"There is no bet {card.bet_id} on this board.")
    for card in cards:
        bet = bets[card.bet_id]
        try:
            _change_one(principal, bet, card, fields, to_stage, override_reason, accepted)
        except Refused as refusal:
            outcome.refused.append(RefusedCard(bet, refusal.reasons))
        except (Invalid, Conflict, NotAllowed) as refusal:
            outcome.refused.append(RefusedCard(bet, [_reason(bet, refusal)]))
        else:
            outcome.done.append(bet)
    return outcome


def _refuse_nothing(cards: Sequence[Card], fields: Given, to_stage: str) -> None:
    if not cards:
        raise Invalid({"cards": "Pick a card first."})
    if len(cards) > MOST_TOGETHER:
        raise Invalid({"cards": f"Pick at most {MOST_TOGETHER} cards at once."})
    if not fields and not to_stage:
        raise Invalid({"": "Choose what is to become of them."})


@transaction.atomic
def _change_one(
    principal: Principal,
    bet: Bet,
    card: Card,
    fields: Given,
    to_stage: str,
    override_reason: str,
    accepted: bool,
) -> None:
    """The fields first: what a stage asks for may be among them."""
    lock_board(bet.portfolio_id)
    if fields:
        change_bet(principal, bet.pk, fields)
    stands_in = Bet.objects.values_list("stage", flat=True).get(pk=bet.pk)
    if to_stage and to_stage != stands_in:
        move(
            principal,
            bet.pk,
            to_stage,
            version=card.version,
            override_reason=override_reason,
            accepted=accepted,
        )


def _reason(bet: Bet, refusal: Invalid | Conflict | NotAllowed) -> Reason:
    text = " ".join(refusal.fields.values()) if isinstance(refusal, Invalid) else str(refusal)
    code = type(refusal).__name__.lower()
    return Reason(code, text, "Open it", reverse("bets:bet", args=[bet.pk]))
