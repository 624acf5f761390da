"""The board's own records: limits on work in progress, and every move of a card."""

from django.db import models
from django.db.models import Q

from bets.models.bet import Bet, Stage
from bets.models.portfolio import Portfolio, ValueStream
from spm.accounts.models import ApiKey, User
from spm.append_only import AppendOnlyModel


class WipLimit(models.Model):
    """At most ``limit`` bets in a stage, in one value stream or, without one, in all."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="wip_limits")
    stage = models.CharField(max_length=12, choices=Stage.choices)
    stream = models.ForeignKey(ValueStream, on_delete=models.CASCADE, null=True, blank=True)
    limit = models.PositiveSmallIntegerField()

    class Meta:
        """One limit for each stage and stream."""

        constraints = [
            models.UniqueConstraint(
                fields=["portfolio", "stage", "stream"],
                nulls_distinct=False,
                name="wip_limit_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_stage_display()}: {self.limit}"


class StageChange(AppendOnlyModel):
    """One move of a card: who, when, from where to where, and why a limit was overridden."""

    bet = models.ForeignKey(Bet, on_delete=models.PROTECT, related_name="stage_changes")
    from_stage = models.CharField(max_length=12, choices=Stage.choices, blank=True)
    to_stage = models.CharField(max_length=12, choices=Stage.choices)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="+")
    # The bet's version after the move: who looked at an earlier one has not seen the move.
    bet_version = models.PositiveIntegerField(default=1)
    override_reason = models.TextField(blank=True)
    note = models.TextField(blank=True)

    class Meta(AppendOnlyModel.Meta):
        """Stages are known ones."""

        indexes = [models.Index(fields=["bet", "changed_at"], name="stage_change_of_bet")]
        constraints = [
            models.CheckConstraint(
                condition=Q(to_stage__in=Stage.values), name="to_stage_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bet}: {self.from_stage or 'new'} → {self.to_stage}"
