"""Limits: guardrails, which hold without anyone being asked, and mandates, which say who may."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Floor, Lower
from django.utils import timezone

from bets.models import Portfolio
from bets.models.portfolio import VisibleQuerySet
from spm.accounts.models import ApiKey, User
from spm.append_only import AppendOnlyModel
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
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        """A limit limits something that its kind can limit, its range is a range, its name its own.

        ``allocation.guardrails`` says the same in sentences, before it comes to this.
        """

        ordering = ["id"]
        constraints = [
            models.UniqueConstraint("portfolio", Lower("name"), name="guardrail_name_once"),
            models.UniqueConstraint(fields=["id", "portfolio"], name="guardrail_with_portfolio"),
            models.CheckConstraint(
                condition=~Q(kind__in=["share", "bet_share", "turnover"])
                | (
                    (Q(minimum__isnull=True) | Q(minimum__lte=1))
                    & (Q(maximum__isnull=True) | Q(maximum__lte=1))
                ),
                name="guardrail_share_is_a_share",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["bet_share", "turnover"]) | Q(minimum__isnull=True),
                name="guardrail_limits_what_its_kind_can",
            ),
            models.CheckConstraint(
                condition=~Q(kind="count")
                | (
                    (Q(minimum__isnull=True) | Q(minimum=Floor("minimum")))
                    & (Q(maximum__isnull=True) | Q(maximum=Floor("maximum")))
                ),
                name="guardrail_counts_whole_bets",
            ),
            models.CheckConstraint(
                condition=~Q(kind="reserve") | Q(scope={}), name="guardrail_reserve_has_no_scope"
            ),
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


class LimitChange(AppendOnlyModel):
    """One change of a limit: who, when, from what to what, and why.

    ``before`` and ``after`` are the terms of the guardrail (``allocation.limit_journal``), or
    those of the mandate (``allocation.mandates``), or ``{"amount": …}`` in currency per month, null
    for never, for the other subjects; ``before`` is empty where the guardrail was made or the
    mandate granted.
    """

    class Subject(models.TextChoices):
        """What was changed."""

        GUARDRAIL = "guardrail", "Guardrail"
        ENVELOPE = "envelope", "Envelope"
        RESERVE_FLOOR = "floor", "Reserve floor"
        FINANCE_ABOVE = "finance", "Finance decides above"
        TWO_PEOPLE_ABOVE = "two", "Two people decide above"
        MANDATE = "mandate", "Mandate"

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="limit_changes")
    subject = models.CharField(max_length=10, choices=Subject.choices)
    guardrail = models.ForeignKey(
        Guardrail, on_delete=models.PROTECT, null=True, related_name="changes"
    )
    mandate = models.ForeignKey(
        "Mandate", on_delete=models.PROTECT, null=True, related_name="changes"
    )
    before = models.JSONField(default=dict)
    after = models.JSONField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.TextField()

    objects = VisibleQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        """It is about a guardrail, a mandate or neither, as it says, and says why."""

        ordering = ["-id"]
        indexes = [models.Index(fields=["portfolio", "changed_at"], name="limit_change_of")]
        constraints = [
            models.UniqueConstraint(fields=["id", "portfolio"], name="limit_change_with_portfolio"),
            models.CheckConstraint(
                condition=Q(subject="guardrail", guardrail__isnull=False, mandate__isnull=True)
                | Q(subject="mandate", guardrail__isnull=True, mandate__isnull=False)
                | Q(
                    subject__in=["envelope", "floor", "finance", "two"],
                    guardrail__isnull=True,
                    mandate__isnull=True,
                ),
                name="limit_change_says_of_what",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="limit_change_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.guardrail or self.get_subject_display()}: {self.reason}"


class Mandate(models.Model):
    """Delegated authority: who may approve what without the CFO, until when, granted by whom.

    ``scope`` names attributes of bets and their values, as that of a guardrail does; empty means
    all bets. The two sums are currency per month. ``reversible_only`` leaves out the liquidity
    classes that take a year or more to leave. ``books_at_once``: what lies inside is booked as soon
    as it is proposed, and announced. Only ``revoked_at`` is ever changed.
    """

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
    books_at_once = models.BooleanField(default=False)
    starts_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        """One holder, who did not grant it to themselves, for a time that ends."""

        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["id", "portfolio"], name="mandate_with_portfolio"),
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
            models.CheckConstraint(
                condition=Q(most_per_move__gt=0, most_per_30_days__gte=F("most_per_move")),
                name="mandate_allows_a_move",
            ),
        ]

    def __str__(self) -> str:
        return f"Mandate {self.pk}"

    @property
    def holder(self) -> User | ApiKey:
        """The person or the key that holds it."""
        holder = self.user or self.api_key
        assert holder is not None  # by mandate_has_one_holder
        return holder
