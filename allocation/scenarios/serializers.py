"""The forms of scenarios in the API."""

from typing import Any

from rest_framework import serializers

from allocation.assumptions import KINDS
from allocation.models import Scenario
from bets.serializers import PortfolioFilter
from spm.api import fields
from spm.api.serializers import ShownSerializer, StrictSerializer


class ScenarioSummaryShown(ShownSerializer):
    """A scenario in a list. ``worth`` and ``gain`` are currency over the horizon, ``turnover`` is
    currency per month; they are null until it has been solved."""

    state = serializers.ChoiceField(choices=Scenario.State.choices, read_only=True)

    class Meta:
        model = Scenario
        fields = [
            "id",
            "portfolio",
            "name",
            "note",
            "author",
            "parent",
            "state",
            "problem",
            "version",
            "solved_version",
            "taken_at",
            "newest_evidence",
            "created_at",
            "changed_at",
            "solved_at",
            "archived_at",
            "worth",
            "gain",
            "turnover",
            "proposal",
        ]


class ChangeShown(serializers.Serializer[Any]):
    """One change: its kind, what it is about, and what it goes from and to."""

    kind = serializers.ChoiceField(choices=list(KINDS))
    target = serializers.CharField(allow_blank=True)
    to = serializers.JSONField(allow_null=True)
    words = serializers.CharField(help_text="The change in words.")

    def get_fields(self) -> dict[str, Any]:
        """With ``from``, which is no name that a class body can have."""
        shown: dict[str, Any] = super().get_fields()
        return {
            "kind": shown["kind"],
            "target": shown["target"],
            "from": serializers.JSONField(allow_null=True),
            "to": shown["to"],
            "words": shown["words"],
        }


class ScenarioShown(ScenarioSummaryShown):
    """A scenario with its changes, the engine's whole answer, and what has changed since."""

    changes = ChangeShown(many=True, read_only=True, source="changes_shown")
    solution = serializers.JSONField(
        read_only=True,
        allow_null=True,
        help_text="The engine's answer to `solved_version`, as the command of the engine has it.",
    )
    since = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text="What has changed in the world since the snapshot, in words.",
    )

    class Meta(ScenarioSummaryShown.Meta):
        fields = [*ScenarioSummaryShown.Meta.fields, "changes", "solution", "since"]


class ScenarioFilter(PortfolioFilter):
    """Scenarios of a portfolio; those that were put away only if asked for."""

    archived = fields.ChoiceField(required=False, choices=[("true", "true"), ("false", "false")])


class NewScenario(StrictSerializer):
    """A scenario from today, or from another one with all its changes."""

    portfolio = fields.WholeField(required=False)
    name = fields.TextField(required=False, max_length=120)
    note = fields.TextField(required=False, allow_blank=True, max_length=4000)
    parent = fields.WholeField(required=False)  # type: ignore[assignment]


class Description(StrictSerializer):
    """What is said about a scenario; what is not given stays."""

    name = fields.TextField(required=False, max_length=120)
    note = fields.TextField(required=False, allow_blank=True, max_length=4000)
    archived = serializers.BooleanField(required=False)


class Slot(StrictSerializer):
    """What a change is about."""

    kind = fields.ChoiceField(choices=list(KINDS))
    target = fields.TextField(required=False, allow_blank=True, max_length=80, default="")


class NewChange(Slot):
    """One value that is otherwise; at what the snapshot has, it is no change any more."""

    to = serializers.JSONField(allow_null=True)


class Seen(StrictSerializer):
    """The version that was read, if it matters: 409 if it is no longer that one."""

    version = fields.WholeField(required=False, max_value=2**31 - 1)


class ComparisonFilter(StrictSerializer):
    """Which scenarios stand side by side."""

    ids = fields.TextField(help_text="One to four ids, with commas between them.")


class FigureShown(serializers.Serializer[Any]):
    """One figure; ``difference`` is against today, and null where that means nothing."""

    amount = serializers.FloatField(allow_null=True)
    difference = serializers.FloatField(allow_null=True)
    state = serializers.CharField()


class LineShown(serializers.Serializer[Any]):
    """One row: today first, then each scenario in the order of ``scenarios``."""

    label = serializers.CharField()  # type: ignore[assignment]
    unit = serializers.ChoiceField(choices=["money", "rate", "amount", "share", "count"])
    figures = FigureShown(many=True)


class ComparisonShown(serializers.Serializer[Any]):
    """Scenarios beside today."""

    scenarios = serializers.ListField(child=serializers.IntegerField())
    problem = serializers.CharField()
    totals = LineShown(many=True)
    guardrails = LineShown(many=True)
    teams = LineShown(many=True)
    bets = LineShown(many=True)
