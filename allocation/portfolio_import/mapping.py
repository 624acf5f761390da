"""The mapping: what the columns of a file mean, and what is assumed where they say nothing.

docs/import.md explains each setting; ``mapping_file`` reads and checks them.
"""

from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class PortfolioTerms:
    """The portfolio to be made; ``switching_cost`` in currency for each bet that changes."""

    name: str
    slug: str
    currency: str
    intent: str
    horizon_months: int
    switching_cost: float
    reserve_share: float
    reserve_floor_share: float


@dataclass(frozen=True)
class FileTerms:
    """How the file is written. An empty ``encoding`` or ``separator`` is found out."""

    encoding: str
    separator: str
    decimal: str
    day_first: bool
    undisclosed: tuple[str, ...]


@dataclass(frozen=True)
class DayOfPeriod:
    """A day that each period has, such as 30 September of the year before."""

    month: int
    day: int
    years_before: int

    def of(self, period: int) -> date:
        """The day that belongs to a period."""
        return date(period - self.years_before, self.month, self.day)


@dataclass(frozen=True)
class PeriodTerms:
    """Which period a row speaks of (its year), from when it funds and on which day it looks."""

    column: str
    every_row: int | None
    funded_from: DayOfPeriod
    observed_on: DayOfPeriod
    observed_exactly: Map[str, date]

    def observed(self, period: int) -> date:
        """The day on which the rows of a period were true."""
        return self.observed_exactly.get(str(period), self.observed_on.of(period))


@dataclass(frozen=True)
class BetTerms:
    """Which columns name a bet; ``same`` are spellings that the owner says are one bet."""

    name: str
    key: str
    description: str
    same: tuple[tuple[str, ...], ...]
    different: tuple[tuple[str, ...], ...]
    similarity: float
    source: str


@dataclass(frozen=True)
class StreamTerms:
    """The value stream: renamed ones under their last name, and between which work moved."""

    column: str
    aliases: Map[str, str]
    moved: tuple[frozenset[str], ...]
    names: Map[str, str]

    def canonical(self, text: str) -> str:
        """The stream's last name, whatever a row calls it."""
        return self.aliases.get(text.casefold(), text)


@dataclass(frozen=True)
class ThemeTerms:
    """The strategic theme; where a row has none, by stream, else ``otherwise``."""

    column: str
    otherwise: str
    by_stream: Map[str, str]
    targets: Map[str, tuple[float, float]]


@dataclass(frozen=True)
class FundingTerms:
    """The money: the first of ``columns`` that holds an amount, times ``unit``, over ``months``.

    ``full`` is the column of what the work was meant to have, from which ``full_funding`` comes.
    """

    columns: tuple[str, ...]
    full: str
    unit: float
    months: int
    when_missing: str


@dataclass(frozen=True)
class WorthTerms:
    """What a bet is worth over the horizon if its thesis holds, as a multiple of its funding.

    Where a row gives benefits and whole-life cost, their ratio takes the place of ``p50``, and
    ``p10`` and ``p90`` keep their distance from it, as ratios; ``unit`` of both cancels out.
    """

    p10: float
    p50: float
    p90: float
    benefits: str
    whole_life_cost: str
    least: float
    most: float
    response: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Weighed:
    """What one value of a judgement column says of the thesis; ``direction`` empty: nothing."""

    direction: str = ""
    strength: str = ""
    likelihood_ratio: float | None = None


@dataclass(frozen=True)
class JudgementTerms:
    """An outside judgement: its column, who it is from, and what each value is taken to say."""

    column: str
    source: str
    reliability: float
    basis: str
    note: str
    values: Map[str, Weighed]


@dataclass(frozen=True)
class ThesisTerms:
    """The hypothesis that every bet gets; ``{bet}`` and ``{stream}`` are filled in."""

    statement: str
    indicator: str
    prior: float
    half_life_days: float | None
    stop_below: float
    revive_above: float


@dataclass(frozen=True)
class BetConditions:
    """How a bet's money can be moved; costs in currency per unit of monthly rate."""

    liquidity: str = "property"
    horizon: str = "H2"
    reclaimable_share: float = 1.0
    notice_months: float = 0.0
    exit_cost: float = 0.0
    ramp_cost: float = 0.0
    withdrawable: float = 1.0


@dataclass(frozen=True)
class StageTerms:
    """On which column of the board a bet stands, by what its row says."""

    funded: str
    starting: str
    ending: str
    unfunded: str
    gone: str
    starting_months: float
    ending_months: float


@dataclass(frozen=True)
class GuardrailTerms:
    """A limit of the made portfolio; a scope names streams and themes by name."""

    name: str
    kind: str
    scope: Map[str, tuple[str, ...]]
    minimum: float | None
    maximum: float | None


@dataclass(frozen=True)
class ImportMapping:
    """The whole of it."""

    portfolio: PortfolioTerms
    file: FileTerms
    period: PeriodTerms
    bet: BetTerms
    stream: StreamTerms
    theme: ThemeTerms
    funding: FundingTerms
    starts: str
    ends: str
    worth: WorthTerms
    judgements: tuple[JudgementTerms, ...]
    thesis: ThesisTerms
    stage: StageTerms
    conditions: BetConditions
    conditions_by_theme: Map[str, BetConditions]
    guardrails: tuple[GuardrailTerms, ...] = field(default=())

    def columns(self) -> list[str]:
        """Every column that the file must have, in the order of the settings."""
        wanted = [
            self.period.column,
            self.bet.name,
            self.bet.key,
            self.bet.description,
            self.stream.column,
            self.theme.column,
            *self.funding.columns,
            self.funding.full,
            self.starts,
            self.ends,
            self.worth.benefits,
            self.worth.whole_life_cost,
            *(judgement.column for judgement in self.judgements),
        ]
        return list(dict.fromkeys(column for column in wanted if column))

    def conditions_of(self, theme: str) -> BetConditions:
        """How money of a bet of this theme can be moved."""
        return self.conditions_by_theme.get(theme, self.conditions)


def plain(text: str) -> str:
    """A value as it is compared: without capitals and with single spaces."""
    return " ".join(text.split()).casefold()
