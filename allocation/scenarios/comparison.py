"""Up to four scenarios side by side, with today before them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from allocation.assumptions import STOP_PREFIX
from allocation.assumptions.kinds import is_new
from allocation.engine import SnapshotError, parse_snapshot, weigh
from allocation.engine.guardrails import KINDS as GUARDRAIL_KINDS
from allocation.models import Scenario
from allocation.scenarios.answer import robustness_in_words, state_of
from allocation.scenarios.opened import Opened
from allocation.scenarios.solving import turnover_of
from allocation.scenarios.wording import Words
from spm import formats

MOST_COMPARED = 4
TODAY = "today"
LEAST_DIFFERENCE = 0.0005  # of a share; a cent is more

Amounts = list[float | None]


@dataclass(frozen=True)
class Figure:
    """One figure of one column; ``difference`` is against today, None where that means nothing."""

    amount: float | None
    difference: float | None = None
    text: str = ""
    state: str = ""

    @property
    def per_cent(self) -> str:
        """The amount of a share."""
        return f"{100 * (self.amount or 0.0):.1f}".removesuffix(".0") + "%"

    @property
    def points(self) -> str:
        """The difference of a share, in percentage points with its sign."""
        by = round(100 * (self.difference or 0.0), 1)
        return f"{formats.sign_of(by, explicit=True)}{abs(by):g} point{'' if abs(by) == 1 else 's'}"

    @property
    def whole(self) -> str:
        """The difference of a count, with its sign."""
        by = round(self.difference or 0.0)
        return f"{formats.sign_of(by, explicit=True)}{abs(by)}"


@dataclass(frozen=True)
class Line:
    """One row: a figure for today and one for each scenario.

    ``unit`` is money (over the horizon), rate (capital a month, which has a direction), amount
    (any other money a month), share or count.
    """

    label: str
    unit: str
    figures: list[Figure]
    help: str = ""
    bet_id: str = ""

    @property
    def differs(self) -> bool:
        """Whether any scenario says otherwise than today."""
        return any(figure.difference for figure in self.figures)


@dataclass(frozen=True)
class Comparison:
    """Columns are today and then the scenarios, in the order in which they were asked for."""

    scenarios: list[Scenario]
    totals: list[Line]
    guardrails: list[Line]
    teams: list[Line]
    bets: list[Line]
    problem: str = ""


def compare(
    scenarios: Sequence[Scenario], today: dict[str, Any], names: dict[str, dict[str, str]]
) -> Comparison:
    """Put scenarios side by side.

    Args:
        scenarios: of one portfolio.
        today: the portfolio as it is now, as the engine takes it.
        names: what is in it, by kind and id.
    """
    opened = [Opened(scenario) for scenario in scenarios]
    currency = scenarios[0].portfolio.currency if scenarios else ""
    try:
        now: dict[str, Any] | None = weigh(parse_snapshot(today)).as_dict()
        problem = ""
    except SnapshotError as error:
        now, problem = None, f"Today cannot be computed: {error}"
    columns = [now, *(each.solution for each in opened)]
    words = [Words(names, currency), *(each.words for each in opened)]
    return Comparison(
        scenarios=list(scenarios),
        totals=_totals(columns),
        guardrails=_guardrails(columns, words),
        teams=_teams(columns, words),
        bets=_bets(columns, words),
        problem=problem,
    )


Solution = dict[str, Any] | None


def _figures(amounts: Amounts) -> list[Figure]:
    base = amounts[0]
    return [
        Figure(amount, None if place == 0 else _difference(base, amount))
        for place, amount in enumerate(amounts)
    ]


def _difference(base: float | None, amount: float | None) -> float | None:
    if base is None or amount is None:
        return None
    difference = round(amount - base, 6)
    return difference if abs(difference) >= LEAST_DIFFERENCE else 0.0


def _line(
    label: str, unit: str, columns: Sequence[Solution], read: Callable[[Any], Any], help: str
) -> Line:
    return Line(label, unit, _figures([None if c is None else read(c) for c in columns]), help)


def _totals(columns: Sequence[Solution]) -> list[Line]:
    def line(label: str, unit: str, read: Callable[[Any], Any], help: str) -> Line:
        return _line(label, unit, columns, read, help)

    lines = [
        line(
            "Worth",
            "money",
            lambda each: each["objective"]["proposed"],
            "What the allocation is expected to earn over the horizon, less what it costs. Each "
            "scenario is valued under its own assumptions.",
        ),
        line(
            "Worth if nothing moves",
            "money",
            lambda each: each["objective"]["current"],
            "What today's positions are worth under the same assumptions.",
        ),
        line(
            "Gain over leaving everything as it is",
            "money",
            lambda each: each["do_nothing"]["gain"],
            "The first line less the second.",
        ),
        line("Money moved", "rate", turnover_of, "What is withdrawn from bets in all, a month."),
        line("Reserve", "rate", lambda each: each["reserve"], "What no bet holds, a month."),
        line(
            "Entangled",
            "rate",
            lambda each: round(sum(p["entangled"] for p in each["positions"].values()), 2),
            "What goes on being spent in bets that it does no good to, a month.",
        ),
        line(
            "Limits broken by",
            "amount",
            lambda each: each["breach"]["after"],
            "How far all limits together are exceeded, in money a month.",
        ),
    ]
    if any(robustness_in_words(each) for each in columns if each):
        lines.append(
            line(
                "Better than leaving it, in",
                "share",
                lambda each: (each.get("robustness") or {}).get("probability_better"),
                "Of all futures that were tried, by belief and by the range of values.",
            )
        )
    return lines


@dataclass(frozen=True)
class Key:
    """What a line is about; what a scenario has added is that scenario's alone."""

    id: str
    only_in: int | None

    def row(self, rows: Mapping[str, Any], place: int) -> Any:
        """The row of a column, if it has one of this."""
        return rows.get(self.id) if self.only_in in (None, place) else None


