"""Many things as lines of JSON: each is read by itself, so that one bad line is one bad line."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from spm.accounts.permissions import NotAllowed
from spm.api import strict_json
from spm.api.problems import problem_of_line
from spm.errors import Conflict, Invalid

Read = TypeVar("Read")


class Outcome(Protocol):
    """What became of one thing: taken anew, known before, or refused."""

    @property
    def created(self) -> bool:
        """Whether it is new."""

    @property
    def refusal(self) -> Invalid | Conflict | NotAllowed | None:
        """Why it was not taken, if it was not."""


@dataclass
class Lines(Generic[Read]):
    """What could be read, with its line numbers, and the lines that could not."""

    read: list[Read] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    refused: dict[int, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Iterable[bytes], read: Callable[[dict[str, Any]], Read]) -> "Lines[Read]":
        """Read each line, counted from 1; blank ones are left out.

        Args:
            lines: as they came.
            read: what an object says, or Invalid; it may take fields out of it.
        """
        found = cls()
        for number, raw in enumerate(lines, start=1):
            if not raw.strip():
                continue
            try:
                said = read(_object(raw))
            except Invalid as refusal:
                found.refused[number] = problem_of_line(refusal)
                continue
            found.numbers.append(number)
            found.read.append(said)
        return found

    def sum_up(self, outcomes: Sequence[Outcome]) -> dict[str, Any]:
        """How many were taken and repeated, and each line that was not, by number."""
        refused = dict(self.refused)
        for number, outcome in zip(self.numbers, outcomes, strict=True):
            if outcome.refusal is not None:
                refused[number] = problem_of_line(outcome.refusal)
        taken = sum(outcome.created for outcome in outcomes)
        known = sum(outcome.refusal is None for outcome in outcomes)
        return {
            "taken": taken,
            "repeated": known - taken,
            "refused": [{"line": number, **refused[number]} for number in sorted(refused)],
        }


def _object(raw: bytes) -> dict[str, Any]:
    given = strict_json.decode(raw)
    if not isinstance(given, dict):
        raise Invalid({"": "A line must be a JSON object: {...}."})
    return given
