"""What becomes of an issue: which types are bets, what a status says, what is evidence. Pure.

A mapping is JSON: ``types`` (names of issue types that become bets), ``signals`` (status → the
words that the bet shows; a status without words is quoted as it is), ``fields`` (a bet's field →
the field in Jira that it is taken from), ``marker`` and ``hypothesis`` (a comment that begins with
the marker is evidence, on that hypothesis where it names none) and ``evidence_fields`` (fields of
Jira of which some values are evidence).
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evidence.jira import facts as fact
from evidence.jira.facts import CommentSaid, Facts
from evidence.jira.text import short
from evidence.models import Strength

LONGEST_TITLE = 200
LONGEST_SIGNAL = 120
LONGEST_NOTE = 5_000
DELETED = "Deleted in Jira"
DIRECTIONS = ("for", "against")
#: Fields of a bet that can be taken from a field of Jira, and what people call them.
TAKEN = {
    "description": "Description",
    "theme": "Strategic theme",
    "stream": "Value stream",
    "horizon": "Horizon",
    "business_value": "User and business value",
    "time_criticality": "Time criticality",
    "risk_reduction": "Risk reduction",
    "job_size": "Job size",
}
_HYPOTHESIS = re.compile(r"h([0-9]{1,2})", re.IGNORECASE | re.ASCII)
_WORD = re.compile(r"\s*([^\s:,;–-]+)[:,;–-]*")


@dataclass(frozen=True)
class FieldEvidence:
    """A field of which some values are evidence: value → (direction, strength).

    Values are compared without regard to capitals.
    """

    field: str
    hypothesis: int
    words: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class JiraMapping:
    """A mapping, read."""

    types: tuple[str, ...] = ("Epic",)
    signals: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    marker: str = ""
    hypothesis: int = 1
    evidence_fields: tuple[FieldEvidence, ...] = ()

    @property
    def names(self) -> set[str]:
        """The fields of Jira that it needs, beside those that are always read."""
        return {*self.fields.values(), *(each.field for each in self.evidence_fields)}

    @property
    def asked_for(self) -> list[str]:
        """What a search has to ask for."""
        always = {*fact.ALWAYS, "updated"} - {fact.KEY}
        return sorted({*always, *self.names} | ({"comment"} if self.marker else set()))


@dataclass(frozen=True)
class PlannedEvidence:
    """One piece of evidence that an issue holds, or why it is none after all.

    ``name`` tells it apart within the issue, ``digest`` from what it said before; ``hypothesis``
    counts those of the bet from 1.
    """

    name: str
    digest: str
    hypothesis: int = 1
    direction: str = ""
    strength: str = ""
    note: str = ""
    observed_at: datetime | None = None
    problem: str = ""


@dataclass(frozen=True)
class Planned:
    """What becomes of an issue. ``fields`` are those of ``bets.terms``; ``why_not`` says why it
    becomes no bet.
    """

    fields: Mapping[str, Any]
    evidence: tuple[PlannedEvidence, ...]
    why_not: str = ""


def plan(
    mapping: JiraMapping,
    facts: Facts,
    comments: Iterable[CommentSaid],
    deleted: bool = False,
    names: Mapping[str, str] | None = None,
) -> Planned:
    """What the mapping makes of what is known of an issue.

    Args:
        mapping: what becomes of issues.
        facts: what is known of its fields.
        comments: what is known of its comments.
        deleted: whether it was.
        names: what people call the fields, by id.
    """
    kind = fact.value_of(facts, fact.TYPE)
    wanted = {each.casefold() for each in mapping.types}
    why_not = ""
    if deleted:
        why_not = "It was deleted before it became a bet."
    elif kind.casefold() not in wanted:
        why_not = f"Issues of the type {kind or '(not said)'} become no bets."
    elif not fact.value_of(facts, fact.SUMMARY):
        why_not = "Its title is not known yet."
    evidence = [*_of_fields(mapping, facts, names or {}), *_of_comments(mapping, facts, comments)]
    return Planned(_bet_fields(mapping, facts, deleted), tuple(evidence), why_not)


def _bet_fields(mapping: JiraMapping, facts: Facts, deleted: bool) -> dict[str, Any]:
    """Title, what the mapping names, and the status as a signal from outside."""
    fields: dict[str, Any] = {}
    title = short(fact.value_of(facts, fact.SUMMARY), LONGEST_TITLE)
    if title:
        fields["title"] = title
    for name, source in mapping.fields.items():
        if source in facts and (facts[source][1] or name != "horizon"):
            fields[name] = facts[source][1]
    status = DELETED if deleted else _signal(mapping, fact.value_of(facts, fact.STATUS))
    if status:
        fields["delivery_signal"] = status
        fields["delivery_signal_source"] = "Jira"
        fields["delivery_signal_at"] = _since(facts)
    return fields


def _since(facts: Facts) -> str | None:
    """Since when, as text: as Cloud says, or on a Server as of when it was last heard."""
    said = fact.moment_of(fact.value_of(facts, fact.SINCE)) or fact.moment_in(facts, fact.STATUS)
    return said.isoformat() if said else None


def _signal(mapping: JiraMapping, status: str) -> str:
    words = {name.casefold(): said for name, said in mapping.signals.items()}
    return short(words.get(status.casefold()) or status, LONGEST_SIGNAL)


# --- evidence -------------------------------------------------------------------------------------


def _of_fields(
    mapping: JiraMapping, facts: Facts, names: Mapping[str, str]
) -> Iterable[PlannedEvidence]:
    for rule in mapping.evidence_fields:
        value = fact.value_of(facts, rule.field)
        words = {name.casefold(): said for name, said in rule.words.items()}
        if value.casefold() not in words:
            continue
        direction, strength = words[value.casefold()]
        yield PlannedEvidence(
            name=f"field:{rule.field}",
            digest=_digest(value, direction, strength, rule.hypothesis),
            hypothesis=rule.hypothesis,
            direction=direction,
            strength=strength,
            note=f"{names.get(rule.field, rule.field)} says: {value}"[:LONGEST_NOTE],
            observed_at=fact.moment_in(facts, rule.field),
        )


def _of_comments(
    mapping: JiraMapping, facts: Facts, comments: Iterable[CommentSaid]
) -> Iterable[PlannedEvidence]:
    marker = mapping.marker.casefold()
    for comment in comments:
        if marker and not comment.deleted and comment.text.casefold().startswith(marker):
            yield _of_comment(mapping, facts, comment)


def _of_comment(mapping: JiraMapping, facts: Facts, comment: CommentSaid) -> PlannedEvidence:
    """``#evidence against strong H2: nobody came back``: words in any order, then the note."""
    direction, strength, hypothesis = "", Strength.WEAK.value, mapping.hypothesis
    rest = comment.text[len(mapping.marker) :]
    while (word := _WORD.match(rest)) is not None:
        said = word.group(1).lower()
        numbered = _HYPOTHESIS.fullmatch(said)
        if said in DIRECTIONS and not direction:
            direction = said
        elif said in Strength.values:
            strength = said
        elif numbered is not None:
            hypothesis = int(numbered.group(1))
        else:
            break
        rest = rest[word.end() :]
    name = f"comment:{comment.comment_id}"
    digest = _digest(comment.text, direction, strength, hypothesis)
    if not direction:
        problem = (
            f"The comment of {comment.author or 'somebody'} begins with {mapping.marker} and does "
            f"not say ‘for’ or ‘against’ after it."
        )
        return PlannedEvidence(name, digest, problem=problem)
    key = fact.value_of(facts, fact.KEY)
    note = f"{rest.strip(' :,;–-')}\n\n{comment.author or 'Somebody'} in {key or 'Jira'}".strip()
    return PlannedEvidence(
        name, digest, hypothesis, direction, strength, note[:LONGEST_NOTE], comment.at
    )


def _digest(*said: Any) -> str:
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]
