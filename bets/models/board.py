"""The board's own records: limits on work in progress, every move of a card, saved views."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from bets.models.bet import Bet, Stage
from bets.models.portfolio import Portfolio, ValueStream, VisibleQuerySet
from spm.accounts.models import ApiKey, User
from spm.append_only import AppendOnlyModel


class WipLimit(models.Model):
    """At most ``limit`` bets in a stage, in one value stream or, without one, in all."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="wip_limits")
    stage = models.CharField(max_length=12, choices=Stage.choices)
    stream = models.ForeignKey(ValueStream, on_delete=models.CASCADE, null=True, blank=True)
    limit = models.PositiveSmallIntegerField()

    objects = VisibleQuerySet.as_manager()

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


class WipLimitChange(AppendOnlyModel):
    """One change of a limit: who, when, from what to what; null stands for no limit."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="+")
    stage = models.CharField(max_length=12, choices=Stage.choices)
    stream = models.ForeignKey(ValueStream, on_delete=models.PROTECT, null=True, related_name="+")
    from_limit = models.PositiveSmallIntegerField(null=True)
    to_limit = models.PositiveSmallIntegerField(null=True)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(AppendOnlyModel.Meta):
        """The stage is a known one, and something has changed."""

        indexes = [models.Index(fields=["portfolio", "stage"], name="wip_limit_change_of")]
        constraints = [
            models.CheckConstraint(
                condition=Q(stage__in=Stage.values), name="limited_stage_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(from_limit=models.F("to_limit"))
                | Q(from_limit__isnull=True, to_limit__isnull=False)
                | Q(from_limit__isnull=False, to_limit__isnull=True),
                name="limit_has_changed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_stage_display()}: {self.from_limit} → {self.to_limit}"


class StageChange(AppendOnlyModel):
    """One move of a card: who, when, from where to where, why a limit was overridden, and what
    was accepted.
    """

    bet = models.ForeignKey(Bet, on_delete=models.PROTECT, related_name="stage_changes")
    from_stage = models.CharField(max_length=12, choices=Stage.choices, blank=True)
    to_stage = models.CharField(max_length=12, choices=Stage.choices)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="+")
    # The bet's version after the move: who looked at an earlier one has not seen the move.
    bet_version = models.PositiveIntegerField(default=1)
    override_reason = models.TextField(blank=True)
    # What leaving the board leaves behind, as it stood when the person accepted it.
    accepted = models.TextField(blank=True)
    note = models.TextField(blank=True)

    class Meta(AppendOnlyModel.Meta):
        """Stages are known ones."""

        indexes = [
            models.Index(fields=["bet", "changed_at"], name="stage_change_of_bet"),
            models.Index(fields=["bet"], condition=~Q(override_reason=""), name="overrides_of_bet"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(to_stage__in=Stage.values), name="to_stage_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bet}: {self.from_stage or 'new'} → {self.to_stage}"

    @property
    def mover(self) -> str:
        """Who moved the card, as one calls them."""
        return str(self.changed_by or self.api_key or "The office")


class BoardView(models.Model):
    """Filters and lanes of the board under a name: a person's own, or shared with the portfolio.

    ``query`` is what stands in the address (``Filters.query``).
    """

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="views")
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="board_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000, blank=True)
    is_shared = models.BooleanField(default=False)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        """A person uses a name once in a portfolio."""

        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint("portfolio", "owner", Lower("name"), name="view_name_once"),
            models.CheckConstraint(condition=~Q(name=""), name="view_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class DefaultView(models.Model):
    """The view in which the board of a portfolio opens for a person."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    view = models.ForeignKey(BoardView, on_delete=models.CASCADE, related_name="default_of")
    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="+")

    class Meta:
        """One for each person in each portfolio."""

        constraints = [
            models.UniqueConstraint(fields=["person", "portfolio"], name="default_view_once"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.view}"
