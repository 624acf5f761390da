"""Decisions: approval, partial approval, refusal, expiry; who, when, on which evidence."""

from django.db import models
from django.db.models import Q

from allocation.models.consent import Consent
from allocation.models.limits import Mandate
from allocation.models.proposal import Proposal
from bets.models import Portfolio
from bets.models.portfolio import VisibleQuerySet
from spm.accounts.models import ApiKey, User
from spm.accounts.signing import IN_WORDS
from spm.append_only import AppendOnlyModel


class Decision(AppendOnlyModel):
    """What was decided about a proposal, under which authority, and what was known then.

    ``part`` is what was asked and what was booked where only a part was approved, in the words of
    ``allocation.part``; otherwise None.
    ``signed_with`` says how the decider showed once more that it was them
    (``spm.accounts.signing``); empty where nobody sat there: expiry, histories, booking at once.
    ``consent`` is the approval of the first of two people, where two had to approve.
    """

    class Kind(models.TextChoices):
        """What can be decided."""

        APPROVED = "approved", "Approved"
        PARTLY_APPROVED = "partial", "Approved in part"
        REFUSED = "refused", "Refused"
        EXPIRED = "expired", "Expired"

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="decisions")
    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, related_name="decision")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="+")
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, null=True, related_name="+")
    authority = models.CharField(max_length=500)
    signed_with = models.CharField(max_length=16, blank=True)
    consent = models.OneToOneField(
        Consent, on_delete=models.PROTECT, null=True, related_name="decision"
    )
    reason = models.TextField(blank=True)
    proposal_version = models.PositiveIntegerField()
    content_sha256 = models.CharField(max_length=64)
    evidence_seen = models.JSONField(default=list)
    part = models.JSONField(null=True)

    objects = VisibleQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        """A refusal says why; a decision of a person names the person."""

        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="refused") | ~Q(reason=""), name="refusal_has_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(kind="expired") | Q(decided_by__isnull=False),
                name="decision_is_somebodys",
            ),
            models.CheckConstraint(
                condition=Q(kind="partial", part__isnull=False)
                | (~Q(kind="partial") & Q(part__isnull=True)),
                name="partial_decision_says_which_part",
            ),
        ]

    @property
    def booked_at_once(self) -> bool:
        """Whether it was booked at once under a mandate, with nobody sitting there."""
        approved = self.kind in (self.Kind.APPROVED, self.Kind.PARTLY_APPROVED)
        return approved and self.mandate_id is not None and not self.signed_with

    @property
    def signed_with_in_words(self) -> str:
        """How it was signed; empty where nobody sat there."""
        return IN_WORDS.get(self.signed_with, "")

    def __str__(self) -> str:
        return f"{self.proposal}: {self.get_kind_display().lower()}"
