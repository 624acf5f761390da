"""The portfolio that follows from the rows: bets, what each holds and says in each period.

Nothing here is written anywhere; ``apply`` does that. All rates are currency per month, all
values currency over the portfolio's horizon.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from allocation.portfolio_import.identity import Identified
from allocation.portfolio_import.mapping import ImportMapping, Weighed
from allocation.portfolio_import.names import words_of
from allocation.portfolio_import.rows import Judged, StatusRow

CENT = Decimal("0.01")
NOTHING = Decimal("0.00")
LONGEST_KEY = 200
LONGEST_SIGNAL = 120
DAYS_OF_MONTH = 30.4375


@dataclass(frozen=True)
class PlannedEvidence:
    """One outside judgement of a bet; ``external_id`` makes a second import find it again."""

    external_id: str
    source: str
    weighed: Weighed
    observed_on: date
    note: str


@dataclass(frozen=True)
class Worth:
    """What a bet is worth over the horizon if its thesis holds; currency."""

    p10: Decimal
    p50: Decimal
    p90: Decimal


@dataclass(frozen=True)
class Standing:
    """A bet in one period.

    ``assumed`` where the rate is not from the row; ``line`` 0 where no row speaks of the period.
    """

    period: int
    line: int
    stage: str
    rate: Decimal
    assumed: bool
    full_funding: Decimal
    worth: Worth | None
    signal: str
    signal_source: str
    signal_on: date | None
    description: str
    evidence: tuple[PlannedEvidence, ...]
    is_gone: bool = False


@dataclass(frozen=True)
class PlannedBet:
    """A bet, from its first period on; ``keys`` are all the names that the source has for it."""

    keys: tuple[str, ...]
    title: str
    stream: str
    theme: str
    statement: str
    standings: Mapping[int, Standing]

    @property
    def key(self) -> str:
        """The name that it is made under."""
        return self.keys[0]


@dataclass(frozen=True)
class Plan:
    """The whole portfolio over its periods, in order; envelopes in currency per month."""

    periods: tuple[int, ...]
    bets: tuple[PlannedBet, ...]
    streams: tuple[str, ...]
    themes: tuple[str, ...]
    envelopes: Mapping[int, Decimal]

    def standing_in(self, period: int) -> list[tuple[PlannedBet, Standing]]:
        """The bets known by a period, in order, as they stand in it."""
        return [(bet, bet.standings[period]) for bet in self.bets if period in bet.standings]


def plan_of(identified: Identified, mapping: ImportMapping) -> Plan:
    """Work out the portfolio."""
    periods = tuple(sorted({row.period for rows in identified.bets for row in rows}))
    bets = tuple(_bet(rows, periods, mapping) for rows in identified.bets)
    return Plan(
        periods=periods,
        bets=bets,
        streams=tuple(sorted({bet.stream for bet in bets})),
        themes=tuple(sorted({bet.theme for bet in bets} | set(mapping.theme.targets))),
        envelopes={period: _envelope(bets, period, mapping) for period in periods},
    )


def _envelope(bets: Iterable[PlannedBet], period: int, mapping: ImportMapping) -> Decimal:
    """What the bets hold, and beside it the reserve's share of the whole."""
    held = sum((bet.standings[period].rate for bet in bets if period in bet.standings), NOTHING)
    share = Decimal(str(mapping.portfolio.reserve_share))
    return (held / (1 - share)).quantize(CENT, ROUND_HALF_UP) if share < 1 else held


def _bet(rows: list[StatusRow], periods: tuple[int, ...], mapping: ImportMapping) -> PlannedBet:
    latest = rows[-1]
    theme = _theme(rows, latest.stream, mapping)
    keys = keys_of(rows)
    names = {"bet": latest.name, "stream": latest.stream}
    return PlannedBet(
        keys=keys,
        title=latest.name,
        stream=latest.stream,
        theme=theme,
        statement=_filled(mapping.thesis.statement, names),
        standings=_standings(keys[0], rows, periods, mapping),
    )


def _theme(rows: list[StatusRow], stream: str, mapping: ImportMapping) -> str:
    stated = [row.theme for row in rows if row.theme]
    if stated:
        return stated[-1]
    return mapping.theme.by_stream.get(stream, mapping.theme.otherwise)


def keys_of(rows: Iterable[StatusRow]) -> tuple[str, ...]:
    """The names under which a bet can be found again: by name and stream, and by its key.

    Capitals and punctuation do not matter. The first is that of the earliest row, which stays
    the earliest when a file grows by a year.
    """
    keys = []
    for row in rows:
        keys.append(_short(f"name:{row.stream.casefold()}/{' '.join(words_of(row.name))}"))
        if row.key:
            keys.append(_short(f"key:{row.key.casefold()}"))
    return tuple(dict.fromkeys(keys))


