"""Actual spend: what a bet really cost in a month, as the accounts of the company say."""

from django.db import models
from django.db.models import Q

from bets.models import Bet, Portfolio
from bets.models.portfolio import VisibleQuerySet
from spm.accounts.models import ApiKey, User
from spm.append_only import AppendOnlyModel
from spm.fields import MoneyField


class ActualSpend(AppendOnlyModel):
    """What one source says that a bet cost in a month, in the portfolio's currency.

    ``month`` is its first day. A credit is below zero. A correction is a later row of the same bet,
    month and source; what several sources say is added up (``allocation.actuals``).
    """

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="actuals")
    bet = models.ForeignKey(Bet, on_delete=models.PROTECT, related_name="actuals")
    month = models.DateField()
    amount = MoneyField(signed=True)
    source = models.CharField(max_length=60)
    external_id = models.CharField(max_length=255, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="+")

    objects = VisibleQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        """A month is named by its first day, and a source has a name."""

        verbose_name_plural = "actual spend"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["bet", "month", "source", "-id"], name="actual_spend_of"),
            models.Index(fields=["portfolio", "-month", "bet"], name="actual_spend_in"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="month_is_its_first_day"),
            models.CheckConstraint(condition=~Q(source=""), name="actual_spend_has_a_source"),
        ]

    def __str__(self) -> str:
        return f"{self.bet}, {self.month:%Y-%m}: {self.amount}"


class ActualsFile(models.Model):
    """A file of actual spend: handed in, looked over, taken.

    ``grid`` is the file taken apart, ``columns`` which column says what
    (``allocation.actuals_file`` has the names); ``refused`` are the rows that were not taken, as
    {line, column, reason}.
    """

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="actuals_files")
    name = models.CharField(max_length=200)
    source = models.CharField(max_length=60)
    handed_in_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    handed_in_at = models.DateTimeField()
    grid = models.JSONField()
    columns = models.JSONField(default=dict)
    taken_at = models.DateTimeField(null=True)
    taken = models.PositiveIntegerField(default=0)
    repeated = models.PositiveIntegerField(default=0)
    refused = models.JSONField(default=list)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        """Newest first."""

        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name
