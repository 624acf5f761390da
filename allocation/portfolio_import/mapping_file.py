"""Reads a mapping from a TOML file, and checks it before a row is read.

An unknown key, a missing column or a figure out of range ends the import with one sentence that
names it. docs/examples holds whole mappings.
"""

import tomllib
from collections.abc import Mapping as Map
from pathlib import Path
from typing import Any

from allocation.portfolio_import.mapping import (
    BetConditions,
    BetTerms,
    DayOfPeriod,
    FileTerms,
    FundingTerms,
    GuardrailTerms,
    ImportMapping,
    JudgementTerms,
    PeriodTerms,
    PortfolioTerms,
    StageTerms,
    StreamTerms,
    ThemeTerms,
    ThesisTerms,
    Weighed,
    WorthTerms,
    plain,
)
from allocation.portfolio_import.toml_table import TomlTable
from spm.sheets.problems import Unusable

LIQUIDITIES = ("stock", "property", "brand", "vineyard")
HORIZONS = ("H0", "H1", "H2", "H3")
STAGES = ("funnel", "framing", "ready", "testing", "scaling", "sustaining")
EXITS = ("pivoted", "stopped")
STRENGTHS = ("weak", "moderate", "strong", "decisive")
GUARDRAIL_KINDS = ("share", "amount", "bet_share", "turnover", "count", "reserve")
DEFAULT_RESPONSE = ((0.4, 0.6), (0.8, 0.9), (1.2, 1.0))


def read_mapping(path: Path) -> ImportMapping:
    """Read and check a mapping file.

    Raises:
        Unusable: it cannot be read, is not TOML, or says something that cannot be meant.
    """
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"{path} is not TOML: {error}.") from error
    return mapping_from(values)


def mapping_from(values: Map[str, Any]) -> ImportMapping:
    """The mapping that a TOML document, as a dictionary, states; raises Unusable."""
    root = TomlTable(values)
    dates = root.table("dates")
    mapping = ImportMapping(
        portfolio=_portfolio(root.table("portfolio")),
        file=_file(root.table("file")),
        period=_period(root.table("period")),
        bet=_bet(root.table("bet")),
        stream=_stream(root.table("stream")),
        theme=_theme(root.table("theme")),
        funding=_funding(root.table("funding")),
        starts=dates.text("starts", ""),
        ends=dates.text("ends", ""),
        worth=_worth(root.table("worth")),
        judgements=tuple(_judgement(table) for table in root.tables("judgement")),
        thesis=_thesis(root.table("thesis")),
        stage=_stage(root.table("stage")),
        **_all_conditions(root.table("conditions")),
        guardrails=tuple(_guardrail(table) for table in root.tables("guardrail")),
    )
    dates.finish()
    root.finish()
    _check_names(mapping)
    return mapping


def _portfolio(table: TomlTable) -> PortfolioTerms:
    terms = PortfolioTerms(
        name=table.text("name", longest=120),
        slug=table.text("slug", longest=60),
        currency=table.text("currency"),
        intent=table.text("intent", ""),
        horizon_months=table.whole("horizon_months", 24, least=1, most=600),
        switching_cost=table.number("switching_cost", 0.0),
        reserve_share=table.number("reserve_share", 0.0, most=1.0),
        reserve_floor_share=table.number("reserve_floor_share", 0.0, most=1.0),
    )
    table.finish()
    if not (len(terms.currency) == 3 and terms.currency.isascii() and terms.currency.isupper()):
        raise table.wrong("currency", "three capitals are needed, such as GBP.")
    if not all(c.isascii() and (c.isalnum() or c in "-_") for c in terms.slug):
        raise table.wrong("slug", "only letters, digits, - and _ are possible.")
    if terms.reserve_floor_share > terms.reserve_share:
        raise table.wrong("reserve_floor_share", "at most reserve_share is possible.")
    return terms


def _file(table: TomlTable) -> FileTerms:
    terms = FileTerms(
        encoding=table.one_of("encoding", ("utf-8", "cp1252", "utf-16"), ""),
        separator=table.one_of("separator", (",", ";", "\t", "|"), ""),
        decimal=table.one_of("decimal", (".", ","), "."),
        day_first=table.flag("day_first", True),
        undisclosed=table.texts("undisclosed"),
    )
    table.finish()
    return terms


