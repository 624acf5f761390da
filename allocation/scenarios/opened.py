"""A scenario opened for reading: its snapshot before and after its changes, and its words."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from allocation.assumptions import KINDS, Change, apply, changes_from
from allocation.assumptions.kinds import OfRow
from allocation.models import Scenario
from allocation.scenarios.wording import Words

Rows = dict[str, dict[str, dict[str, Any]]]


@dataclass(frozen=True)
class Opened:
    """What pages and the API ask of one scenario; no queries but for the row itself."""

    scenario: Scenario

    @cached_property
    def changes(self) -> list[Change]:
        """What is changed, in the order in which it was."""
        return changes_from(self.scenario.changes)

    @cached_property
    def before(self) -> dict[str, Any]:
        """The snapshot that the scenario was made from."""
        return dict(self.scenario.snapshot)

    @cached_property
    def after(self) -> dict[str, Any]:
        """The snapshot with the changes made."""
        return apply(self.before, self.changes)

    @cached_property
    def words(self) -> Words:
        """How its changes and the things in it are called."""
        currency = self.scenario.portfolio.currency
        return Words(self.scenario.names, currency, tuple(self.changes))

    @cached_property
    def by_slot(self) -> dict[tuple[str, str], Change]:
        """The changes by what they are about."""
        return {change.slot: change for change in self.changes}

    @property
    def solution(self) -> dict[str, Any] | None:
        """The engine's answer, to the scenario as it is now or as it was before it was changed."""
        return self.scenario.solution

    def original(self, kind: str, target: str) -> Any:
        """What the snapshot has in a slot; None for what the scenario has added."""
        if target in self.added:
            return None
        return _value(self.before, self._rows_before, kind, target)

    def current(self, kind: str, target: str) -> Any:
        """What a slot has in the scenario; None for what it leaves out."""
        return _value(self.after, self._rows_after, kind, target)

    @cached_property
    def _rows_before(self) -> Rows:
        return _by_id(self.before)

    @cached_property
    def _rows_after(self) -> Rows:
        return _by_id(self.after)

    @cached_property
    def added(self) -> set[str]:
        """The ids of bets and guardrails that the scenario has added."""
        return {change.target for change in self.changes if change.before is None}

    def in_words(self) -> list[tuple[Change, str]]:
        """Each change with what it is in words."""
        return [(change, self.words.of(change)) for change in self.changes]


def _by_id(snapshot: dict[str, Any]) -> Rows:
    return {
        rows: {row["id"]: row for row in snapshot[rows]} for rows in ("bets", "teams", "guardrails")
    }


def _value(snapshot: dict[str, Any], rows: Rows, kind: str, target: str) -> Any:
    """What stands in a slot; of a row that is there without looking for it."""
    chosen = KINDS[kind]
    if isinstance(chosen, OfRow) and target in rows[chosen.rows]:
        return rows[chosen.rows][target][chosen.field]
    return chosen.value(snapshot, target)