def _keys(columns: Iterable[Mapping[str, Any]]) -> list[Key]:
    keys = {
        Key(row_id, place if is_new(row_id) else None)
        for place, column in enumerate(columns)
        for row_id in column
    }
    return sorted(keys, key=lambda key: (is_new(key.id), len(key.id), key.id, key.only_in or 0))


def _by_id(columns: Sequence[Solution], rows: str) -> list[dict[str, Any]]:
    return [{row["id"]: row for row in (each or {}).get(rows, [])} for each in columns]


def _guardrails(columns: Sequence[Solution], words: Sequence[Words]) -> list[Line]:
    by_id, lines = _by_id(columns, "guardrails"), []
    for key in _keys(by_id):
        if key.id.startswith(STOP_PREFIX):
            continue
        rows = [key.row(column, place) for place, column in enumerate(by_id)]
        figures = [
            figure if row is None else _limited(figure, row, each)
            for figure, row, each in zip(
                _figures([row and row["value"] for row in rows]), rows, words, strict=True
            )
        ]
        kind = next(row["kind"] for row in rows if row)
        lines.append(Line(_name(words, "guardrail", key, rows), _unit_of(kind), figures))
    return lines


def _unit_of(kind: str) -> str:
    unit = GUARDRAIL_KINDS[kind].unit
    return "rate" if unit == "amount" else unit


def _limited(figure: Figure, row: Any, words: Words) -> Figure:
    state = state_of(row["breach_before"], row["breach_after"], row["binding"])
    return Figure(figure.amount, figure.difference, words.range_of(row), state)


def _name(words: Sequence[Words], kind: str, key: Key, rows: Sequence[Any]) -> str:
    """The name in the first column that has it."""
    place = next(place for place, row in enumerate(rows) if row is not None)
    return str(getattr(words[place], kind)(key.id))


def _teams(columns: Sequence[Solution], words: Sequence[Words]) -> list[Line]:
    by_id, lines = _by_id(columns, "teams"), []
    for key in _keys(by_id):
        rows = [key.row(column, place) for place, column in enumerate(by_id)]
        loads = _figures([row and row["load_after"] for row in rows])
        figures = [
            figure if row is None else _loaded(figure, row, each)
            for figure, row, each in zip(loads, rows, words, strict=True)
        ]
        lines.append(Line(_name(words, "team", key, rows), "rate", figures))
    return lines


def _loaded(figure: Figure, row: Any, words: Words) -> Figure:
    state = state_of(row["breach_before"], row["breach_after"], row["shadow_price"] > 0)
    return Figure(figure.amount, figure.difference, f"of {words.rate(row['capacity'])}", state)


def _bets(columns: Sequence[Solution], words: Sequence[Words]) -> list[Line]:
    """Every bet that holds money in any column."""
    by_id = [(each or {}).get("positions", {}) for each in columns]
    lines = []
    for key in _keys(by_id):
        held = [key.row(column, place) for place, column in enumerate(by_id)]
        amounts = [
            None if column is None else row["working"] if row else 0.0
            for column, row in zip(columns, held, strict=True)
        ]
        if any(amounts):
            own = "" if is_new(key.id) else key.id
            name = _name(words, "bet", key, held)
            lines.append(Line(name, "rate", _figures(amounts), bet_id=own))
    return lines


SORTS = ("name", TODAY)


def sorted_by(lines: list[Line], sort: str, scenario_ids: Sequence[int]) -> list[Line]:
    """The lines in another order: by name, by today, or by a scenario's difference to today.

    Args:
        lines: to be sorted.
        sort: 'name', 'today' or the id of a scenario, with a minus for the other way round;
            anything else leaves the order.
        scenario_ids: the columns after today.
    """
    column, falling = sort.removeprefix("-"), sort.startswith("-")
    if column == "name":
        return sorted(lines, key=lambda line: line.label.lower(), reverse=falling)
    if column == TODAY:
        return sorted(lines, key=lambda line: line.figures[0].amount or 0.0, reverse=falling)
    place = next((p for p, each in enumerate(scenario_ids, 1) if str(each) == column), None)
    if place is None:
        return lines
    return sorted(lines, key=lambda line: line.figures[place].difference or 0.0, reverse=falling)


def as_rows(comparison: Comparison) -> Iterable[list[Any]]:
    """For CSV: each line with today, then each scenario and its difference to today."""
    heads: list[Any] = ["what", "unit", "today"]
    for scenario in comparison.scenarios:
        heads += [scenario.name, f"{scenario.name} − today"]
    yield heads
    groups = (comparison.totals, comparison.guardrails, comparison.teams, comparison.bets)
    for line in (line for group in groups for line in group):
        row: list[Any] = [line.label, UNIT_WORDS[line.unit], line.figures[0].amount]
        for figure in line.figures[1:]:
            row += [figure.amount, figure.difference]
        yield row


UNIT_WORDS = {
    "money": "currency over the horizon",
    "rate": "currency per month",
    "amount": "currency per month",
    "share": "share",
    "count": "bets",
}
