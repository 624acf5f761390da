"""The kinds of change: for each, where its value stands in a snapshot and what it may become.

Each kind has a slot of its own, so that changes of different slots can be applied in any order.
To add a kind, write it into KINDS.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from allocation.assumptions import readers
from allocation.assumptions.change import ChangeError
from allocation.engine.value import DEFAULT_RESPONSE

Snapshot = Mapping[str, Any]
Row = Mapping[str, Any]


class Kind(ABC):
    """Where a value stands, how it is read, and how another is put in its place.

    ``value`` and ``put`` raise ChangeError if the target is unknown.
    """

    read: readers.Reader
    """Checks what a change goes to."""

    @abstractmethod
    def targets(self, snapshot: Snapshot) -> Iterable[str]:
        """What the snapshot has of this kind."""

    @abstractmethod
    def value(self, snapshot: Snapshot, target: str) -> Any:
        """What stands there."""

    @abstractmethod
    def put(self, snapshot: Snapshot, target: str, value: Any) -> dict[str, Any]:
        """The snapshot with another value there."""

    def refuse_unknown(self, snapshot: Snapshot, target: str) -> None:
        """Raise ChangeError if a scenario of this snapshot cannot change such a target."""
        self.value(snapshot, target)


@dataclass(frozen=True)
class OfWhole(Kind):
    """A value of the portfolio itself."""

    field: str
    read: readers.Reader

    def targets(self, snapshot: Snapshot) -> Iterable[str]:
        return [""]

    def value(self, snapshot: Snapshot, target: str) -> Any:
        if target:
            raise ChangeError("target", "This is one value of the whole: leave the target empty.")
        return snapshot[self.field]

    def put(self, snapshot: Snapshot, target: str, value: Any) -> dict[str, Any]:
        return {**snapshot, self.field: value}


@dataclass(frozen=True)
class OfRow(Kind):
    """A value of one bet or one team."""

    rows: str
    field: str
    read: readers.Reader

    def targets(self, snapshot: Snapshot) -> Iterable[str]:
        return [row["id"] for row in snapshot[self.rows]]

    def value(self, snapshot: Snapshot, target: str) -> Any:
        return row_of(snapshot, self.rows, target)[self.field]

    def put(self, snapshot: Snapshot, target: str, value: Any) -> dict[str, Any]:
        rows = [
            {**row, self.field: value} if row["id"] == target else row
            for row in snapshot[self.rows]
        ]
        return {**snapshot, self.rows: rows}


@dataclass(frozen=True)
class WholeRow(Kind):
    """A bet or a guardrail that is added or left out: None where there is none."""

    rows: str
    read: readers.Reader
    to_row: Callable[[str, Row], dict[str, Any]]
    from_row: Callable[[Row], dict[str, Any]]
    only_new: bool = False

    def targets(self, snapshot: Snapshot) -> Iterable[str]:
        return [] if self.only_new else [row["id"] for row in snapshot[self.rows]]

    def value(self, snapshot: Snapshot, target: str) -> Any:
        found = _found(snapshot, self.rows, target)
        return None if found is None else self.from_row(found)

    def refuse_unknown(self, snapshot: Snapshot, target: str) -> None:
        if is_new(target):
            return
        if self.only_new:
            raise ChangeError("target", f"Call it {NEW_PREFIX}1, {NEW_PREFIX}2 and so on.")
        row_of(snapshot, self.rows, target)

    def put(self, snapshot: Snapshot, target: str, value: Any) -> dict[str, Any]:
        rows = [row for row in snapshot[self.rows] if row["id"] != target]
        if value is not None:
            rows = sorted([*rows, self.to_row(target, value)], key=rank)
        return {**snapshot, self.rows: rows}


class Lending(Kind):
    """How well one team's freed capacity serves another; 0 where it serves nothing."""

    read = staticmethod(readers.share)

    def targets(self, snapshot: Snapshot) -> Iterable[str]:
        return [f"{pair['from']}>{pair['to']}" for pair in snapshot["fungibility"]]

    def value(self, snapshot: Snapshot, target: str) -> Any:
        lender, borrower = _pair(snapshot, target)
        for pair in snapshot["fungibility"]:
            if (pair["from"], pair["to"]) == (lender, borrower):
                return pair["efficiency"]
        return 0.0

    def put(self, snapshot: Snapshot, target: str, value: Any) -> dict[str, Any]:
        lender, borrower = _pair(snapshot, target)
        pairs = [
            pair
            for pair in snapshot["fungibility"]
            if (pair["from"], pair["to"]) != (lender, borrower)
        ]
        if value:
            pairs.append({"from": lender, "to": borrower, "efficiency": value})
        return {**snapshot, "fungibility": sorted(pairs, key=pair_rank)}


