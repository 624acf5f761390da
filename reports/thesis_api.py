"""The API's path for the thesis of a bet as a whole."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from bets.models import Bet, Stage
from bets.serializers import BetShown, HypothesisShown
from evidence.serializers import EvidenceShown
from reports.thesis import thesis_of
from spm import formats
from spm.api import fields
from spm.api.views import ApiView


class WeighedEvidenceShown(serializers.Serializer[Any]):
    """One event with what it weighs now, in decibans; null where it does not count."""

    summary = serializers.CharField(source="evidence.summary")
    decibans = serializers.FloatField(allow_null=True)
    belief_without = serializers.FloatField(allow_null=True)
    is_retracted = serializers.BooleanField()
    evidence = EvidenceShown()


class WeighedHypothesisShown(serializers.Serializer[Any]):
    """A hypothesis with its belief now, and its newest evidence, weighed."""

    hypothesis = HypothesisShown()
    belief = serializers.FloatField()
    judgement_decibans = serializers.FloatField()
    measurement_decibans = serializers.FloatField()
    freshness = serializers.FloatField()
    kill_criteria_met = serializers.ListField(child=serializers.CharField())
    evidence_count = serializers.IntegerField(source="count")
    evidence = WeighedEvidenceShown(source="items", many=True)


class NeededBetShown(serializers.Serializer[Any]):
    """A bet that this one needs; ``working`` is currency per month."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    stage = serializers.ChoiceField(choices=Stage.choices)
    working = fields.MoneyField()


class ThesisShown(serializers.Serializer[Any]):
    """The thesis of a bet as a whole.

    ``in_words`` says the belief and the money in a sentence. ``lacks`` says what stands against
    moving on to ``next_stage``, which is null at the end of the board.
    """

    currency = serializers.CharField(source="bet.portfolio.currency")
    in_words = serializers.SerializerMethodField()
    bet = BetShown()
    hypotheses = WeighedHypothesisShown(many=True)
    needs = NeededBetShown(many=True)
    next_stage = serializers.ChoiceField(choices=Stage.choices, allow_null=True)
    lacks = serializers.ListField(child=serializers.CharField())

    def get_in_words(self, thesis: Any) -> str:
        """'Belief 62%, intact. Holds €50k/mo, at most €80k/mo, and €10k/mo entangled.'"""
        bet, currency = thesis.bet, thesis.bet.portfolio.currency
        belief = "No belief yet" if bet.belief is None else f"Belief {formats.percent(bet.belief)}"
        holds = f"Holds {formats.rate(bet.working, currency)}"
        if bet.funding_limit is not None:
            holds += f", at most {formats.rate(bet.funding_limit, currency)}"
        if bet.entangled:
            holds += f", and {formats.rate(bet.entangled, currency)} entangled"
        return f"{belief}, {bet.get_thesis_status_display().lower()}. {holds}."


class ThesisOfBet(ApiView):
    """The thesis of a bet."""

    @extend_schema(responses=ThesisShown, summary="Show the thesis of a bet")
    def get(self, request: Request, bet_id: int) -> Response:
        """Hypotheses, beliefs, weighed evidence, money, and what the bet still needs."""
        rows = Bet.objects.visible_to(self.principal).select_related("portfolio")
        rows = rows.prefetch_related("bet_teams", "needs_links__needs", "external_keys")
        return Response(ThesisShown(thesis_of(rows.get(pk=bet_id))).data)


urlpatterns = [path("bets/<int:bet_id>/thesis", ThesisOfBet.as_view(), name="api-thesis")]