def _period(table: TomlTable) -> PeriodTerms:
    has_column = "column" in table.values
    terms = PeriodTerms(
        column=table.text("column") if has_column else "",
        every_row=None if has_column else table.whole("every_row", least=1900, most=2200),
        funded_from=_day(table.table("funded_from")),
        observed_on=_day(table.table("observed_on")),
        observed_exactly=table.dates("observed_exactly"),
    )
    table.finish()
    return terms


def _day(table: TomlTable) -> DayOfPeriod:
    day = DayOfPeriod(
        month=table.whole("month", least=1, most=12),
        day=table.whole("day", least=1, most=31),
        years_before=table.whole("years_before", 0, least=-5, most=5),
    )
    table.finish()
    try:
        day.of(2001)
    except ValueError as error:
        raise table.wrong("day", "the month has no such day in every year.") from error
    return day


def _bet(table: TomlTable) -> BetTerms:
    terms = BetTerms(
        name=table.text("name"),
        key=table.text("key", ""),
        description=table.text("description", ""),
        same=table.groups("same"),
        different=table.groups("different"),
        similarity=table.number("similarity", 0.75, least=0.5, most=1.0),
        source=table.text("source", longest=60),
    )
    table.finish()
    return terms


def _stream(table: TomlTable) -> StreamTerms:
    aliases = table.words("aliases")
    terms = StreamTerms(
        column=table.text("column"),
        aliases={name.casefold(): canonical for name, canonical in aliases.items()},
        moved=tuple(frozenset(group) for group in table.groups("moved")),
        names=table.words("names"),
    )
    table.finish()
    return terms


def _theme(table: TomlTable) -> ThemeTerms:
    targets = {}
    for target in table.tables("target"):
        least = target.number("least", 0.0, most=1.0)
        targets[target.text("name")] = (least, target.number("most", 1.0, least=least, most=1.0))
        target.finish()
    terms = ThemeTerms(
        column=table.text("column", ""),
        otherwise=table.text("otherwise", "No theme"),
        by_stream=table.words("by_stream"),
        targets=targets,
    )
    table.finish()
    return terms


def _funding(table: TomlTable) -> FundingTerms:
    terms = FundingTerms(
        columns=table.texts("columns"),
        full=table.text("full", ""),
        unit=table.number("unit", 1.0, least=0.01),
        months=table.whole("months", 12, least=1, most=120),
        when_missing=table.one_of("when_missing", ("as before", "nothing"), "as before"),
    )
    table.finish()
    if not terms.columns:
        raise table.wrong("columns", "at least one column with an amount is needed.")
    return terms


def _worth(table: TomlTable) -> WorthTerms:
    p10 = table.number("p10", least=0.0, most=1000.0)
    p50 = table.number("p50", least=p10, most=1000.0)
    terms = WorthTerms(
        p10=p10,
        p50=p50,
        p90=table.number("p90", least=p50, most=1000.0),
        benefits=table.text("benefits", ""),
        whole_life_cost=table.text("whole_life_cost", ""),
        least=table.number("least", 0.0, most=1000.0),
        most=table.number("most", 20.0, least=0.01, most=1000.0),
        response=table.points("response", DEFAULT_RESPONSE),
    )
    table.finish()
    if p50 <= 0:
        raise table.wrong("p50", "a multiple above 0 is needed.")
    if bool(terms.benefits) != bool(terms.whole_life_cost):
        raise table.wrong("benefits", "benefits and whole_life_cost are needed together.")
    _check_concave(table, terms.response)
    return terms


def _check_concave(table: TomlTable, response: tuple[tuple[float, float], ...]) -> None:
    before, slope = (0.0, 0.0), float("inf")
    for point in response:
        if point[0] <= before[0] or point[1] < before[1]:
            raise table.wrong("response", "each point must lie to the right of the one before.")
        next_slope = (point[1] - before[1]) / (point[0] - before[0])
        if next_slope > slope + 1e-9:
            raise table.wrong("response", "it must flatten: each piece at most as steep.")
        before, slope = point, next_slope


def _judgement(table: TomlTable) -> JudgementTerms:
    values = table.table("values")
    terms = JudgementTerms(
        column=table.text("column"),
        source=table.text("source", longest=120),
        reliability=table.number("reliability", 1.0, least=0.01, most=1.0),
        basis=table.text("basis", ""),
        note=table.text("note", "{column}: {value}"),
        values={plain(name): _weighed(values.table(name)) for name in values.values},
    )
    table.finish()
    if not terms.values:
        raise table.wrong("values", "what each value is taken to say is needed.")
    return terms


