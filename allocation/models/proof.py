"""What holds the books together: seals on what was decided, and when all of it was proved."""

from django.db import models
from django.db.models import Q

from bets.models import Portfolio
from bets.models.portfolio import VisibleQuerySet
from spm.accounts.models import User
from spm.append_only import AppendOnlyModel


class Seal(AppendOnlyModel):
    """The digest of a decision, a consent or a change of a limit, chained like transfers are.

    ``content_sha256`` is the digest of the row itself, ``sha256`` that of the seal together with
    the ``previous_sha256`` of the seal before it (``allocation.sealing``).
    """

    class Of(models.TextChoices):
        """What is sealed."""

        DECISION = "decision", "Decision"
        CONSENT = "consent", "Consent"
        LIMIT_CHANGE = "limit", "Change of a limit"

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="seals")
    sequence = models.PositiveBigIntegerField()
    of = models.CharField(max_length=10, choices=Of.choices)
    row = models.PositiveBigIntegerField()
    content_sha256 = models.CharField(max_length=64)
    previous_sha256 = models.CharField(max_length=64, blank=True)
    sha256 = models.CharField(max_length=64)

    class Meta(AppendOnlyModel.Meta):
        """A chain without gaps or forks, in which a row stands once."""

        ordering = ["-sequence"]
        constraints = [
            models.UniqueConstraint(fields=["portfolio", "sequence"], name="seal_sequence"),
            models.UniqueConstraint(
                fields=["portfolio", "previous_sha256"], name="seals_do_not_fork"
            ),
            models.UniqueConstraint(fields=["of", "row"], name="sealed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_of_display()} {self.row}"


class Proof(models.Model):
    """One proof of a portfolio's books: asked for, and once it is finished what it found.

    A row that is not finished is what is owed, whatever becomes of the message to the worker.
    ``transfers`` and ``seals`` are how long the chains were that it read; ``findings`` are pairs of
    a row and what is wrong with it, the first ones, and ``wrong`` counts all of them.
    """

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="proofs")
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    finished_at = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0.0)
    transfers = models.PositiveBigIntegerField(default=0)
    seals = models.PositiveBigIntegerField(default=0)
    wrong = models.PositiveIntegerField(default=0)
    findings = models.JSONField(default=list)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        """Newest first; a portfolio is owed one at most."""

        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["portfolio"], condition=Q(finished_at=None), name="one_proof_is_owed"
            )
        ]

    def __str__(self) -> str:
        return f"{self.portfolio}: {'whole' if not self.wrong else f'{self.wrong} wrong'}"
