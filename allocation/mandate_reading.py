"""What pages and the API show of mandates: each with its scope in words and what is used of it."""

from dataclasses import dataclass
from datetime import datetime

from allocation.guardrails import known_values
from allocation.limit_changes import scope_in_words
from allocation.mandates import Use, uses
from allocation.models import Decision, Mandate
from bets.models import Portfolio

MOST_DECISIONS = 50


@dataclass(frozen=True)
class MandateRow:
    """One mandate as it is shown; sums are currency per month."""

    use: Use
    scope: str
    currency: str

    @property
    def mandate(self) -> Mandate:
        """The mandate."""
        return self.use.mandate

    @property
    def holder(self) -> str:
        """Who holds it."""
        key = self.mandate.api_key
        return str(self.mandate.user) if key is None else f"Key ‘{key.name}’ of {key.owner}"

    @property
    def decisions(self) -> list[Decision]:
        """What was decided under it, newest first."""
        rows = Decision.objects.filter(mandate=self.mandate).order_by("-id")
        return list(
            rows.select_related("proposal", "decided_by").defer(
                "proposal__snapshot", "proposal__solution"
            )[:MOST_DECISIONS]
        )


def mandate_rows(portfolio: Portfolio, moment: datetime) -> list[MandateRow]:
    """All mandates of a portfolio, the newest first; a fixed number of queries."""
    rows = Mandate.objects.filter(portfolio=portfolio).order_by("-id")
    found = list(rows.select_related("portfolio", "user", "api_key__owner", "granted_by"))
    known = known_values(portfolio)
    return [
        MandateRow(use, scope_in_words(use.mandate.scope, known) or "all bets", portfolio.currency)
        for use in uses(found, moment)
    ]


def row_of(mandate: Mandate, moment: datetime) -> MandateRow:
    """One mandate, as it is shown."""
    [use] = uses([mandate], moment)
    words = scope_in_words(mandate.scope, known_values(mandate.portfolio))
    return MandateRow(use, words or "all bets", mandate.portfolio.currency)
