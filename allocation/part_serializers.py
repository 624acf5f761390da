"""The forms of a part of a proposal in the API."""

from typing import Any

from rest_framework import serializers

from allocation.models import Move, ProposalChange
from spm.api import fields
from spm.api.serializers import ShownSerializer, StrictSerializer

MOST_BETS = 2000


class PartAsked(StrictSerializer):
    """What of a proposal: the bets that are left out, and the amounts that are set."""

    left_out = serializers.ListField(
        child=fields.WholeField(),
        required=False,
        max_length=MOST_BETS,
        help_text="Bets that shall stay as they are.",
    )
    amounts = serializers.DictField(
        child=fields.MoneyField(),
        required=False,
        help_text="What a bet shall hold afterwards, by its id, between what it holds now and what "
        'is proposed: {"12": "30000.00"}.',
    )

    def validate_amounts(self, given: dict[str, Any]) -> dict[int, Any]:
        """By the bets' ids as numbers."""
        wrong = [name for name in given if not (name.isascii() and name.isdigit())]
        if wrong or len(given) > MOST_BETS:
            raise serializers.ValidationError("Give an amount for each id of a bet, in digits.")
        return {int(name): amount for name, amount in given.items()}


class PartChangeShown(ShownSerializer):
    """What a part does to one bet; currency per month, costs in currency."""

    class Meta:
        model = ProposalChange
        fields = [
            "bet",
            "working_before",
            "working_after",
            "freed",
            "entangled",
            "notice_months",
            "exit_cost",
            "ramp_cost",
        ]


class PartMoveShown(ShownSerializer):
    """One amount per month from a bet to another; null stands for the reserve."""

    class Meta:
        model = Move
        fields = ["from_bet", "to_bet", "amount", "available_in_months"]


class PartShown(serializers.Serializer[Any]):
    """A part, worked out. An approval of it names the same part and its ``sha256``."""

    sha256 = serializers.CharField()
    obstacles = serializers.ListField(
        child=serializers.CharField(), help_text="Why it cannot be approved; empty if it can."
    )
    gain = serializers.FloatField()
    gain_lost = serializers.FloatField(help_text="What the whole would be worth more.")
    out_of_bets = fields.MoneyField()
    freed = fields.MoneyField()
    entangled = fields.MoneyField()
    exit_costs = fields.MoneyField()
    changes = PartChangeShown(many=True)
    moves = PartMoveShown(many=True)
