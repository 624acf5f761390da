"""Proposals: what the engine, or a person, says should move, and why."""

from django.db import models
from django.db.models import F, Q

from bets.models import Bet, Portfolio, Stage
from bets.models.portfolio import VisibleQuerySet
from evidence.models import Evidence
from spm.accounts.models import User
from spm.fields import FiniteField, MoneyField


class RecomputeRequest(models.Model):
    """A recomputation that is owed. Inserted with its cause, deleted by the run that has seen it.

    Insert only, so that evidence never waits for a lock; a row of its own for each cause, so that
    what arrives during a run causes one more.
    """

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=120)
    evidence = models.ForeignKey(Evidence, on_delete=models.CASCADE, null=True, related_name="+")
    requested_at = models.DateTimeField()

    class Meta:
        """Read by portfolio."""

        indexes = [
            models.Index(fields=["portfolio", "requested_at"], name="recompute_requests_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.portfolio}: {self.reason}"


class Proposal(models.Model):
    """A set of moves with its reasons.

    ``version`` counts each change of what a reader would see, the list of evidence included;
    ``content_sha256`` is the digest of the moves. An approval names both. ``snapshot`` and
    ``solution`` are the engine's own input and output, so that every figure can be opened.

    A proposal to stop or to pivot is ``about`` one bet, and carries the ``reason`` it was drawn up
    for and the ``consequences`` that were on the table (``allocation.leaving``); a pivot names the
    ``successor``.
    """

    class Purpose(models.TextChoices):
        """What it is for: to allocate better, or to end a bet."""

        REALLOCATION = "reallocation", "Reallocation"
        STOP = "stop", "Stop"
        PIVOT = "pivot", "Pivot"

    class Status(models.TextChoices):
        """Where a proposal stands; only an open one can be decided."""

        OPEN = "open", "Open"
        APPROVED = "approved", "Approved"
        PARTLY_APPROVED = "partial", "Approved in part"
        REFUSED = "refused", "Refused"
        SUPERSEDED = "superseded", "Superseded"
        WITHDRAWN = "withdrawn", "Withdrawn"
        EXPIRED = "expired", "Expired"

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="proposals")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    drawn_up_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    contributors = models.ManyToManyField(User, blank=True, related_name="+")
    replaces = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    purpose = models.CharField(max_length=12, choices=Purpose.choices, default=Purpose.REALLOCATION)
    about = models.ForeignKey(
        Bet, on_delete=models.PROTECT, null=True, blank=True, related_name="proposals_to_leave"
    )
    successor = models.ForeignKey(
        Bet, on_delete=models.PROTECT, null=True, blank=True, related_name="proposals_to_begin"
    )
    reason = models.TextField(blank=True)
    consequences = models.JSONField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    content_sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    checked_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_because = models.CharField(max_length=300, blank=True)
    horizon_months = models.PositiveSmallIntegerField()
    objective_current = FiniteField()
    objective_proposed = FiniteField()
    objective_bound = FiniteField()
    gap = FiniteField(default=0.0)
    gain = FiniteField()
    gain_per_month_of_waiting = FiniteField()
    out_of_bets = MoneyField(default=0)
    freed = MoneyField(default=0)
    entangled = MoneyField(default=0)
    exit_costs = MoneyField(default=0)
    snapshot = models.JSONField()
    solution = models.JSONField()
    evidence = models.ManyToManyField(Evidence, blank=True, related_name="proposals")
    newest_evidence = models.ForeignKey(
        Evidence, on_delete=models.PROTECT, null=True, related_name="+"
    )

    objects = VisibleQuerySet.as_manager()

    class Meta:
        """Numbered within the portfolio; the engine keeps at most one open."""

        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["portfolio", "number"], name="proposal_number_once"),
            models.UniqueConstraint(
                fields=["portfolio"],
                condition=Q(status="open", drawn_up_by__isnull=True),
                name="one_open_proposal_of_the_engine",
            ),
            models.CheckConstraint(
                condition=Q(status="open", closed_at__isnull=True)
                | (~Q(status="open") & Q(closed_at__isnull=False)),
                name="closed_proposals_say_when",
            ),
            models.UniqueConstraint(
                fields=["about"],
                condition=Q(status="open"),
                name="one_open_proposal_to_end_a_bet",
            ),
            models.CheckConstraint(
                condition=Q(purpose="reallocation", about=None, successor=None)
                | Q(purpose="stop", about__isnull=False, successor=None)
                | Q(purpose="pivot", about__isnull=False, successor__isnull=False),
                name="ends_are_about_a_bet",
            ),
            models.CheckConstraint(
                condition=Q(purpose="reallocation")
                | (Q(drawn_up_by__isnull=False, consequences__isnull=False) & ~Q(reason="")),
                name="ends_are_somebodys_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"Proposal {self.number}"

    @property
    def is_open(self) -> bool:
        """Whether it can still be decided."""
        return self.status == self.Status.OPEN

    @property
    def ends_a_bet(self) -> bool:
        """Whether it stops or pivots a bet: decided as a whole or not at all."""
        return self.purpose != self.Purpose.REALLOCATION


class LatestRun(models.Model):
    """What the last recomputation of a portfolio found, whether or not it led to a proposal.

    ``problem`` is what the engine could not take, if it could not; the page shows it. ``limits``
    are the guardrails and the envelope as the engine found them, before and after.
    """

    portfolio = models.OneToOneField(
        Portfolio, on_delete=models.CASCADE, primary_key=True, related_name="latest_run"
    )
    finished_at = models.DateTimeField()
    seconds = models.FloatField(default=0.0)
    objective_current = FiniteField(default=0.0)
    objective_best = FiniteField(default=0.0)
    outcome = models.CharField(max_length=200, blank=True)
    problem = models.TextField(blank=True)
    limits = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.portfolio}: {self.outcome or self.problem}"

    @property
    def allocation_gap(self) -> float:
        """Expected value of the best feasible allocation minus that of today's, in currency."""
        return self.objective_best - self.objective_current


