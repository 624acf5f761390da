"""The forms of evidence and beliefs in the API."""

from typing import Any

from rest_framework import serializers

from bets.serializers import PortfolioFilter
from evidence.models import (
    SAID,
    Evidence,
    EvidenceKind,
    EvidenceRequest,
    HypothesisBelief,
    RequestState,
    Resolution,
    Strength,
)
from spm.api import fields
from spm.api.serializers import FieldProblem, ShownSerializer, Terms


class EvidenceShown(ShownSerializer):
    """One event, as it was taken. It is never changed; a retraction takes it back."""

    source: Any = serializers.SlugRelatedField("name", read_only=True, allow_null=True)

    class Meta:
        model = Evidence
        fields = [
            "id",
            "portfolio",
            "bet",
            "hypothesis",
            "source",
            "external_id",
            *SAID,
            "retracts",
            "reliability",
            "observed_at",
            "recorded_at",
            "recorded_by",
            "api_key",
            "note",
            "link",
            "content_sha256",
        ]


class HypothesisEffectShown(serializers.Serializer[Any]):
    """The belief in the hypothesis, before and after."""

    id = serializers.IntegerField(source="evidence.hypothesis_id")
    belief_before = serializers.FloatField(source="hypothesis_before")
    belief_after = serializers.FloatField(source="hypothesis_after")


class ThesisEffectShown(serializers.Serializer[Any]):
    """The belief in the thesis of the bet, before and after."""

    bet = serializers.IntegerField(source="evidence.bet_id")
    belief_before = serializers.FloatField(source="thesis_before")
    belief_after = serializers.FloatField(source="thesis_after")
    status_before = serializers.CharField()
    status_after = serializers.CharField()


class RecordedShown(serializers.Serializer[Any]):
    """An event that was taken, and what it did.

    ``created`` is false where it had been taken before: then nothing was done, and both beliefs
    are today's. ``decibans`` is its weight after scaling.
    """

    created = serializers.BooleanField()
    evidence = EvidenceShown()
    decibans = serializers.FloatField()
    hypothesis = HypothesisEffectShown(source="*")
    thesis = ThesisEffectShown(source="*")


class RefusedLineShown(serializers.Serializer[Any]):
    """One line that was not taken."""

    line = serializers.IntegerField(min_value=1)
    type = serializers.CharField(help_text="The kind of problem.")
    errors = FieldProblem(many=True)  # type: ignore[assignment]


class BulkShown(serializers.Serializer[Any]):
    """What became of many events."""

    taken = serializers.IntegerField(help_text="New events.")
    repeated = serializers.IntegerField(help_text="Events that had been taken before.")
    refused = RefusedLineShown(many=True)


class HypothesisBeliefShown(ShownSerializer):
    """What the evidence says of a hypothesis, as of a moment."""

    class Meta:
        model = HypothesisBelief
        fields = [
            "hypothesis",
            "belief",
            "judgement_decibans",
            "measurement_decibans",
            "freshness",
            "kill_criteria_met",
            "as_of",
        ]


class EvidenceFilter(PortfolioFilter):
    """Evidence on a bet or a hypothesis, of a kind, from a source, since a moment."""

    bet = fields.QueryWholeField(required=False)
    hypothesis = fields.QueryWholeField(required=False)
    kind = fields.ChoiceField(required=False, choices=EvidenceKind.choices)
    source: Any = fields.TextField(required=False, max_length=120, help_text="Name of the source.")
    recorded_since = fields.MomentField(required=False, help_text="Recorded then or later.")


