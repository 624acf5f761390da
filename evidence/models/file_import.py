"""Files of evidence: what was handed in, how far it is, and which events came of it."""

from django.db import models

from bets.models import Portfolio
from bets.models.portfolio import VisibleQuerySet
from evidence.models.event import Evidence
from spm.accounts.models import User


class EvidenceImport(models.Model):
    """One file, from its upload to its report.

    ``content`` holds the bytes until the file has been taken apart, ``grid`` its columns and rows
    from then on (JSON, compressed). ``shape`` is the digest of its column names, by which the
    mapping of the last file of the same shape is found. ``problems`` are the rows that could not
    be taken: line, column, reason. The status is the debt: a worker owes what ends in '-ing'.
    """

    class Status(models.TextChoices):
        """Where the file stands."""

        READING = "reading", "Being taken apart"
        UNUSABLE = "unusable", "Cannot be used"
        MAPPING = "mapping", "Waits for you to look it over"
        IMPORTING = "importing", "Being imported"
        DONE = "done", "Imported"
        STOPPED = "stopped", "Stopped half-way"
        UNDOING = "undoing", "Being taken back"
        UNDONE = "undone", "Taken back"

    OWED = (Status.READING, Status.IMPORTING, Status.UNDOING)

    portfolio = models.ForeignKey(
        Portfolio, on_delete=models.CASCADE, related_name="evidence_imports"
    )
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()
    filename = models.CharField(max_length=200)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.READING)
    fault = models.TextField(blank=True)
    content = models.BinaryField(null=True)
    grid = models.BinaryField(null=True)
    shape = models.CharField(max_length=64, blank=True)
    recognised = models.JSONField(default=dict)
    mapping = models.JSONField(default=dict)
    rows = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    taken = models.PositiveIntegerField(default=0)
    repeated = models.PositiveIntegerField(default=0)
    silent = models.PositiveIntegerField(default=0)
    new_bets = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)
    owed_since = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        """Newest first."""

        ordering = ["-id"]
        indexes = [
            models.Index(fields=["portfolio", "shape", "-id"], name="evidence_import_shape"),
            models.Index(fields=["status", "owed_since"], name="evidence_import_owed"),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def is_owed(self) -> bool:
        """Whether a worker has something to do."""
        return self.status in self.OWED

    @property
    def refused(self) -> int:
        """How many rows could not be taken."""
        return len({problem["line"] for problem in self.problems})


class ImportedEvidence(models.Model):
    """Which event came from which line of a file."""

    file = models.ForeignKey(EvidenceImport, on_delete=models.CASCADE, related_name="imported")
    line = models.PositiveIntegerField()
    evidence = models.OneToOneField(Evidence, on_delete=models.PROTECT, related_name="imported")

    def __str__(self) -> str:
        return f"line {self.line} of {self.file}"
