"""Reading a mapping, from what is stored or typed; what can be wrong is said by field."""

import re
from collections.abc import Mapping
from typing import Any

from evidence.jira.mapping import DIRECTIONS, LONGEST_SIGNAL, TAKEN, FieldEvidence, JiraMapping
from evidence.models import Strength
from spm import reading
from spm.errors import Invalid
from spm.reading import Fields

MOST = 100
MOST_FIELDS = 10
MOST_HYPOTHESES = 50
_FIELD_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,79}", re.ASCII)


def read_mapping(given: Mapping[str, Any]) -> JiraMapping:
    """A mapping from what is stored or typed.

    Raises:
        Invalid: fields that do not exist or cannot be taken, by name.
    """
    found = Fields(given, _READERS)
    for name, reader in _READERS.items():
        found.read(name, reader)
    return JiraMapping(**found.done())


def as_json(mapping: JiraMapping) -> dict[str, Any]:
    """The same as it is stored."""
    return {
        "types": list(mapping.types),
        "signals": dict(mapping.signals),
        "fields": dict(mapping.fields),
        "marker": mapping.marker,
        "hypothesis": mapping.hypothesis,
        "evidence_fields": [
            {
                "field": rule.field,
                "hypothesis": rule.hypothesis,
                "words": {name: list(said) for name, said in rule.words.items()},
            }
            for rule in mapping.evidence_fields
        ],
    }


_name = reading.text(255, required=True)
_number = reading.whole(1, MOST_HYPOTHESES)


def _types(value: Any, name: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MOST:
        raise Invalid({name: "Name at least one type of issue that becomes a bet."})
    return tuple(_name(each, name) for each in value)


def _signals(value: Any, name: str) -> dict[str, str]:
    if not isinstance(value, Mapping) or len(value) > MOST:
        raise Invalid({name: f"Name at most {MOST} statuses, each with its words."})
    words = reading.text(LONGEST_SIGNAL)
    return {_name(each, name): words(said, name) for each, said in value.items() if said}


def _fields(value: Any, name: str) -> dict[str, str]:
    if not isinstance(value, Mapping) or any(each not in TAKEN for each in value):
        raise Invalid({name: f"These can be taken from Jira: {', '.join(TAKEN)}."})
    return {each: _field_id(source, name) for each, source in value.items() if source}


def _field_id(value: Any, name: str) -> str:
    if not isinstance(value, str) or _FIELD_ID.fullmatch(value) is None:
        raise Invalid({name: "Give the id of a field in Jira, such as customfield_10020."})
    return value


def _marker(value: Any, name: str) -> str:
    marker = str(reading.text(40)(value, name))
    if marker and len(marker) < 3:
        raise Invalid({name: "Choose a sign of at least three characters, such as #evidence."})
    return marker


def _evidence_fields(value: Any, name: str) -> tuple[FieldEvidence, ...]:
    if not isinstance(value, list | tuple) or len(value) > MOST_FIELDS:
        raise Invalid({name: f"Name at most {MOST_FIELDS} fields."})
    return tuple(_evidence_field(each, name) for each in value)


def _evidence_field(value: Any, name: str) -> FieldEvidence:
    if not isinstance(value, Mapping) or set(value) != {"field", "hypothesis", "words"}:
        raise Invalid({name: "Each has a field, a hypothesis and words."})
    words = value["words"]
    if not isinstance(words, Mapping) or not 1 <= len(words) <= MOST:
        raise Invalid({name: "Say which values of the field are evidence."})
    said = {_name(each, name): _judgement(judged, name) for each, judged in words.items()}
    return FieldEvidence(_field_id(value["field"], name), _number(value["hypothesis"], name), said)


def _judgement(value: Any, name: str) -> tuple[str, str]:
    if (
        not isinstance(value, list | tuple)
        or len(value) != 2
        or value[0] not in DIRECTIONS
        or value[1] not in Strength.values
    ):
        strengths = ", ".join(Strength.values)
        raise Invalid({name: f"Say ‘for’ or ‘against’ and how strongly: {strengths}."})
    return str(value[0]), str(value[1])


_READERS: dict[str, reading.Reader] = {
    "types": _types,
    "signals": _signals,
    "fields": _fields,
    "marker": _marker,
    "hypothesis": _number,
    "evidence_fields": _evidence_fields,
}
