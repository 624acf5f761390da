"""What the API is sent to end a bet."""

from rest_framework import serializers

from allocation.leaving.draw_up import LONGEST_REASON
from spm.api import fields
from spm.api.serializers import FilterSerializer, StrictSerializer

MOST_WITH_IT = 100


class IfStoppedFilter(FilterSerializer):
    """What would be stopped with it, and in which successor it would go on."""

    stop_with = fields.TextField(
        required=False,
        max_length=2000,
        help_text="Ids of bets that need it and are stopped with it, such as 3,5.",
    )
    successor = fields.QueryWholeField(required=False)
    amount = fields.MoneyField(
        required=False, help_text="What goes over to the successor; as much as may, if left out."
    )


class Stop(StrictSerializer):
    """Why a bet is to be stopped, and what with it."""

    reason = fields.TextField(max_length=LONGEST_REASON)
    stop_with = serializers.ListField(
        child=fields.WholeField(),
        required=False,
        max_length=MOST_WITH_IT,
        help_text="Bets that need it and are stopped in the same proposal.",
    )
    content_sha256 = fields.TextField(
        required=False,
        max_length=64,
        help_text="Of the figures that you have seen; others are then refused with 409.",
    )


class Pivot(Stop):
    """The same, with the successor and what goes over to it."""

    successor = fields.WholeField(help_text="A bet that names this one as its predecessor.")
    amount = fields.MoneyField(
        required=False, help_text="Currency per month; as much as may, if left out."
    )
