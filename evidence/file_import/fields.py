"""What the columns of a file can say about evidence, and which column looks like saying it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from spm.sheets.grid import Grid

Matches = Callable[[str, str], bool]


@dataclass(frozen=True)
class Field:
    """One thing that a column can say: its name, how a page calls it, and usual headers of it."""

    name: str
    label: str
    help_text: str
    headers: tuple[str, ...]


FIELDS = (
    Field(
        "bet",
        "Bet",
        "Its title, or the key that another system has for it.",
        ("bet", "project name", "project", "initiative", "epic", "programme", "title", "name"),
    ),
    Field(
        "hypothesis",
        "Hypothesis",
        "Its statement. Not needed where a bet has only one.",
        ("hypothesis", "statement", "assumption"),
    ),
    Field(
        "says",
        "What it says, in a word",
        "Each word is given a meaning below, such as 'strongly against'.",
        ("says", "verdict", "assessment", "rating", "colour rating", "result", "outcome", "rag"),
    ),
    Field("direction", "For or against", "", ("direction", "for or against", "for/against")),
    Field(
        "strength",
        "How strongly",
        "weak, moderate, strong or decisive.",
        ("strength", "weight", "how strongly"),
    ),
    Field(
        "successes",
        "Successes",
        "A number, or both together: '12 of 100', '12/100'.",
        ("successes", "conversions", "hits", "positives", "reading"),
    ),
    Field("trials", "Out of", "", ("trials", "out of", "visitors", "attempts")),
    Field("mean", "Mean", "", ("mean", "average")),
    Field("standard_deviation", "Standard deviation", "", ("standard deviation", "sd", "stdev")),
    Field("sample_size", "Observations", "", ("sample size", "observations", "n", "sample")),
    Field("likelihood_ratio", "Likelihood ratio", "", ("likelihood ratio", "ratio", "lr")),
    Field(
        "observed_on",
        "Observed on",
        "A day; a year alone is its last day.",
        ("observed on", "observed", "date", "day", "when", "measured on", "year"),
    ),
    Field("source", "Source", "", ("source", "reported by", "author", "who")),
    Field("reliability", "Reliability, %", "", ("reliability", "confidence")),
    Field(
        "note",
        "What was seen",
        "",
        ("note", "what was seen", "comment", "rating comment", "finding", "remark", "description"),
    ),
    Field("link", "Link", "", ("link", "url", "address")),
    Field(
        "external_id",
        "Its own id",
        "By which a second delivery is known. Without one, equal rows are one.",
        ("id", "external id", "event id", "evidence id"),
    ),
)
BY_NAME = {field.name: field for field in FIELDS}
#: What means nothing without the other.
_NEEDS = {
    "trials": "successes",
    "standard_deviation": "mean",
    "sample_size": "mean",
    "strength": "direction",
}


def recognised(grid: Grid) -> dict[str, str]:
    """The column for each field that a header names: equal names first, then such as hold it."""
    plain = {column: _plain(column) for column in grid.columns}
    found: dict[str, str] = {}
    for matches in (_equals, _begins_or_ends):
        for field in FIELDS:
            if field.name in found:
                continue
            free = [column for column in grid.columns if column not in found.values()]
            column = _first(free, plain, field.headers, matches)
            if column is not None:
                found[field.name] = column
    return {name: column for name, column in found.items() if _NEEDS.get(name, name) in found}


def _first(
    columns: list[str], plain: dict[str, str], headers: Iterable[str], matches: Matches
) -> str | None:
    found = (c for header in headers for c in columns if matches(plain[c], header))
    return next(found, None)


def _equals(column: str, header: str) -> bool:
    return column == header


def _begins_or_ends(column: str, header: str) -> bool:
    words = column.split()
    wanted = header.split()
    if len(header) < 3:
        return False
    return words[: len(wanted)] == wanted or words[-len(wanted) :] == wanted


def _plain(column: str) -> str:
    return " ".join(re.sub(r"[^0-9a-z/]+", " ", column.casefold()).split())
