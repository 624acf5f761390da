"""The thesis: hypotheses that must all hold for the bet to pay, and what would end each."""

from typing import Any

from django.db import models
from django.db.models import Q

from bets.models.bet import Bet
from spm.accounts.permissions import visible_portfolio_ids
from spm.fields import FiniteField, ShareField


class Metric(models.TextChoices):
    """What the leading indicator measures."""

    NONE = "", "Judgements only"
    PROPORTION = "proportion", "A proportion (12 of 100)"
    MEAN = "mean", "A mean with its spread"


class HypothesisQuerySet(models.QuerySet["Hypothesis"]):
    """Hypotheses."""

    def visible_to(self, principal: Any) -> "HypothesisQuerySet":
        """Those of the bets that the principal may see."""
        return self.filter(bet__portfolio_id__in=visible_portfolio_ids(principal))


class Hypothesis(models.Model):
    """A falsifiable statement with a leading indicator, a threshold, a prior and kill criteria.

    ``half_life_days``: after how many days a piece of evidence counts half; null for never.
    """

    bet = models.ForeignKey(Bet, on_delete=models.CASCADE, related_name="hypotheses")
    statement = models.TextField()
    indicator = models.CharField(max_length=200, blank=True)
    metric = models.CharField(
        max_length=12, choices=Metric.choices, default=Metric.NONE, blank=True
    )
    threshold = FiniteField(null=True, blank=True)
    direction = models.CharField(
        max_length=2, choices=[(">=", "at least"), ("<=", "at most")], default=">="
    )
    prior = ShareField(default=0.5)
    half_life_days = FiniteField(null=True, blank=True, default=180.0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = HypothesisQuerySet.as_manager()

    class Meta:
        """A prior of 0 or 1 could never be moved by evidence; a metric needs its threshold."""

        verbose_name_plural = "hypotheses"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(prior__gt=0, prior__lt=1), name="prior_can_be_moved"
            ),
            models.CheckConstraint(
                condition=Q(metric__in=["", "proportion", "mean"]), name="metric_is_known"
            ),
            models.CheckConstraint(
                condition=Q(metric="") | Q(threshold__isnull=False), name="metric_has_threshold"
            ),
            models.CheckConstraint(
                condition=~Q(metric="proportion") | Q(threshold__gt=0, threshold__lt=1),
                name="proportion_threshold_inside",
            ),
            models.CheckConstraint(
                condition=Q(direction__in=[">=", "<="]), name="direction_is_known"
            ),
            models.CheckConstraint(
                condition=Q(half_life_days__isnull=True) | Q(half_life_days__gt=0),
                name="half_life_is_positive",
            ),
            models.CheckConstraint(condition=~Q(statement=""), name="hypothesis_says_something"),
            models.UniqueConstraint(fields=["id", "bet"], name="hypothesis_with_bet"),
        ]

    def __str__(self) -> str:
        return self.statement


class KillCriterion(models.Model):
    """A condition agreed beforehand under which the thesis counts as broken."""

    hypothesis = models.ForeignKey(
        Hypothesis, on_delete=models.CASCADE, related_name="kill_criteria"
    )
    metric = models.CharField(
        max_length=8, choices=[("value", "Measured value"), ("trials", "Sample size")]
    )
    comparison = models.CharField(
        max_length=2, choices=[("<", "<"), ("<=", "≤"), (">", ">"), (">=", "≥")]
    )
    value = FiniteField()
    min_sample = models.PositiveIntegerField(null=True, blank=True)
    deadline = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Known metrics and comparisons only."""

        verbose_name_plural = "kill criteria"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(metric__in=["value", "trials"]), name="kill_metric_is_known"
            ),
            models.CheckConstraint(
                condition=Q(comparison__in=["<", "<=", ">", ">="]),
                name="kill_comparison_is_known",
            ),
        ]

    def __str__(self) -> str:
        sample = f" on {self.min_sample} or more" if self.min_sample else ""
        deadline = f" by {self.deadline:%d %B %Y}" if self.deadline else ""
        return f"{self.get_metric_display()} {self.comparison} {self.value:g}{sample}{deadline}"
