"""The forms of what withdrawals have taught, in the API."""

from typing import Any

from rest_framework import serializers

from allocation.learned_terms import InUse
from bets.models import Liquidity
from spm.api import fields
from spm.api.serializers import Terms


class InUseShown(serializers.Serializer[InUse]):
    """What the bets of a class say today: the mean, and the range where they differ."""

    mean = serializers.FloatField()
    least = serializers.FloatField()
    most = serializers.FloatField()


class LearnedTermsShown(serializers.Serializer[Any]):
    """One liquidity class. Shares are 0 to 1, notice is in months; null until a withdrawal of the
    class has settled. ``cases`` are the withdrawals that it was learned from."""

    liquidity = serializers.ChoiceField(choices=Liquidity.choices)
    bets = serializers.SerializerMethodField()
    cases = serializers.IntegerField()
    notice_cases = serializers.IntegerField()
    reclaimable_share = serializers.FloatField(allow_null=True)
    notice_months = serializers.FloatField(allow_null=True)
    share_in_use = InUseShown(allow_null=True)
    notice_in_use = InUseShown(allow_null=True)

    def get_bets(self, terms: Any) -> list[int]:
        """The bets of the class that are on the board."""
        return [bet.pk for bet in terms.bets]


class LearnedTermsUse(Terms):
    """Which learned values are to be used for the bets of a class, as they were shown."""

    portfolio = fields.WholeField(required=False)
    liquidity = fields.ChoiceField(choices=Liquidity.choices)
    reclaimable_share = fields.NumberField(required=False, min_value=0, max_value=1)
    notice_months = fields.NumberField(required=False, min_value=0, max_value=600)


class LearnedTermsUsed(serializers.Serializer[Any]):
    """The bets that were changed."""

    changed = serializers.ListField(child=serializers.IntegerField())
