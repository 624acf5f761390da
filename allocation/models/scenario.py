"""Scenarios: a what-if over the snapshot of a day."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from allocation.models.proposal import Proposal
from bets.models import Portfolio
from bets.models.portfolio import VisibleQuerySet
from evidence.models import Evidence
from spm.accounts.models import User
from spm.fields import FiniteField


class Scenario(models.Model):
    """Changes to a snapshot, and the engine's answer to them.

    ``snapshot`` is the portfolio at ``taken_at``, which had seen ``newest_evidence``; ``names``
    are what its bets, teams, guardrails, themes and streams were called. ``changes`` are
    ``allocation.assumptions`` changes in the order in which they were made.

    ``version`` counts each change of what is to be solved. While ``owed_since`` is set, a solve is
    owed, or a closer look at its answer: that row is the debt, whatever becomes of the message to
    the worker. ``solution`` is the answer to ``solved_version``, with what the closer look has
    found; ``problem`` says why there is none.
    """

    class State(models.TextChoices):
        """How far the answer is."""

        QUEUED = "queued", "Queued"
        SOLVING = "solving", "Being worked out"
        DONE = "done", "Done"
        FAILED = "failed", "Could not be worked out"

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="scenarios")
    name = models.CharField(max_length=120)
    note = models.TextField(blank=True)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    parent = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True)
    taken_at = models.DateTimeField(default=timezone.now)
    newest_evidence = models.ForeignKey(
        Evidence, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    snapshot = models.JSONField()
    names = models.JSONField(default=dict)
    changes = models.JSONField(default=list)
    version = models.PositiveIntegerField(default=1)
    owed_since = models.DateTimeField(null=True)
    solving_since = models.DateTimeField(null=True)
    solved_at = models.DateTimeField(null=True)
    solved_version = models.PositiveIntegerField(null=True)
    solution = models.JSONField(null=True, blank=True)
    problem = models.TextField(blank=True)
    worth = FiniteField(null=True)
    gain = FiniteField(null=True)
    turnover = FiniteField(null=True)
    proposal = models.ForeignKey(Proposal, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        """Newest first; a name is not empty."""

        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["owed_since"],
                condition=Q(owed_since__isnull=False),
                name="scenario_solve_owed",
            )
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="scenario_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """How far the answer to the scenario as it is now has come."""
        if self.is_settled:
            return self.State.DONE
        if self.owed_since is not None:
            return self.State.QUEUED if self.solving_since is None else self.State.SOLVING
        return self.State.FAILED

    @property
    def is_settled(self) -> bool:
        """Whether the solution answers the scenario as it is now."""
        return self.worth is not None and self.solved_version == self.version

    @property
    def state_in_words(self) -> str:
        """The state for people."""
        return str(self.State(self.state).label)
