"""Putting together what was said of issues: rows are locked, and only what is newer is written."""

from collections.abc import Iterable, Sequence

from django.db.models import Q

from evidence.jira.facts import KEY, CommentSaid, IssueSaid, together, value_of
from evidence.models import JiraComment, JiraConnection, JiraIssue


def news_in(connection: JiraConnection, said: Sequence[IssueSaid]) -> list[IssueSaid]:
    """Those that say something that is not known yet; two queries, and nothing is locked."""
    issues = {
        row.issue_id: row
        for row in connection.issues.filter(issue_id__in=[each.issue_id for each in said])
    }
    comments = {
        row.comment_id: row
        for row in connection.comments.filter(issue_id__in=[each.issue_id for each in said])
    }
    return [each for each in said if _is_news(each, issues.get(each.issue_id), comments)]


def learn(connection: JiraConnection, said: IssueSaid) -> JiraIssue:
    """Put together what is known of an issue and what is said; inside a transaction.

    Returns:
        The issue, locked, as it is known now.
    """
    JiraIssue.objects.bulk_create(
        [JiraIssue(connection=connection, issue_id=said.issue_id)], ignore_conflicts=True
    )
    issue: JiraIssue = connection.issues.select_for_update().get(issue_id=said.issue_id)
    issue.facts = together(issue.facts, said.facts)
    issue.key = value_of(issue.facts, KEY)
    issue.deleted = issue.deleted or said.deleted
    issue.save(update_fields=["facts", "key", "deleted"])
    for comment in {each.comment_id: each for each in _in_order(said.comments)}.values():
        _learn_comment(connection, comment)
    if said.has_all_comments and said.moment is not None:
        # One that was written after that moment only came here first.
        older = connection.comments.filter(
            issue_id=said.issue_id, deleted=False, at__lte=said.moment
        )
        named = [each.comment_id for each in said.comments]
        older.exclude(comment_id__in=named).update(deleted=True)
    return issue


def comments_of(issue: JiraIssue) -> list[CommentSaid]:
    """The comments of an issue that are known and were not deleted, oldest first."""
    rows = JiraComment.objects.filter(
        connection_id=issue.connection_id, issue_id=issue.issue_id, deleted=False
    )
    return [
        CommentSaid(row.comment_id, row.issue_id, row.stamp, row.text, row.author, row.at)
        for row in rows.exclude(stamp="").order_by("at", "comment_id")
    ]


def _is_news(said: IssueSaid, known: JiraIssue | None, comments: dict[str, JiraComment]) -> bool:
    if known is None or (said.deleted and not known.deleted):
        return True
    if together(known.facts, said.facts) != known.facts:
        return True
    if any(_says_more(each, comments.get(each.comment_id)) for each in said.comments):
        return True
    if not said.has_all_comments or said.moment is None:
        return False
    named = {each.comment_id for each in said.comments}
    return any(
        row.comment_id not in named and not row.deleted and row.at and row.at <= said.moment
        for row in comments.values()
        if row.issue_id == said.issue_id
    )


def _says_more(said: CommentSaid, known: JiraComment | None) -> bool:
    if known is None:
        return True
    return (said.deleted and not known.deleted) or said.stamp > known.stamp


def _in_order(comments: Iterable[CommentSaid]) -> list[CommentSaid]:
    """So that of one comment said twice the last is what counts."""
    return sorted(comments, key=lambda each: (each.deleted, each.stamp))


def _learn_comment(connection: JiraConnection, said: CommentSaid) -> None:
    JiraComment.objects.bulk_create(
        [JiraComment(connection=connection, comment_id=said.comment_id, issue_id=said.issue_id)],
        ignore_conflicts=True,
    )
    row = connection.comments.filter(comment_id=said.comment_id)
    if said.deleted:
        row.update(deleted=True)
    row.filter(Q(stamp__lt=said.stamp)).update(
        stamp=said.stamp, text=said.text, author=said.author, at=said.at
    )
