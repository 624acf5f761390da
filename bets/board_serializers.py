"""The forms of the board's own settings in the API: limits on work in progress, saved views."""

from rest_framework import serializers

from bets.models import BoardView, Stage, WipLimit
from bets.saved_views import LONGEST_NAME, LONGEST_QUERY
from bets.wip import HIGHEST_LIMIT
from spm.api import fields
from spm.api.serializers import ShownSerializer, StrictSerializer


class WipLimitShown(ShownSerializer):
    """At most ``limit`` bets in a stage, of one value stream or, where it is null, of all."""

    class Meta:
        model = WipLimit
        fields = ["id", "portfolio", "stage", "stream", "limit"]


class WipLimitGiven(StrictSerializer):
    """A limit as it shall be."""

    portfolio = fields.WholeField(required=False, min_value=1)
    stage = fields.ChoiceField(choices=Stage.choices)
    stream = fields.WholeField(
        required=False,
        allow_null=True,
        min_value=1,
        default=None,
        help_text="Of this value stream; null for the stage as a whole.",
    )
    limit = fields.WholeField(
        allow_null=True, max_value=HIGHEST_LIMIT, help_text="Null takes the limit away."
    )
    was = fields.WholeField(
        required=False,
        allow_null=True,
        max_value=HIGHEST_LIMIT,
        help_text="What you have seen there; if it is another by now, nothing is changed (409).",
    )


class WipLimitNow(serializers.Serializer[object]):
    """A limit as it is now, null where there is none."""

    portfolio = serializers.IntegerField()
    stage = serializers.ChoiceField(choices=Stage.choices)
    stream = serializers.IntegerField(allow_null=True)
    limit = serializers.IntegerField(allow_null=True)


class SavedViewShown(ShownSerializer):
    """Filters and lanes of the board under a name. ``query`` is what stands in its address;
    ``opens`` says whether the board opens in it for you.
    """

    shared = serializers.BooleanField(source="is_shared", read_only=True)
    opens = serializers.BooleanField(source="is_default", read_only=True)

    class Meta:
        model = BoardView
        fields = ["id", "portfolio", "owner", "name", "query", "shared", "opens"]


class SavedViewGiven(StrictSerializer):
    """A view to be saved."""

    portfolio = fields.WholeField(required=False, min_value=1)
    name = fields.TextField(max_length=LONGEST_NAME)
    query = fields.TextField(
        required=False,
        allow_blank=True,
        default="",
        max_length=LONGEST_QUERY,
        help_text="As in the address of the board: theme=3&thesis=broken&lanes=stream.",
    )
    shared = fields.YesNoField(required=False, default=False)
    opens = fields.YesNoField(required=False, default=False)


class SavedViewChanged(StrictSerializer):
    """What is given is changed."""

    name = fields.TextField(required=False, max_length=LONGEST_NAME)
    shared = fields.YesNoField(required=False)
    opens = fields.YesNoField(required=False)