class ProposalChange(models.Model):
    """What a proposal does to one bet; rates in currency per month, costs in currency.

    ``leaves_to`` is the exit to which the card of a bet goes that is ended; empty for the others.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="changes")
    bet = models.ForeignKey(Bet, on_delete=models.PROTECT, related_name="proposed_changes")
    working_before = MoneyField()
    working_after = MoneyField()
    freed = MoneyField(default=0)
    entangled = MoneyField(default=0)
    notice_months = FiniteField(default=0.0)
    exit_cost = MoneyField(default=0)
    ramp_cost = MoneyField(default=0)
    gain_alone = FiniteField(null=True)
    belief = FiniteField()
    approved = models.BooleanField(null=True)
    leaves_to = models.CharField(max_length=12, choices=Stage.choices, blank=True)

    class Meta:
        """A bet changes once in a proposal."""

        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["proposal", "bet"], name="change_of_bet_once"),
            models.CheckConstraint(
                condition=~Q(working_before=F("working_after")), name="change_changes_something"
            ),
            models.CheckConstraint(
                condition=Q(leaves_to__in=["", "stopped", "pivoted"]), name="leaves_to_an_exit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bet}: {self.working_before} → {self.working_after}"


class Move(models.Model):
    """One amount per month from a bet, or the reserve (null), to another, or the reserve."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="moves")
    from_bet = models.ForeignKey(Bet, on_delete=models.PROTECT, null=True, related_name="+")
    to_bet = models.ForeignKey(Bet, on_delete=models.PROTECT, null=True, related_name="+")
    amount = MoneyField()
    available_in_months = FiniteField(default=0.0)

    class Meta:
        """Something moves, from one place to another."""

        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="move_moves_something"),
            models.CheckConstraint(
                condition=Q(from_bet__isnull=False) | Q(to_bet__isnull=False),
                name="move_touches_a_bet",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount}: {self.from_bet or 'reserve'} → {self.to_bet or 'reserve'}"
