"""What is said of Jira: that nothing is read of a site any more until somebody puts it right."""

from django.urls import reverse
from django.utils import timezone

from evidence.models import Because, JiraConnection, NoticeKind
from evidence.notices.tell import News, in_brief, tell
from spm.accounts.models import Membership, Role


def tell_of_stop(connection: JiraConnection, problem: str) -> None:
    """Tell the portfolio's administrators, by the host and the reason."""
    members = Membership.objects.filter(portfolio=connection.portfolio_id, user__is_active=True)
    keepers = [each.user_id for each in members if Role.ADMIN in each.roles]
    news = News(
        kind=NoticeKind.JIRA,
        about=f"jira:{connection.pk}:{timezone.now():%Y%m%dT%H%M%S}",
        text=f"Nothing is read of the Jira site {in_brief(connection.host)} any more. {problem}",
        url=reverse("evidence:jira_site", args=[connection.pk]),
        portfolio_id=connection.portfolio_id,
        to=dict.fromkeys(keepers, Because.KEEPS),
    )
    tell([news])
