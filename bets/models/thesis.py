"""The thesis: hypotheses that must all hold for the bet to pay, and what would end each."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.db.models import Q

from bets.models.bet import Bet
from spm import formats
from spm.accounts.models import ApiKey, User
from spm.accounts.permissions import visible_portfolio_ids
from spm.append_only import AppendOnlyModel
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


class HypothesisChange(AppendOnlyModel):
    """What a hypothesis said before, what it says since, who changed it, and why.

    ``before`` and ``after`` hold the fields that were changed, as the API shows them;
    ``had_evidence`` says whether anything had been learnt on the bet by then.
    """

    hypothesis = models.ForeignKey(Hypothesis, on_delete=models.PROTECT, related_name="changes")
    before = models.JSONField()
    after = models.JSONField()
    reason = models.TextField(blank=True)
    had_evidence = models.BooleanField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(AppendOnlyModel.Meta):
        """In the order in which they happened."""

        ordering = ["id"]
        indexes = [models.Index(fields=["hypothesis", "id"], name="change_of_hypothesis")]

    def __str__(self) -> str:
        return f"{', '.join(self.after)} of {self.hypothesis}"

    @property
    def in_words(self) -> str:
        """'Threshold 0.1 → 0.12; prior 50% → 60%'."""
        parts = [
            f"{name.replace('_', ' ')} {_said(name, self.before[name])} → {_said(name, value)}"
            for name, value in sorted(self.after.items())
        ]
        text = "; ".join(parts)
        return text[:1].upper() + text[1:]


def _said(name: str, value: Any) -> str:
    if value in (None, "", []):
        return "never" if name == "half_life_days" else "none"
    if name == "prior":
        return formats.percent(value)
    if name == "kill_criteria":
        return " and ".join(_criterion(each) for each in value)
    if isinstance(value, float):
        return f"{value:g}"
    return f"‘{value}’" if name in ("statement", "indicator") else str(value)


def _criterion(given: Mapping[str, Any]) -> str:
    what = "sample" if given["metric"] == "trials" else "value"
    sample = f" on {given['min_sample']} or more" if given["min_sample"] else ""
    deadline = f" by {given['deadline'][:10]}" if given["deadline"] else ""
    return f"{what} {given['comparison']} {given['value']:g}{sample}{deadline}"
