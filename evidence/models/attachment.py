"""Files that go with a piece of evidence: first on their way, then for good."""

from django.db import models
from django.db.models import Q

from bets.models import Portfolio
from bets.models.portfolio import VisibleQuerySet
from evidence.models.event import Evidence
from spm.accounts.models import User
from spm.append_only import AppendOnlyModel


class Upload(models.Model):
    """A file that has arrived before the form that names it by its ``token``.

    ``evidence`` is what it went with; the content is then kept there alone.
    """

    token = models.CharField(max_length=32, unique=True)
    uploaded_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    uploaded_at = models.DateTimeField(db_index=True)
    name = models.CharField(max_length=120)
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    content = models.BinaryField()
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        """In the order in which they arrived."""

        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Attachment(AppendOnlyModel):
    """A file of a piece of evidence. Its digest is part of that of the evidence.

    ``size`` is in bytes, ``sha256`` the digest of the content, in hexadecimal.
    """

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="+")
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="attachments")
    name = models.CharField(max_length=120)
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()

    objects = VisibleQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        """In the order in which they were attached; none is empty."""

        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(size__gt=0), name="attachment_is_a_file")]

    def __str__(self) -> str:
        return self.name
