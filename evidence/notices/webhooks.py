"""What is said of webhooks: that nothing is sent to one any more."""

from typing import Any
from urllib.parse import urlsplit

from django.urls import reverse
from django.utils import timezone

from evidence.models import Because, NoticeKind
from evidence.notices.tell import News, in_brief, tell
from spm.accounts.models import Membership, Role
from spm.webhooks.models import Webhook


def on_disabled(sender: Any, webhook: Webhook, **kwargs: Any) -> None:
    """Signal receiver: tell the portfolio's administrators, by the host alone."""
    members = Membership.objects.filter(portfolio=webhook.portfolio_id, user__is_active=True)
    keepers = [each.user_id for each in members if Role.ADMIN in each.roles]
    host = in_brief(urlsplit(webhook.address).hostname or "")
    news = News(
        kind=NoticeKind.WEBHOOK,
        about=f"webhook:{webhook.pk}:{timezone.now():%Y%m%dT%H%M%S}",
        text=f"Nothing is sent to the webhook at {host} any more. {webhook.disabled_because}",
        url=reverse("webhooks:webhooks"),
        portfolio_id=webhook.portfolio_id,
        to=dict.fromkeys(keepers, Because.KEEPS),
    )
    tell([news])
