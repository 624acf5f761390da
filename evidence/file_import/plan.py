"""What would become of each row: an event, a word that says nothing, or a problem. Pure."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from evidence.file_import.fields import BY_NAME
from evidence.file_import.mapping import (
    CREATE,
    DIRECTIONS,
    NOTHING,
    STRENGTHS,
    Mapping,
    plain_word,
)
from spm.sheets.cells import Unreadable, amount, day
from spm.sheets.grid import Grid
from spm.sheets.problems import Problem, quoted

_BOTH = re.compile(r"([\d.,\s]+)(?:/|of|out of|von|sur)([\d.,\s]+)", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20|21)\d\d")
_FIGURES = ("successes", "trials", "mean", "standard_deviation", "sample_size", "likelihood_ratio")
_COUNTS = ("successes", "trials", "sample_size")


@dataclass(frozen=True)
class KnownBet:
    """A bet of the portfolio, with the ids of its hypotheses by their plain statement."""

    id: int
    title: str
    hypotheses: dict[str, int]


@dataclass(frozen=True)
class Planned:
    """One row as an event. ``hypothesis`` is None where the bet is to be made first."""

    line: int
    bet: str
    hypothesis: int | None
    statement: str
    event: dict[str, Any]


@dataclass
class Plan:
    """All rows of a file: what is taken, what says nothing, what cannot be, and bets to be made."""

    planned: list[Planned] = field(default_factory=list)
    silent: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def new_bets(self) -> dict[str, str]:
        """The statements of the bets that are to be made, by their title."""
        return {each.bet: each.statement for each in self.planned if each.hypothesis is None}

    @property
    def refused_lines(self) -> set[int]:
        """The lines of rows that cannot be taken."""
        return {problem.line for problem in self.problems}


def plan_of(grid: Grid, mapping: Mapping, bets: Iterable[KnownBet], keys: dict[str, int]) -> Plan:
    """Plan every row.

    Args:
        grid: the file.
        mapping: what its columns are.
        bets: the bets of the portfolio.
        keys: the bet ids by the keys that other systems have for them.
    """
    return _Planning(mapping, bets, keys).of(grid)


class _Wrong(Exception):
    """A cell that cannot be used: its column, and why."""

    def __init__(self, column: str, reason: str) -> None:
        self.column, self.reason = column, reason
        super().__init__(reason)


class _Planning:
    """What is looked up for every row."""

    def __init__(self, mapping: Mapping, bets: Iterable[KnownBet], keys: dict[str, int]) -> None:
        self.mapping = mapping
        bets = list(bets)
        self.by_title: dict[str, list[KnownBet]] = defaultdict(list)
        for bet in bets:
            self.by_title[plain_word(bet.title)].append(bet)
        by_id = {bet.id: bet for bet in bets}
        self.by_key = {key.casefold(): by_id[bet_id] for key, bet_id in keys.items()}

    def of(self, grid: Grid) -> Plan:
        plan = Plan(problems=list(grid.problems))
        for line, cells in grid.rows:
            row = dict(zip(grid.columns, cells, strict=True))
            try:
                planned = self.row(line, row)
            except _Wrong as wrong:
                plan.problems.append(Problem(line, wrong.column, wrong.reason, whole_row=True))
                continue
            if planned is None:
                plan.silent.append(line)
            else:
                plan.planned.append(planned)
        plan.problems.sort(key=lambda problem: problem.line)
        return plan

    def row(self, line: int, row: dict[str, str]) -> Planned | None:
        """The event of one row, or None where its word says nothing."""
        given = self._given(row)
        title = given.pop("bet", "")
        if not title:
            raise _Wrong(self._column("bet"), "no bet is named here")
        event = self._event(given)
        if event is None:
            return None
        wanted = given.get("hypothesis", "")
        bet = self._bet(title)
        statement = wanted or self.mapping.constants.get("hypothesis", "")
        if bet is None:
            return Planned(line, title[:200], None, statement, _named(title, statement, event))
        hypothesis = self._hypothesis(bet, wanted)
        return Planned(line, bet.title, hypothesis, statement, _named(bet.title, statement, event))

    def _given(self, row: dict[str, str]) -> dict[str, str]:
        """What the row says, field by field; what holds for all rows fills the gaps."""
        own = {name: row.get(column, "").strip() for name, column in self.mapping.columns.items()}
        return {**self.mapping.constants, **{name: text for name, text in own.items() if text}}

    def _column(self, name: str) -> str:
        """How a problem calls a field: by the file's own column."""
        return self.mapping.columns.get(name) or BY_NAME[name].label

    # --- which bet, which hypothesis --------------------------------------------------------------

    def _bet(self, title: str) -> KnownBet | None:
        found = self.by_title.get(plain_word(title), [])
        if len(found) > 1:
            raise _Wrong(
                self._column("bet"), f"{len(found)} bets are called {quoted(title)}: use its key"
            )
        bet = found[0] if found else self.by_key.get(title.casefold())
        if bet is None and self.mapping.missing != CREATE:
            reason = f"the portfolio has no bet called {quoted(title)}, and no bet with that key"
            raise _Wrong(self._column("bet"), reason)
        return bet

    def _hypothesis(self, bet: KnownBet, wanted: str) -> int:
        if wanted and (found := bet.hypotheses.get(plain_word(wanted))):
            return found
        fallback = self.mapping.constants.get("hypothesis", "")
        if not wanted and fallback and (found := bet.hypotheses.get(plain_word(fallback))):
            return found
        column = self._column("hypothesis")
        if not bet.hypotheses:
            raise _Wrong(column, f"{quoted(bet.title)} has no hypothesis that this could speak of")
        if wanted and wanted != fallback:
            raise _Wrong(column, f"{quoted(bet.title)} has no hypothesis {quoted(wanted)}")
        if len(bet.hypotheses) > 1:
            reason = f"{quoted(bet.title)} has {len(bet.hypotheses)} hypotheses: say which is meant"
            raise _Wrong(column, reason)
        return next(iter(bet.hypotheses.values()))

    # --- what it says -----------------------------------------------------------------------------

    def _event(self, given: dict[str, str]) -> dict[str, Any] | None:
        """The event's own fields, or None where nothing is said."""
        figures = self._figures(given)
        said = self._judgement(given)
        if figures and "says" in given and said:
            raise _Wrong(self._column("says"), "it has a measurement and a word: map one of them")
        if not figures and said is None:
            return None
        event = figures or said or {}
        event |= {
            name: given[name] for name in ("source", "note", "link", "external_id") if name in given
        }
        if "observed_on" in given:
            event["observed_on"] = self._day(given["observed_on"])
        if "reliability" in given:
            event["reliability"] = self._share(given["reliability"])
        return event

    def _judgement(self, given: dict[str, str]) -> dict[str, Any] | None:
        if "says" in given:
            return self._of_word(given["says"], given)
        if "direction" not in given:
            return None
        direction = plain_word(given["direction"])
        if direction not in DIRECTIONS:
            reason = f"{quoted(given['direction'])} is neither 'for' nor 'against'"
            raise _Wrong(self._column("direction"), reason)
        return self._with_strength(direction, given.get("strength", "moderate"))

    def _of_word(self, cell: str, given: dict[str, str]) -> dict[str, Any] | None:
        meaning = self.mapping.words.get(plain_word(cell), "")
        if not meaning:
            reason = f"the word {quoted(cell)} has been given no meaning"
            raise _Wrong(self._column("says"), reason)
        if meaning == NOTHING:
            return None
        direction, strength = meaning.split()
        own = given.get("strength") if "strength" in self.mapping.columns else None
        return self._with_strength(direction, own or strength)

    def _with_strength(self, direction: str, strength: str) -> dict[str, Any]:
        word = plain_word(strength)
        if word not in STRENGTHS:
            reason = f"{quoted(strength)} is none of {', '.join(STRENGTHS)}"
            raise _Wrong(self._column("strength"), reason)
        return {"kind": "judgement", "direction": direction, "strength": word}

    def _figures(self, given: dict[str, str]) -> dict[str, Any]:
        cells = {name: given[name] for name in _FIGURES if name in given}
        both = _BOTH.fullmatch(cells.get("successes", "")) if "trials" not in cells else None
        if both:
            cells |= {"successes": both[1], "trials": both[2]}
        if not cells:
            return {}
        kind = "ratio" if set(cells) == {"likelihood_ratio"} else "measurement"
        return {"kind": kind, **{name: self._figure(name, text) for name, text in cells.items()}}

    def _figure(self, name: str, text: str) -> Any:
        try:
            value = amount(text, self.mapping.decimal)
        except Unreadable as problem:
            raise _Wrong(self._column(name), str(problem)) from problem
        if name not in _COUNTS:
            return float(value)
        if value != value.to_integral_value():
            raise _Wrong(self._column(name), f"{quoted(text)} is not a whole number")
        return int(value)

    def _share(self, text: str) -> float:
        try:
            value = amount(text.removesuffix("%"), self.mapping.decimal)
        except Unreadable as problem:
            raise _Wrong(self._column("reliability"), str(problem)) from problem
        is_share = value <= 1 and "%" not in text
        return float(value if is_share else value / Decimal(100))

    def _day(self, text: str) -> date:
        if _YEAR.fullmatch(text):
            return date(int(text), 12, 31)
        try:
            return day(text.partition("T")[0], day_first=self.mapping.day_first)
        except Unreadable as problem:
            raise _Wrong(self._column("observed_on"), str(problem)) from problem


def _named(bet: str, statement: str, event: dict[str, Any]) -> dict[str, Any]:
    """The event with a name of its own: equal rows are one event, however often they come."""
    if "external_id" in event:
        return event
    said = repr((plain_word(bet), plain_word(statement), sorted(event.items())))
    digest = hashlib.sha256(said.encode()).hexdigest()[:32]
    return {**event, "external_id": f"file:{digest}"}
