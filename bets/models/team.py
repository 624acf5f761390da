"""Teams, and how well one can take over what is freed in another."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from bets.models.portfolio import Portfolio, ValueStream, VisibleQuerySet
from spm.fields import MoneyField, ShareField


class Team(models.Model):
    """People with a capacity: the funding rate that they can absorb, in currency per month.

    ``overload`` is a projection (currency per month): what is left over the capacity when the
    teams lend each other what they can. It is written when the portfolio is computed, and held
    against its sources by ``manage.py verify``.
    """

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="teams")
    stream = models.ForeignKey(
        ValueStream, on_delete=models.PROTECT, null=True, blank=True, related_name="teams"
    )
    name = models.CharField(max_length=120)
    capacity = MoneyField()
    overload = MoneyField(default=0, editable=False)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        """A name is used once in a portfolio."""

        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint("portfolio", Lower("name"), name="team_name_once"),
            models.UniqueConstraint(fields=["id", "portfolio"], name="team_with_portfolio"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        """At most two letters, for the marks on cards."""
        return "".join(word[0] for word in self.name.split()[:2]).upper()


class Fungibility(models.Model):
    """How well ``to_team`` can take over capacity freed in ``from_team``, 0 to 1."""

    from_team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="lends_to")
    to_team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="borrows_from")
    efficiency = ShareField()

    class Meta:
        """One figure for each ordered pair of different teams."""

        verbose_name_plural = "fungibilities"
        constraints = [
            models.UniqueConstraint(fields=["from_team", "to_team"], name="fungibility_once"),
            models.CheckConstraint(
                condition=~Q(from_team=F("to_team")), name="fungibility_of_two_teams"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_team} → {self.to_team}: {self.efficiency:.0%}"
