"""The forms of a study in the API, as the engine has them; docs/concepts-allocation.md explains."""

from typing import Any

from rest_framework import serializers

from allocation.models import Study
from spm.api.serializers import ShownSerializer


class LeverShown(serializers.Serializer[Any]):
    """A change of the structure, solved again. ``change`` is a part of a snapshot."""

    kind = serializers.CharField()
    target = serializers.DictField(child=serializers.CharField())
    before = serializers.FloatField()
    after = serializers.FloatField()
    change = serializers.JSONField()
    gain = serializers.FloatField(help_text="Currency over the horizon.")
    cost = serializers.FloatField(help_text="Currency, once.")
    net_gain = serializers.FloatField()
    lead_time_months = serializers.FloatField()
    mends = serializers.FloatField(
        help_text="How much less would be broken in all, currency per month."
    )
    exact = serializers.BooleanField()


class FrontierPointShown(serializers.Serializer[Any]):
    """The best there is if at most ``cap`` of the envelope is withdrawn."""

    cap = serializers.FloatField()
    turnover = serializers.FloatField(help_text="Currency per month.")
    objective = serializers.FloatField()
    gain = serializers.FloatField()
    breach = serializers.FloatField()


class SpreadShown(serializers.Serializer[Any]):
    """What an outcome may come to, currency over the horizon."""

    mean = serializers.FloatField()
    p10 = serializers.FloatField()
    p50 = serializers.FloatField()
    p90 = serializers.FloatField()
    percentiles = serializers.ListField(
        child=serializers.FloatField(), help_text="The least, every fifth percentile, the most."
    )


class RobustnessShown(serializers.Serializer[Any]):
    """Futures with today's allocation and with the proposed one."""

    futures = serializers.IntegerField()
    seed = serializers.IntegerField()
    today = SpreadShown()
    proposed = SpreadShown()
    difference = SpreadShown()
    probability_better = serializers.FloatField()
    probability_worse = serializers.FloatField()
    standard_error = serializers.FloatField()


class LearningShown(serializers.Serializer[Any]):
    """What knowing whether a hypothesis holds is worth; null for a bet's thesis as a whole."""

    bet = serializers.CharField()
    hypothesis = serializers.CharField(allow_null=True)
    belief = serializers.FloatField()
    gain = serializers.FloatField()
    gain_per_month_of_waiting = serializers.FloatField()
    gain_if_true = serializers.FloatField(allow_null=True)
    gain_if_false = serializers.FloatField(allow_null=True)
    exact = serializers.BooleanField()


class StudyShown(ShownSerializer):
    """What is worked out after a proposal is published; a part is null until it is there."""

    robustness = RobustnessShown(allow_null=True, read_only=True)
    levers = LeverShown(many=True, allow_null=True, read_only=True)
    frontier = FrontierPointShown(many=True, allow_null=True, read_only=True)
    information = LearningShown(many=True, allow_null=True, read_only=True)

    class Meta:
        model = Study
        fields = [
            "as_of",
            "finished_at",
            "problem",
            "robustness",
            "levers",
            "frontier",
            "information",
        ]
