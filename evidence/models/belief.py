"""Beliefs now and over time, and the moments at which a thesis broke or revived."""

from django.db import models
from django.db.models import Q

from bets.models import Bet, Hypothesis, Portfolio
from evidence.models.event import Evidence
from spm.append_only import AppendOnlyModel
from spm.fields import FiniteField, ShareField


class HypothesisBelief(models.Model):
    """What the evidence says of one hypothesis, as of ``as_of``; a projection."""

    hypothesis = models.OneToOneField(
        Hypothesis, on_delete=models.CASCADE, primary_key=True, related_name="belief_now"
    )
    belief = ShareField()
    judgement_decibans = FiniteField(default=0.0)
    measurement_decibans = FiniteField(default=0.0)
    freshness = ShareField(default=0.0)
    kill_criteria_met = models.JSONField(default=list)
    as_of = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.belief:.0%}"


class BeliefPoint(models.Model):
    """One point of a belief over time: of a hypothesis, or of the thesis where there is none.

    ``at`` is the moment that the belief speaks of, ``known_at`` when it was worked out, so that
    what was believed at a time can be told from what is believed of it today.
    """

    bet = models.ForeignKey(Bet, on_delete=models.CASCADE, related_name="belief_points")
    hypothesis = models.ForeignKey(
        Hypothesis, on_delete=models.CASCADE, null=True, related_name="belief_points"
    )
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    known_at = models.DateTimeField()
    belief = ShareField()

    class Meta:
        """Read by bet along time."""

        indexes = [models.Index(fields=["bet", "at"], name="belief_over_time")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}: {self.belief:.0%}"


class ThesisBreak(AppendOnlyModel):
    """A thesis broke, or revived."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="+")
    bet = models.ForeignKey(Bet, on_delete=models.PROTECT, related_name="thesis_breaks")
    kind = models.CharField(max_length=8, choices=[("break", "Broke"), ("revival", "Revived")])
    at = models.DateTimeField()
    known_at = models.DateTimeField()
    belief = ShareField()
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, null=True, related_name="+")
    kill_criteria = models.JSONField(default=list)

    class Meta(AppendOnlyModel.Meta):
        """Read by bet along time."""

        indexes = [models.Index(fields=["bet", "known_at"], name="breaks_of_bet")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["break", "revival"]), name="break_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bet} {self.get_kind_display().lower()} on {self.at:%d %B %Y}"
