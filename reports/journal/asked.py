"""What the address asks the journal for: a period, which decisions, where the page begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from allocation.models import Decision
from spm.reading import id_of

PERIODS = {"30": "30 days", "90": "90 days", "365": "A year", "all": "From the beginning"}
USUAL_PERIOD = "365"
PARTS = {
    "decisions": "Decisions",
    "waits": "Evidence to money",
    "authority": "Who decided",
    "refused": "Refused",
    "reversed": "Reversed",
    "freed": "Predicted and freed",
}
LONGEST_AUTHORITY = 200
LONGEST_KEY = 40


@dataclass(frozen=True)
class Asked:
    """What is shown; what an address says that cannot be is left out.

    ``kind``, ``authority`` and ``bet`` narrow the list of decisions and no figure; ``before`` is
    the key of the last row of the page before.
    """

    period: str = USUAL_PERIOD
    part: str = "decisions"
    kind: str = ""
    authority: str = ""
    bet: int | None = None
    before: str = ""

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> "Asked":
        """From the parameters of an address."""
        period, part = parameters.get("period", ""), parameters.get("part", "")
        kind = parameters.get("kind", "")
        return cls(
            period=period if period in PERIODS else USUAL_PERIOD,
            part=part if part in PARTS else "decisions",
            kind=kind if kind in Decision.Kind.values else "",
            authority=parameters.get("authority", "").replace("\0", "")[:LONGEST_AUTHORITY],
            bet=id_of(parameters.get("bet", "")),
            before=parameters.get("before", "")[:LONGEST_KEY],
        )

    def since(self, now: datetime) -> datetime | None:
        """The beginning of the period, or None for all there is."""
        return None if self.period == "all" else now - timedelta(days=int(self.period))

    def query(self, **other: str) -> str:
        """The parameters of the address again, some of them otherwise; '' leaves one out."""
        own = {
            "period": "" if self.period == USUAL_PERIOD else self.period,
            "part": "" if self.part == "decisions" else self.part,
            "kind": self.kind,
            "authority": self.authority,
            "bet": "" if self.bet is None else str(self.bet),
        }
        chosen = {name: value for name, value in {**own, **other}.items() if value}
        return f"?{urlencode(chosen)}" if chosen else ""
