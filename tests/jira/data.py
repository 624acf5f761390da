"""What the small Jira holds: issues, comments and people, and how each product shows them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
STATUSES = {"To Do": "new", "In Progress": "indeterminate", "Done": "done"}
TYPES = ("Epic", "Story", "Bug")
RESULT = "customfield_10020"
THEME = "customfield_10021"
FIELDS = {
    "summary": "Summary", "description": "Description", "status": "Status",
    "issuetype": "Issue Type", "created": "Created", "updated": "Updated", "comment": "Comment",
    "project": "Project", RESULT: "Experiment result", THEME: "Theme",
}  # fmt: skip


@dataclass
class Comment:
    """One comment; ``author`` is None where the account was deleted."""

    id: int
    text: str
    at: datetime
    author: str | None = "Mia Krystof"


@dataclass
class Issue:
    """One issue."""

    id: int
    key: str
    summary: str
    type: str = "Epic"
    status: str = "To Do"
    created: datetime = BEGAN
    updated: datetime = BEGAN
    description: str = ""
    comments: list[Comment] = field(default_factory=list)
    custom: dict[str, Any] = field(default_factory=dict)
    links: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def project(self) -> str:
        """The first half of the key."""
        return self.key.partition("-")[0]


def time_of(moment: datetime) -> str:
    """A time as Jira writes it."""
    local = moment.astimezone(UTC)
    return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}+0000"


def document(text: str) -> dict[str, Any]:
    """A text as Cloud's version 3 shows it: one paragraph for each line."""
    lines = [
        {"type": "paragraph", "content": [{"type": "text", "text": line}] if line else []}
        for line in text.split("\n")
    ]
    return {"type": "doc", "version": 1, "content": lines}


def person(name: str | None, is_cloud: bool) -> dict[str, Any] | None:
    """Somebody, or nobody where the account was deleted; Cloud calls them a former user."""
    if name is None:
        return {"accountId": "unknown", "displayName": "Former user"} if is_cloud else None
    identity = {"accountId": f"id-{len(name)}"} if is_cloud else {"name": name, "key": name}
    return {**identity, "displayName": name, "active": True}


def comment_shown(comment: Comment, issue: Issue, site: str, version: str) -> dict[str, Any]:
    """A comment as a version of the API shows it."""
    is_cloud = version == "3"
    shown = {
        "self": f"{site}/rest/api/2/issue/{issue.id}/comment/{comment.id}",
        "id": str(comment.id),
        "body": document(comment.text) if is_cloud else comment.text,
        "created": time_of(comment.at),
        "updated": time_of(comment.at),
    }
    author = person(comment.author, is_cloud)
    return {**shown, "author": author} if author else shown


def issue_shown(issue: Issue, site: str, version: str, names: list[str] | None) -> dict[str, Any]:
    """An issue with the fields that are asked for; None for all of them."""
    is_cloud = version == "3"
    comments = [comment_shown(each, issue, site, version) for each in issue.comments]
    shown = comments[:20] if is_cloud else comments
    words: Any = document(issue.description) if is_cloud else issue.description
    fields: dict[str, Any] = {
        "summary": issue.summary,
        "description": words if issue.description else None,
        "status": {
            "name": issue.status,
            "statusCategory": {"key": STATUSES.get(issue.status, "undefined")},
        },
        "issuetype": {"name": issue.type, "subtask": False},
        "project": {"key": issue.project, "name": issue.project},
        "created": time_of(issue.created),
        "updated": time_of(issue.updated),
        "comment": {
            "comments": shown, "total": len(comments), "maxResults": len(shown), "startAt": 0,
        },
        RESULT: issue.custom.get(RESULT),
        THEME: issue.custom.get(THEME),
    }  # fmt: skip
    wanted = fields if names is None else {name: fields[name] for name in names if name in fields}
    return {
        "id": str(issue.id),
        "key": issue.key,
        "self": f"{site}/rest/api/{version}/issue/{issue.id}",
        "fields": wanted,
    }


def many(count: int, project: str = "PAY") -> list[Issue]:
    """So many issues, each created a second after the one before."""
    return [
        Issue(
            id=10_000 + number,
            key=f"{project}-{number}",
            summary=f"Issue {number}",
            status=list(STATUSES)[number % 3],
            created=BEGAN + timedelta(seconds=number),
            updated=BEGAN + timedelta(seconds=number),
        )
        for number in range(1, count + 1)
    ]
