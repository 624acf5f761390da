"""Scenarios: a what-if over the snapshot of a day."""

from django.db import models

from bets.models import Portfolio
from bets.models.portfolio import VisibleQuerySet
from spm.accounts.models import User


class Scenario(models.Model):
    """Changes to a snapshot, and the engine's answer to them."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="scenarios")
    name = models.CharField(max_length=120)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    parent = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True)
    snapshot = models.JSONField()
    changes = models.JSONField(default=list)
    solution = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        """Newest first."""

        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name
