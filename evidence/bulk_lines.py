"""Many events as lines of JSON: each is read by itself, so that one bad line is one bad line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from evidence.bulk import Outcome
from evidence.said import NewEvidence, event_of
from spm.api import strict_json
from spm.api.problems import problem_of_line
from spm.api.views import id_in
from spm.errors import Invalid


@dataclass
class Lines:
    """The events that could be read, with their line numbers, and the lines that could not."""

    events: list[tuple[int, NewEvidence]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    refused: dict[int, Any] = field(default_factory=dict)

    def sum_up(self, outcomes: Sequence[Outcome]) -> dict[str, Any]:
        """How many were taken and repeated, and each line that was not, by number."""
        refused = dict(self.refused)
        for number, outcome in zip(self.numbers, outcomes, strict=True):
            if outcome.refusal is not None:
                refused[number] = problem_of_line(outcome.refusal)
        taken = sum(outcome.created for outcome in outcomes)
        known = sum(outcome.evidence is not None for outcome in outcomes)
        return {
            "taken": taken,
            "repeated": known - taken,
            "refused": [{"line": number, **refused[number]} for number in sorted(refused)],
        }


def read(lines: Iterable[bytes]) -> Lines:
    """Read each line, counted from 1; blank ones are left out."""
    read = Lines()
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        try:
            event = _event(raw)
        except Invalid as refusal:
            read.refused[number] = problem_of_line(refusal)
            continue
        read.numbers.append(number)
        read.events.append(event)
    return read


def _event(raw: bytes) -> tuple[int, NewEvidence]:
    given = strict_json.decode(raw)
    if not isinstance(given, dict):
        raise Invalid({"": "A line must be a JSON object: {...}."})
    return id_in(given, "hypothesis"), event_of(given)
