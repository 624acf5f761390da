"""Consents: the first of two approvals of the same thing, kept until the second books it."""

from django.db import models

from allocation.models.limits import Mandate
from allocation.models.proposal import Proposal
from bets.models import Portfolio
from bets.models.portfolio import VisibleQuerySet
from spm.accounts.models import ApiKey, User
from spm.append_only import AppendOnlyModel


class Consent(AppendOnlyModel):
    """One person has approved what two have to approve.

    It counts for the version and the content that it names, and for the part of it whose digest is
    ``part_sha256`` (empty for the whole); another version needs it anew.
    """

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="consents")
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="consents")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="+")
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, null=True, related_name="+")
    authority = models.CharField(max_length=500)
    signed_with = models.CharField(max_length=16, blank=True)
    given_at = models.DateTimeField()
    reason = models.TextField(blank=True)
    proposal_version = models.PositiveIntegerField()
    content_sha256 = models.CharField(max_length=64)
    part = models.JSONField(null=True)
    part_sha256 = models.CharField(max_length=64, blank=True)

    objects = VisibleQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        """A person consents to the same thing once."""

        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "person", "proposal_version", "content_sha256", "part_sha256"],
                name="consent_to_the_same_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} approves {self.proposal}"