def _short(key: str) -> str:
    if len(key) <= LONGEST_KEY:
        return key
    return f"{key[: LONGEST_KEY - 17]}#{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def _standings(
    key: str, rows: list[StatusRow], periods: tuple[int, ...], mapping: ImportMapping
) -> dict[int, Standing]:
    """The bet in each period from its first: as its row says, as before, or gone."""
    by_period = {row.period: row for row in rows}
    standings: dict[int, Standing] = {}
    before: Standing | None = None
    starts: date | None = None
    ends: date | None = None
    for period in periods:
        row = by_period.get(period)
        if row is not None:
            starts, ends = row.starts or starts, row.ends or ends
            row = replace(row, starts=starts, ends=ends)
            before = _as_row_says(key, row, before, mapping)
        elif before is None:
            continue
        elif period < rows[-1].period:
            before = replace(before, period=period, line=0, assumed=True, evidence=())
        else:
            before = _gone(before, period, mapping)
        standings[period] = before
    return standings


def _gone(before: Standing, period: int, mapping: ImportMapping) -> Standing:
    return replace(
        before,
        period=period,
        line=0,
        stage=mapping.stage.gone,
        rate=NOTHING,
        assumed=False,
        evidence=(),
        is_gone=True,
    )


def _as_row_says(
    key: str, row: StatusRow, before: Standing | None, mapping: ImportMapping
) -> Standing:
    rate, assumed = row.rate, False
    if rate is None:
        assumed = True
        as_before = mapping.funding.when_missing == "as before" and before is not None
        rate = before.rate if as_before and before is not None else NOTHING
    full_funding = row.full_rate or rate if rate > 0 else NOTHING
    said = [judged for judged in row.judged if judged.verbatim]
    return Standing(
        period=row.period,
        line=row.line,
        stage=_stage(row, rate, mapping),
        rate=rate,
        assumed=assumed,
        full_funding=full_funding,
        worth=_worth(row, full_funding, mapping),
        signal=said[0].verbatim[:LONGEST_SIGNAL] if said else "",
        signal_source=said[0].terms.source[:LONGEST_SIGNAL] if said else "",
        signal_on=mapping.period.observed(row.period) if said else None,
        description=_description(row, mapping),
        evidence=tuple(
            _evidence(key, row, judged, mapping)
            for judged in row.judged
            if judged.weighed != Weighed()
        ),
    )


def _stage(row: StatusRow, rate: Decimal, mapping: ImportMapping) -> str:
    """The column of the board: by its money, and by how near its beginning or end it is."""
    terms = mapping.stage
    if rate <= 0:
        return terms.unfunded
    observed = mapping.period.observed(row.period)
    if row.starts and (observed - row.starts).days < terms.starting_months * DAYS_OF_MONTH:
        return terms.starting
    if row.ends and (row.ends - observed).days < terms.ending_months * DAYS_OF_MONTH:
        return terms.ending
    return terms.funded


def _worth(row: StatusRow, full_funding: Decimal, mapping: ImportMapping) -> Worth | None:
    """Multiples of the money that full funding is over the horizon; None without funding."""
    if full_funding <= 0:
        return None
    terms, spent = mapping.worth, full_funding * mapping.portfolio.horizon_months
    multiple = Decimal(str(terms.p50))
    if row.benefits is not None and row.whole_life_cost:
        stated = row.benefits / row.whole_life_cost
        multiple = min(max(stated, Decimal(str(terms.least))), Decimal(str(terms.most)))
    scale = spent * multiple / Decimal(str(terms.p50))
    p10, p50, p90 = (
        (scale * Decimal(str(share))).quantize(CENT, ROUND_HALF_UP)
        for share in (terms.p10, terms.p50, terms.p90)
    )
    return Worth(p10, p50, p90)


def _evidence(key: str, row: StatusRow, judged: Judged, mapping: ImportMapping) -> PlannedEvidence:
    said = {
        "column": judged.terms.column,
        "value": judged.verbatim,
        "period": str(row.period),
        "bet": row.name,
    }
    return PlannedEvidence(
        external_id=f"{key}@{row.period}",
        source=judged.terms.source,
        weighed=judged.weighed,
        observed_on=mapping.period.observed(row.period),
        note=_filled(judged.terms.note, said),
    )


def _description(row: StatusRow, mapping: ImportMapping) -> str:
    """What the row says of the bet that has no place of its own in the product."""
    parts = [row.description] if row.description else []
    if row.starts or row.ends:
        begins = f"from {row.starts.isoformat()} " if row.starts else ""
        ends = f"to {row.ends.isoformat()} " if row.ends else ""
        parts.append(f"Planned {begins}{ends}in the report of {row.period}.")
    if row.whole_life_cost is not None:
        unit = Decimal(str(mapping.funding.unit))
        cost = f"{row.whole_life_cost * unit:,.0f} {mapping.portfolio.currency}"
        parts.append(f"Whole-life cost {cost} in the report of {row.period}.")
    return "\n\n".join(parts)


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The template with {names} replaced; braces that are no name stay as they are."""
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", value)
    return template
