"""Evidence: one append-only event that speaks for or against a hypothesis, and where it is from."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from bets.models import Bet, Hypothesis, Portfolio
from bets.models.portfolio import VisibleQuerySet
from spm.accounts.models import ApiKey, User
from spm.append_only import AppendOnlyModel
from spm.fields import FiniteField, ShareField


class Source(models.Model):
    """Where evidence comes from, and how far it is to be relied upon."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="sources")
    name = models.CharField(max_length=120)
    reliability = ShareField(default=1.0)
    basis = models.TextField(blank=True)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        """A name is used once in a portfolio; a source of no reliability says nothing."""

        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint("portfolio", Lower("name"), name="source_name_once"),
            models.CheckConstraint(condition=Q(reliability__gt=0), name="source_says_something"),
        ]

    def __str__(self) -> str:
        return self.name


class EvidenceKind(models.TextChoices):
    """The four kinds of event (engine.md, section 1)."""

    JUDGEMENT = "judgement", "Judgement"
    RATIO = "ratio", "Likelihood ratio"
    MEASUREMENT = "measurement", "Measurement"
    RETRACTION = "retraction", "Retraction"


class Strength(models.TextChoices):
    """A judgement's weight in words; in decibans 2.5, 5, 10 and 15."""

    WEAK = "weak", "Weak"
    MODERATE = "moderate", "Moderate"
    STRONG = "strong", "Strong"
    DECISIVE = "decisive", "Decisive"


_JUDGEMENT = Q(kind="judgement", direction__in=["for", "against"], strength__in=Strength.values)
_RATIO = Q(kind="ratio", likelihood_ratio__gt=0)
_PROPORTION = Q(
    kind="measurement",
    successes__gte=0,
    trials__gt=0,
    successes__lte=F("trials"),
    mean__isnull=True,
    standard_deviation__isnull=True,
    sample_size__isnull=True,
)
_MEAN = Q(
    kind="measurement",
    mean__isnull=False,
    standard_deviation__gt=0,
    sample_size__gt=0,
    successes__isnull=True,
    trials__isnull=True,
)
_RETRACTION = Q(kind="retraction", retracts__isnull=False)


#: The columns of what an event says, whichever kind it is of.
SAID = (
    "kind",
    "direction",
    "strength",
    "likelihood_ratio",
    "successes",
    "trials",
    "mean",
    "standard_deviation",
    "sample_size",
)


class Evidence(AppendOnlyModel):
    """One event. Written by ``evidence.intake`` alone; corrected by a later retraction.

    ``content_sha256`` is the digest of what was said (``evidence.intake.content_digest``): the
    same event delivered twice is known by it, and ``manage.py verify`` holds the row against it.
    """

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="evidence")
    bet = models.ForeignKey(Bet, on_delete=models.PROTECT, related_name="evidence")
    hypothesis = models.ForeignKey(Hypothesis, on_delete=models.PROTECT, related_name="evidence")
    source = models.ForeignKey(
        Source, on_delete=models.PROTECT, null=True, blank=True, related_name="evidence"
    )
    external_id = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001
    kind = models.CharField(max_length=12, choices=EvidenceKind.choices)
    direction = models.CharField(
        max_length=8, choices=[("for", "For"), ("against", "Against")], blank=True
    )
    strength = models.CharField(max_length=10, choices=Strength.choices, blank=True)
    likelihood_ratio = FiniteField(null=True, blank=True)
    successes = models.PositiveBigIntegerField(null=True, blank=True)
    trials = models.PositiveBigIntegerField(null=True, blank=True)
    mean = FiniteField(null=True, blank=True)
    standard_deviation = FiniteField(null=True, blank=True)
    sample_size = models.PositiveBigIntegerField(null=True, blank=True)
    retracts = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="retractions"
    )
    reliability = ShareField(default=1.0)
    observed_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.TextField(blank=True)
    link = models.URLField(max_length=500, blank=True)
    content_sha256 = models.CharField(max_length=64)

    objects = VisibleQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        """What each kind must carry, and that an outside event is taken once."""

        verbose_name_plural = "evidence"
        ordering = ["-recorded_at", "-id"]
        indexes = [
            models.Index(fields=["portfolio", "-recorded_at", "-id"], name="evidence_stream"),
            models.Index(fields=["hypothesis", "observed_at"], name="evidence_of_hypothesis"),
            models.Index(fields=["bet", "-observed_at"], name="evidence_of_bet"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["portfolio", "source", "external_id"],
                condition=Q(external_id__isnull=False),
                nulls_distinct=False,
                name="outside_event_once",
            ),
            models.CheckConstraint(
                condition=_JUDGEMENT | _RATIO | _PROPORTION | _MEAN | _RETRACTION,
                name="evidence_says_what_its_kind_needs",
            ),
            models.CheckConstraint(condition=Q(reliability__gt=0), name="evidence_says_something"),
            models.CheckConstraint(
                condition=Q(kind="retraction") | Q(retracts__isnull=True),
                name="only_retractions_retract",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.bet}"

    @property
    def summary(self) -> str:
        """What the event says, in a few words: '12 of 100', 'strong judgement against'."""
        if self.kind == EvidenceKind.JUDGEMENT:
            return f"{self.get_strength_display()} judgement {self.direction}"
        if self.kind == EvidenceKind.RATIO:
            return f"Likelihood ratio {self.likelihood_ratio:g}"
        if self.kind == EvidenceKind.RETRACTION:
            return f"Retracts: {self.retracts.summary}" if self.retracts else "Retraction"
        if self.trials is not None:
            return f"{self.successes:,} of {self.trials:,}"
        return f"Mean {self.mean:g} ± {self.standard_deviation:g} of {self.sample_size:,}"