NEW_PREFIX = "new-"
STOPPED = "stopped"
TITLE = "title"


def is_new(target: str) -> bool:
    """Whether an id is that of something a scenario has added: new-1, new-2, …"""
    return target.startswith(NEW_PREFIX) and target.removeprefix(NEW_PREFIX).isdigit()


def rank(row: Row) -> tuple[int, int, str]:
    """Where a row stands among others: ids that are numbers first, by their size."""
    identifier = row["id"]
    is_number = identifier.isascii() and identifier.isdigit()
    return (0 if is_number else 1, len(identifier), identifier)


def pair_rank(pair: Row) -> tuple[tuple[int, int, str], tuple[int, int, str]]:
    """Where a pair of teams stands among others."""
    return rank({"id": pair["from"]}), rank({"id": pair["to"]})


def row_of(snapshot: Snapshot, rows: str, target: str) -> Row:
    """A bet, a team or a guardrail by its id; raises ChangeError if there is none."""
    found = _found(snapshot, rows, target)
    if found is None:
        raise ChangeError("target", f"There is no {_singular(rows)} {target!r:.40} here.")
    return found


def _found(snapshot: Snapshot, rows: str, target: str) -> Row | None:
    return next((row for row in snapshot[rows] if row["id"] == target), None)


def _singular(rows: str) -> str:
    return rows.removesuffix("s")


def _pair(snapshot: Snapshot, target: str) -> tuple[str, str]:
    lender, sign, borrower = target.partition(">")
    if not sign or lender == borrower:
        raise ChangeError("target", "Give two different teams as 'lender>borrower'.")
    row_of(snapshot, "teams", lender)
    row_of(snapshot, "teams", borrower)
    return lender, borrower


def _guardrail_row(target: str, value: Row) -> dict[str, Any]:
    return {"id": target, **value}


def _guardrail_of(row: Row) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "id"}


def _bet_row(target: str, value: Row) -> dict[str, Any]:
    """A new bet as the engine takes it: it holds nothing yet, and may grow at once."""
    return {
        "id": target,
        "working": 0.0,
        "entangled": 0.0,
        **value,
        "response": [list(point) for point in DEFAULT_RESPONSE.points[1:]],
        "reclaimable_share": 1.0,
        "notice_months": 0.0,
        "exit_cost": 0.0,
        "ramp_cost": 0.0,
        "withdrawable": 1.0,
        "may_grow": True,
        "needs": [],
        STOPPED: False,
    }


def _bet_of(row: Row) -> dict[str, Any]:
    return {key: row[key] for key in readers.NEW_BET_FIELDS}


KINDS: dict[str, Kind] = {
    "envelope": OfWhole("envelope", readers.amount),
    "reserve_floor": OfWhole("reserve_floor", readers.amount),
    "horizon": OfWhole("horizon_months", readers.horizon),
    "belief": OfRow("bets", "belief", readers.share),
    "value": OfRow("bets", "value", readers.value),
    "minimum": OfRow("bets", "minimum", readers.amount),
    "maximum": OfRow("bets", "maximum", readers.or_none(readers.amount)),
    "may_grow": OfRow("bets", "may_grow", readers.yes_or_no),
    "notice": OfRow("bets", "notice_months", readers.months),
    "freed_share": OfRow("bets", "reclaimable_share", readers.share),
    "withdrawable": OfRow("bets", "withdrawable", readers.share),
    "stop": OfRow("bets", STOPPED, readers.yes_or_no),
    "bet": WholeRow("bets", readers.or_none(readers.new_bet), _bet_row, _bet_of, only_new=True),
    "capacity": OfRow("teams", "capacity", readers.amount),
    "lending": Lending(),
    "guardrail": WholeRow(
        "guardrails", readers.or_none(readers.guardrail), _guardrail_row, _guardrail_of
    ),
}
