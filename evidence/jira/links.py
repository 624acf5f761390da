"""Links back: an issue that became a bet shows the bet, where that is wanted and allowed."""

from django.conf import settings
from django.urls import reverse

from evidence.jira import site as asking
from evidence.jira.pull import open_site, say
from evidence.models import JiraConnection, JiraIssue, JiraState
from spm.locks import only_one
from spm.sealed import Unreadable

LOCK_SPACE = 0x4A4C
AT_ONE_GO = 100
#: Said where links are not allowed; nothing else stops for it.
NOT_ALLOWED = "Jira does not let this account write links. They are not tried any more."


def write_owed(connection_id: int) -> int:
    """Write the links that are owed; how many were."""
    with only_one(LOCK_SPACE, connection_id) as mine:
        rows = JiraConnection.objects.filter(
            pk=connection_id, state=JiraState.ACTIVE, writes_links=True
        )
        connection = rows.first() if mine else None
        owed = _owed(connection) if connection else []
        if connection is None or not owed:
            return 0
        try:
            return _write(connection, owed)
        except (asking.Busy, asking.Away, asking.TooMuch, Unreadable):
            return 0  # they are still owed
        except asking.NotLetIn:
            JiraConnection.objects.filter(pk=connection.pk).update(
                writes_links=False, problem=NOT_ALLOWED
            )
            say(connection)
            return 0


def _owed(connection: JiraConnection) -> list[JiraIssue]:
    rows = connection.issues.filter(owes_link=True, bet__isnull=False).select_related("bet")
    return list(rows.order_by("id")[:AT_ONE_GO])


def _write(connection: JiraConnection, owed: list[JiraIssue]) -> int:
    site, written = open_site(connection), 0
    for issue in owed:
        bet = issue.bet
        if bet is None:
            continue
        address = f"{settings.PUBLIC_ADDRESS}{reverse('bets:bet', args=[bet.pk])}"
        try:
            site.link(issue.key, address, bet.title)
            written += 1
        except asking.NotTaken:
            pass  # the issue is not there any more
        JiraIssue.objects.filter(pk=issue.pk).update(owes_link=False)
    return written