class NewEvidenceTerms(Terms):
    """One event; which figures it needs, its kind and the hypothesis' metric say.

    A judgement: ``direction`` and ``strength``. A ratio: ``likelihood_ratio``. A measurement of a
    proportion: ``successes`` and ``trials``; of a mean: ``mean``, ``standard_deviation`` and
    ``sample_size``. A retraction: ``retracts`` and, in ``note``, why.
    """

    hypothesis = serializers.IntegerField(min_value=1)
    kind = serializers.ChoiceField(choices=EvidenceKind.choices)
    files = serializers.ListField(
        required=False,
        max_length=5,
        child=serializers.CharField(max_length=32),
        help_text="Tokens of files that were handed in.",
    )
    direction = serializers.ChoiceField(required=False, allow_null=True, choices=["for", "against"])
    strength = serializers.ChoiceField(required=False, allow_null=True, choices=Strength.choices)
    likelihood_ratio = serializers.FloatField(
        required=False, allow_null=True, min_value=0, max_value=1e100
    )
    successes = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=10**12
    )
    trials = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=10**12
    )
    mean = serializers.FloatField(required=False, allow_null=True)
    standard_deviation = serializers.FloatField(required=False, allow_null=True, min_value=0)
    sample_size = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=10**12
    )
    retracts = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    source: Any = serializers.CharField(
        required=False, allow_null=True, max_length=120, help_text="Name of the source."
    )
    reliability = serializers.FloatField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=1,
        help_text="Above 0; that of the source if left out.",
    )
    observed_at = fields.MomentField(
        required=False, allow_null=True, help_text="Now, if left out; never in the future."
    )
    external_id = serializers.CharField(
        required=False,
        allow_null=True,
        max_length=255,
        help_text="The sender's own name for the event, by which a second delivery is known.",
    )
    note = serializers.CharField(required=False, allow_blank=True, max_length=5_000)
    link = serializers.URLField(required=False, allow_blank=True, max_length=500)


class ResolutionTerms(Terms):
    """Whether a hypothesis held, what shows it, and since when that is clear."""

    outcome = serializers.ChoiceField(choices=["held", "did_not_hold"])
    shown_by = serializers.CharField(max_length=4_900)
    link = serializers.URLField(required=False, allow_blank=True, max_length=500)
    became_clear_at = fields.MomentField(
        required=False, allow_null=True, help_text="Now by default; beliefs before are forecasts."
    )


class ReopeningTerms(Terms):
    """Why a resolved hypothesis is open again."""

    reason = serializers.CharField(max_length=4_900)


class ResolutionShown(ShownSerializer):
    """How a hypothesis ended, or that it is open again."""

    class Meta:
        model = Resolution
        fields = [
            "id",
            "hypothesis",
            "outcome",
            "became_clear_at",
            "shown_by",
            "link",
            "evidence",
            "resolved_at",
            "resolved_by",
            "api_key",
        ]


class ReadingTerms(Terms):
    """One reading of a leading indicator."""

    value = serializers.FloatField(help_text="A proportion's share, 0 to 1, or a mean.")
    n = serializers.IntegerField(min_value=1, help_text="Of so many observations.")
    time = fields.MomentField(help_text="The same time from one source is the same reading.")
    sd = serializers.FloatField(
        required=False, allow_null=True, help_text="Of one observation; a mean needs it."
    )
    source: Any = serializers.CharField(
        required=False, allow_null=True, max_length=120, help_text="The name of the key by default."
    )
    is_total = serializers.BooleanField(
        required=False, help_text="It takes the place of the source's last reading."
    )


class RequestShown(ShownSerializer):
    """Evidence that somebody was asked for, and what came of it.

    ``state`` is worked out: answered by the first evidence on the hypothesis that was recorded
    after it was asked for; ``belief_after`` is the belief in the hypothesis that came of that.
    """

    state = serializers.ChoiceField(choices=RequestState.choices, read_only=True)
    answered_at = fields.MomentField(read_only=True, allow_null=True)
    belief_after = serializers.FloatField(read_only=True, allow_null=True)

    class Meta:
        model = EvidenceRequest
        fields = [
            "id",
            "portfolio",
            "bet",
            "hypothesis",
            "asked_of",
            "asked_by",
            "api_key",
            "asked_at",
            "due_on",
            "what_would_help",
            "state",
            "answered_at",
            "belief_before",
            "belief_after",
        ]


class RequestListFilter(PortfolioFilter):
    """Requests on a bet or a hypothesis, to a person, in a state."""

    bet = fields.QueryWholeField(required=False)
    hypothesis = fields.QueryWholeField(required=False)
    asked_of = fields.QueryWholeField(required=False, help_text="Id of a person.")
    state = fields.ChoiceField(required=False, choices=RequestState.choices)


class NewRequestTerms(Terms):
    """What is asked for: evidence on a hypothesis, of whom, by when, and what would help."""

    hypothesis = serializers.IntegerField(min_value=1)
    asked_of = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        help_text="A member who may log evidence on the bet; its owner by default.",
    )
    due_on = serializers.DateField(help_text="A day to come: 2026-03-14.")
    what_would_help = serializers.CharField(max_length=2_000)