def _weighed(table: TomlTable) -> Weighed:
    if not table.values:
        return Weighed()
    if "likelihood_ratio" in table.values:
        ratio = table.number("likelihood_ratio", least=1e-6, most=1e6)
        table.finish()
        return Weighed(likelihood_ratio=ratio)
    weighed = Weighed(
        direction=table.one_of("direction", ("for", "against")),
        strength=table.one_of("strength", STRENGTHS),
    )
    table.finish()
    return weighed


def _thesis(table: TomlTable) -> ThesisTerms:
    stop_below = table.number("stop_below", 0.20, most=1.0)
    half_life = table.number("half_life_days", 0.0, most=36500.0)
    terms = ThesisTerms(
        statement=table.text("statement"),
        indicator=table.text("indicator", "", longest=200),
        prior=table.number("prior", 0.5, least=0.001, most=0.999),
        half_life_days=half_life or None,
        stop_below=stop_below,
        revive_above=table.number("revive_above", 0.35, least=stop_below, most=1.0),
    )
    table.finish()
    return terms


def _stage(table: TomlTable) -> StageTerms:
    funded = table.one_of("funded", STAGES, "scaling")
    terms = StageTerms(
        funded=funded,
        starting=table.one_of("starting", STAGES, funded),
        ending=table.one_of("ending", STAGES, funded),
        unfunded=table.one_of("unfunded", STAGES, "framing"),
        gone=table.one_of("gone", STAGES + EXITS, "stopped"),
        starting_months=table.number("starting_months", 0.0, most=240.0),
        ending_months=table.number("ending_months", 0.0, most=240.0),
    )
    table.finish()
    return terms


def _all_conditions(table: TomlTable) -> dict[str, Any]:
    by_theme = table.table("by_theme")
    general = _conditions(table, BetConditions())
    return {
        "conditions": general,
        "conditions_by_theme": {
            name: _conditions(by_theme.table(name), general) for name in by_theme.values
        },
    }


def _conditions(table: TomlTable, general: BetConditions) -> BetConditions:
    conditions = BetConditions(
        liquidity=table.one_of("liquidity", LIQUIDITIES, general.liquidity),
        horizon=table.one_of("horizon", HORIZONS, general.horizon),
        reclaimable_share=table.number("reclaimable_share", general.reclaimable_share, most=1.0),
        notice_months=table.number("notice_months", general.notice_months, most=600.0),
        exit_cost=table.number("exit_cost", general.exit_cost),
        ramp_cost=table.number("ramp_cost", general.ramp_cost),
        withdrawable=table.number("withdrawable", general.withdrawable, most=1.0),
    )
    table.finish()
    return conditions


def _guardrail(table: TomlTable) -> GuardrailTerms:
    scope = table.table("scope")
    kind = table.one_of("kind", GUARDRAIL_KINDS)
    most = 1.0 if kind in ("share", "bet_share", "turnover") else 1e12
    guardrail = GuardrailTerms(
        name=table.text("name", longest=120),
        kind=kind,
        scope={
            name: scope.texts(name)
            for name in ("stream", "theme", "horizon", "liquidity", "stage")
            if name in scope.values
        },
        minimum=table.number("minimum", most=most) if "minimum" in table.values else None,
        maximum=table.number("maximum", most=most) if "maximum" in table.values else None,
    )
    scope.finish()
    table.taken |= {"minimum", "maximum"}
    table.finish()
    if guardrail.minimum is None and guardrail.maximum is None:
        raise table.wrong("maximum", "a minimum or a maximum is needed.")
    if None not in (guardrail.minimum, guardrail.maximum):
        table.number("maximum", least=guardrail.minimum or 0.0)
    return guardrail


def _check_names(mapping: ImportMapping) -> None:
    """What is told apart by name must have different names."""
    sources = [judgement.source.casefold() for judgement in mapping.judgements]
    if len(set(sources)) < len(sources):
        raise Unusable("judgement.source: two judgements name the same source; name each apart.")
    seen: dict[str, int] = {}
    for number, group in enumerate(mapping.bet.same, 1):
        for name in group:
            if seen.setdefault(name.casefold(), number) != number:
                raise Unusable(f"bet.same: '{name}' stands in two groups; put them into one.")
