"""A portfolio and the two ways in which its money is divided: themes and value streams."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from spm.accounts.permissions import visible_portfolio_ids
from spm.errors import Invalid
from spm.fields import FiniteField, MoneyField, ShareField


class VisibleQuerySet(models.QuerySet[Any]):
    """Rows of the portfolios that a principal may see."""

    def visible_to(self, principal: Any) -> "VisibleQuerySet":
        """What this person or key may see at all; the one entry point for every page and path."""
        return self.filter(portfolio_id__in=visible_portfolio_ids(principal))


class PortfolioQuerySet(models.QuerySet["Portfolio"]):
    """Portfolios."""

    def visible_to(self, principal: Any) -> "PortfolioQuerySet":
        """The portfolios of which the principal may see anything."""
        return self.filter(pk__in=visible_portfolio_ids(principal))

    def meant_by(self, principal: Any, portfolio_id: int | None = None) -> "Portfolio":
        """The portfolio that the principal names, or the only one that they may see.

        Raises:
            Invalid: there is no such portfolio for them, or none is named and they have several.
        """
        visible = self.visible_to(principal)
        if portfolio_id is not None:
            named = visible.filter(pk=portfolio_id).first()
            if named is None:
                raise Invalid({"portfolio": "There is no such portfolio that you may see."})
            return named
        found = list(visible[:2])
        if len(found) != 1:
            raise Invalid({"portfolio": "Say in which portfolio: you do not have exactly one."})
        return found[0]


class Portfolio(models.Model):
    """A capital envelope and the intent that governs it; has guardrails, members and proposals.

    ``envelope`` and ``reserve`` are projections of the ledger (currency per month), written in
    the transaction that books and held against it by ``manage.py verify``. ``lever_terms`` says
    what structural levers take where it is not the usual (docs/concepts-allocation.md).
    ``finance_above`` is the most, currency per month, that a portfolio lead may decide to move, and
    ``two_people_above`` what two people have to approve together above; null for never.
    """

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    intent = models.TextField(blank=True)
    currency = models.CharField(max_length=3, default="EUR")
    horizon_months = models.PositiveSmallIntegerField(default=24)
    reserve_floor = MoneyField(default=0)
    switching_cost = MoneyField(default=0)
    quiet_gain_share = ShareField(default=0.005)
    quiet_change_share = ShareField(default=0.05)
    scaling_bar = ShareField(default=0.60)
    scaling_decibans = FiniteField(default=10.0)
    lever_terms = models.JSONField(default=dict, blank=True)
    proposals_expire_days = models.PositiveSmallIntegerField(default=30)
    finance_above = MoneyField(default=0)
    two_people_above = MoneyField(null=True, blank=True)
    envelope = MoneyField(default=0, editable=False)
    reserve = MoneyField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PortfolioQuerySet.as_manager()

    class Meta:
        """A currency is three capitals; a horizon is at least a month."""

        constraints = [
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="currency_is_three_capitals"
            ),
            models.CheckConstraint(
                condition=Q(horizon_months__gte=1), name="horizon_is_a_month_or_more"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Theme(models.Model):
    """A strategic theme: a statement of intent with a target range of the envelope."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="themes")
    name = models.CharField(max_length=120)
    statement = models.TextField(blank=True)
    target_min_share = ShareField(default=0.0)
    target_max_share = ShareField(default=1.0)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        """A name is used once in a portfolio; the range is a range."""

        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint("portfolio", Lower("name"), name="theme_name_once"),
            models.UniqueConstraint(fields=["id", "portfolio"], name="theme_with_portfolio"),
            models.CheckConstraint(
                condition=Q(target_min_share__lte=F("target_max_share")),
                name="theme_range_is_a_range",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ValueStream(models.Model):
    """A long-lived flow of value with its own teams; funded to guardrails."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="streams")
    name = models.CharField(max_length=120)
    purpose = models.TextField(blank=True)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        """A name is used once in a portfolio."""

        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint("portfolio", Lower("name"), name="stream_name_once"),
            models.UniqueConstraint(fields=["id", "portfolio"], name="stream_with_portfolio"),
        ]

    def __str__(self) -> str:
        return self.name
