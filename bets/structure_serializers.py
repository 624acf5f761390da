"""The forms of themes, value streams, teams and the portfolio itself, as they are changed."""

from typing import Any

from rest_framework import serializers

from bets.models import Fungibility
from bets.structure import LONGEST_HORIZON_MONTHS, LONGEST_NAME, LONGEST_TEXT
from spm.api import fields
from spm.api.serializers import ShownSerializer, StrictSerializer, Terms


class PortfolioTerms(Terms):
    """What can be changed of a portfolio without moving money."""

    name = serializers.CharField(required=False, max_length=LONGEST_NAME)
    intent = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_TEXT)
    horizon_months = serializers.IntegerField(
        required=False, min_value=1, max_value=LONGEST_HORIZON_MONTHS
    )


class ThemeTerms(StrictSerializer):
    """What can be changed of a theme; its target range is a share of the envelope."""

    name = fields.TextField(required=False, max_length=LONGEST_NAME)
    statement = fields.TextField(required=False, allow_blank=True, max_length=LONGEST_TEXT)
    target_min_share = fields.NumberField(required=False, min_value=0, max_value=1)
    target_max_share = fields.NumberField(required=False, min_value=0, max_value=1)


class NewThemeTerms(ThemeTerms):
    """A theme; where the address names it, that is its name."""

    portfolio = fields.WholeField(required=False)


class StreamTerms(StrictSerializer):
    """What can be changed of a value stream."""

    name = fields.TextField(required=False, max_length=LONGEST_NAME)
    purpose = fields.TextField(required=False, allow_blank=True, max_length=LONGEST_TEXT)


class NewStreamTerms(StreamTerms):
    """A value stream; where the address names it, that is its name."""

    portfolio = fields.WholeField(required=False)


class TeamTerms(StrictSerializer):
    """What can be changed of a team; its capacity is currency per month."""

    name = fields.TextField(required=False, max_length=LONGEST_NAME)
    capacity = fields.MoneyField(required=False)
    stream = fields.WholeField(
        required=False, allow_null=True, help_text="The id of its value stream; null for none."
    )


class NewTeamTerms(TeamTerms):
    """A team; where the address names it, that is its name."""

    portfolio = fields.WholeField(required=False)


class LendingShown(ShownSerializer):
    """How well a team takes over what is freed in another, 0 to 1."""

    class Meta:
        model = Fungibility
        fields = ["id", "from_team", "to_team", "efficiency"]


class LendingTerms(StrictSerializer):
    """How well, 0 to 1; 0 for not."""

    efficiency = fields.NumberField(min_value=0, max_value=1)


class LendingNow(serializers.Serializer[Any]):
    """What one team lends another from now on."""

    from_team = serializers.IntegerField()
    to_team = serializers.IntegerField()
    efficiency = serializers.FloatField()
