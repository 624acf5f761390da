"""What is worked out about a portfolio beyond its proposal's moves, once these are published."""

from django.db import models
from django.db.models import Q

from allocation.models.proposal import Proposal
from bets.models import Portfolio
from bets.models.portfolio import VisibleQuerySet


class Study(models.Model):
    """Levers, frontier, robustness and value of information, as the engine has them.

    One for each proposal, of the snapshot that led to it; and one for each portfolio without a
    proposal, in which only the information is kept: that of the last run that led to none. Parts
    are null until they are worked out, ``finished_at`` until all are, or ``problem`` says why not.
    """

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="studies")
    proposal = models.OneToOneField(
        Proposal, on_delete=models.CASCADE, null=True, related_name="study"
    )
    as_of = models.DateTimeField()
    """The moment of the snapshot that it is about."""
    finished_at = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0.0)
    robustness = models.JSONField(null=True)
    levers = models.JSONField(null=True)
    frontier = models.JSONField(null=True)
    information = models.JSONField(null=True)
    problem = models.TextField(blank=True)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        """The newest first; a portfolio has one without a proposal at most."""

        verbose_name_plural = "studies"
        ordering = ["-as_of", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["portfolio"],
                condition=Q(proposal__isnull=True),
                name="one_study_without_a_proposal",
            ),
        ]
        indexes = [models.Index(fields=["portfolio", "-as_of"], name="newest_study")]

    def __str__(self) -> str:
        return f"Study of {self.proposal or self.portfolio}"
