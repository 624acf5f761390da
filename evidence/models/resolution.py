"""How hypotheses ended, and what is known of sources: what beliefs are held against afterwards."""

from django.db import models
from django.db.models import Q

from bets.models import Hypothesis
from evidence.models.event import Evidence, Source
from spm.accounts.models import ApiKey, User
from spm.append_only import AppendOnlyModel
from spm.fields import ShareField


class Outcome(models.TextChoices):
    """What became clear about a hypothesis."""

    HELD = "held", "Held"
    DID_NOT_HOLD = "did_not_hold", "Did not hold"
    REOPENED = "reopened", "Open again"


class ResolutionQuerySet(models.QuerySet["Resolution"]):
    """Resolutions."""

    def in_force(self) -> "ResolutionQuerySet":
        """The last word on each hypothesis that is resolved."""
        last = self.order_by("hypothesis_id", "-id").distinct("hypothesis_id").values("id")
        return self.filter(pk__in=last).exclude(outcome=Outcome.REOPENED)


class Resolution(AppendOnlyModel):
    """A hypothesis was resolved: it held or did not, with what shows it; or was opened again.

    ``became_clear_at`` is the moment up to which beliefs in it were forecasts. ``evidence`` is the
    event by which the belief follows; opening it again retracts that.
    """

    hypothesis = models.ForeignKey(Hypothesis, on_delete=models.PROTECT, related_name="resolutions")
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    became_clear_at = models.DateTimeField()
    shown_by = models.TextField()
    link = models.URLField(max_length=500, blank=True)
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="+")
    resolved_at = models.DateTimeField()
    resolved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="+")

    objects = ResolutionQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        """What shows it is always said."""

        ordering = ["id"]
        indexes = [models.Index(fields=["hypothesis", "-id"], name="resolution_of_hypothesis")]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="outcome_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(shown_by=""), name="resolution_is_shown_by_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hypothesis}: {self.get_outcome_display().lower()}"


class SourceChange(AppendOnlyModel):
    """The reliability of a source was set: from what to what, and what that is based on."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="changes")
    before = ShareField()
    after = ShareField()
    based_on = models.TextField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(AppendOnlyModel.Meta):
        """In the order in which they happened."""

        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.source}: {self.before:.0%} → {self.after:.0%}"
