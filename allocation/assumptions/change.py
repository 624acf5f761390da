"""One change of a snapshot, and what is said when it cannot be taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


class ChangeError(ValueError):
    """A change that cannot be taken; ``field`` names which part of it: kind, target or to."""

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        self.problem = problem
        super().__init__(f"{field}: {problem}")


@dataclass(frozen=True)
class Change:
    """What is otherwise in a scenario: one value of one thing.

    Amounts are currency per month, values currency over the horizon, shares and beliefs 0 to 1.
    A thing that is added comes from None, one that is left out goes to None.
    """

    kind: str
    """Which value: a name of ``kinds.KINDS``."""
    target: str
    """Of what: the id of a bet, a team or a guardrail, 'lender>borrower', or '' for the whole."""
    before: Any
    after: Any

    @property
    def slot(self) -> tuple[str, str]:
        """What the change is about; a scenario changes each slot once."""
        return self.kind, self.target

    @property
    def undone(self) -> Change:
        """The change that takes this one back."""
        return Change(self.kind, self.target, self.after, self.before)

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the change."""
        return {"kind": self.kind, "target": self.target, "from": self.before, "to": self.after}


def changes_from(documents: Iterable[Mapping[str, Any]]) -> list[Change]:
    """Changes as they were written by ``changes_to_json``."""
    return [Change(d["kind"], d["target"], d["from"], d["to"]) for d in documents]


def changes_to_json(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """Changes as JSON, in the order in which they were made."""
    return [change.as_dict() for change in changes]
