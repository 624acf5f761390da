"""What has been imported from files of status rows, so that the same file changes nothing again."""

from django.db import models

from bets.models import Portfolio


class ImportedPeriod(models.Model):
    """One period of a source, written in the transaction that imported it.

    ``replayed`` tells a period that was played in its own time, with the engine run after it, from
    one that was taken in as history. ``figures`` is what was found then, for the account that an
    import gives (``allocation.portfolio_import.account``).
    """

    portfolio = models.ForeignKey(
        Portfolio, on_delete=models.CASCADE, related_name="imported_periods"
    )
    source = models.CharField(max_length=60)
    period = models.PositiveSmallIntegerField()
    replayed = models.BooleanField()
    imported_at = models.DateTimeField()
    figures = models.JSONField(default=dict)

    class Meta:
        """A period of a source is imported once."""

        ordering = ["portfolio", "source", "period"]
        constraints = [
            models.UniqueConstraint(
                fields=["portfolio", "source", "period"], name="period_imported_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.period}"
