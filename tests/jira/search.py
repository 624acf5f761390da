"""The few words of JQL that are understood here, and places in a search."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from tests.jira.data import Issue

_ORDER = re.compile(r"\border\s+by\b.*$", re.IGNORECASE | re.DOTALL)
_CLAUSE = re.compile(r'(\w+)\s*(>=|=|in)\s*(\([^)]*\)|"[^"]*"|[\w-]+)$', re.IGNORECASE)
Test = Callable[[Issue], bool]


class BadSearch(Exception):
    """What Jira would say of it, with status 400."""


def find(
    jql: str, issues: Iterable[Issue], zone: str, projects: set[str], needs_a_limit: bool
) -> list[Issue]:
    """The issues that it finds, in the order of their creation.

    Args:
        jql: ``project = X``, ``issuetype in (…)`` and ``updated >= "…"``, joined by AND.
        issues: of all projects.
        zone: in which the account reads times.
        projects: that exist.
        needs_a_limit: whether a search without any clause is refused, as Cloud does.
    """
    text = _ORDER.sub("", jql).strip()
    if not text:
        if needs_a_limit:
            raise BadSearch("Unbounded JQL queries are not allowed here.")
        return sorted(issues, key=_age)
    tests = [_test(clause, zone, projects) for clause in _clauses(text)]
    return sorted((one for one in issues if all(test(one) for test in tests)), key=_age)


def token_of(jql: str, place: int) -> str:
    """Cloud's word for a place in a search; it means nothing to anybody else."""
    return urlsafe_b64encode(f"{place}:{jql}".encode()).decode()


def place_in(jql: str, token: str) -> int:
    """The place that a token stands for, in the search that it was made for."""
    try:
        place, _, made_for = urlsafe_b64decode(token.encode()).decode().partition(":")
    except ValueError as error:
        raise BadSearch("The token is invalid.") from error
    if made_for != jql:
        raise BadSearch("The token is of another search.")
    return int(place)


def _age(issue: Issue) -> tuple[datetime, int]:
    return issue.created, issue.id


def _clauses(text: str) -> list[str]:
    found = []
    for part in re.split(r"\band\b", text, flags=re.IGNORECASE):
        clause = part.strip()
        while clause.startswith("(") and clause.count("(") > clause.count(")"):
            clause = clause[1:].strip()
        while clause.endswith(")") and clause.count(")") > clause.count("("):
            clause = clause[:-1].strip()
        if clause.startswith("(") and clause.endswith(")"):
            clause = clause[1:-1].strip()
        found.append(clause)
    return found


def _test(clause: str, zone: str, projects: set[str]) -> Test:
    match = _CLAUSE.match(clause)
    if match is None:
        raise BadSearch(f"Error in the JQL query: expecting an operator near '{clause[:40]}'.")
    name, operator, value = match.group(1).lower(), match.group(2).lower(), match.group(3)
    values = {each.strip().strip('"').casefold() for each in value.strip("()").split(",")}
    if name == "updated" and operator == ">=":
        since = datetime.strptime(value.strip('"'), "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(zone))
        return lambda issue: issue.updated >= since
    if name == "project":
        for each in values - {known.casefold() for known in projects}:
            raise BadSearch(f"The value '{each}' does not exist for the field 'project'.")
        return lambda issue: issue.project.casefold() in values
    if name == "issuetype":
        return lambda issue: issue.type.casefold() in values
    raise BadSearch(f"Field '{name}' does not exist or you do not have permission to view it.")
