"""Limits: guardrails, which hold without anyone being asked, and mandates, which say who may."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from bets.models import Portfolio
from bets.models.portfolio import VisibleQuerySet
from spm.accounts.models import ApiKey, User
from spm.fields import MoneyField


class Guardrail(models.Model):
    """A limit on the allocation.

    ``scope`` names attributes of bets and their values, such as ``{"horizon": ["H3"]}``; empty
    means all. ``minimum`` and ``maximum`` are shares of the envelope for the kinds `share`,
    `bet_share` and `turnover`, currency per month for `amount` and `reserve`, bets for `count`.
    """

    class Kind(models.TextChoices):
        """The kinds that the engine knows (engine.md, section 2)."""

        SHARE = "share", "Share of the envelope"
        AMOUNT = "amount", "Amount per month"
        BET_SHARE = "bet_share", "Share held by one bet"
        TURNOVER = "turnover", "Turnover of one proposal"
        COUNT = "count", "Number of funded bets"
        RESERVE = "reserve", "Reserve"

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="guardrails")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    scope = models.JSONField(default=dict, blank=True)
    minimum = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    maximum = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        """A limit limits something, and its range is a range."""

        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=["share", "amount", "bet_share", "turnover", "count", "reserve"]
                ),
                name="guardrail_kind_is_known",
            ),
            models.CheckConstraint(
                condition=Q(minimum__isnull=False) | Q(maximum__isnull=False),
                name="guardrail_limits_something",
            ),
            models.CheckConstraint(
                condition=Q(minimum__isnull=True)
                | Q(minimum__gte=0, minimum__lt=1_000_000_000_000),
                name="guardrail_minimum_is_a_number",
            ),
            models.CheckConstraint(
                condition=Q(maximum__isnull=True)
                | Q(maximum__gte=0, maximum__lt=1_000_000_000_000),
                name="guardrail_maximum_is_a_number",
            ),
            models.CheckConstraint(
                condition=Q(minimum__isnull=True)
                | Q(maximum__isnull=True)
                | Q(minimum__lte=F("maximum")),
                name="guardrail_range_is_a_range",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Mandate(models.Model):
    """Delegated authority: who may approve what without the CFO, until when, granted by whom."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="mandates")
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="mandates"
    )
    api_key = models.ForeignKey(
        ApiKey, on_delete=models.CASCADE, null=True, blank=True, related_name="mandates"
    )
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    scope = models.JSONField(default=dict, blank=True)
    most_per_move = MoneyField()
    most_per_30_days = MoneyField()
    reversible_only = models.BooleanField(default=True)
    starts_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        """One holder, who did not grant it to themselves, for a time that ends."""

        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=True) ^ Q(api_key__isnull=True),
                name="mandate_has_one_holder",
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=True) | ~Q(user=F("granted_by")),
                name="mandate_is_granted_by_another",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("starts_at")), name="mandate_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.api_key}: up to {self.most_per_move} a move"
