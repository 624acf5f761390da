"""What the page and the API read of webhooks."""

from typing import Any

from django.db.models import Count, Q, QuerySet

from spm.accounts.permissions import Principal, may, require, visible_portfolio_ids
from spm.webhooks.models import Webhook, WebhookDelivery

#: How many deliveries the page shows; the API pages through all.
SHOWN = 30


def webhooks_of(principal: Principal, portfolio_id: int | None = None) -> "QuerySet[Webhook]":
    """Webhooks that the principal may manage, in one portfolio or in all; newest first.

    Raises:
        NotAllowed: they see the portfolio, or some, and may manage webhooks in none of them.
    """
    rows = Webhook.objects.visible_to(principal).filter(**_where(principal, portfolio_id))
    waiting = Count("deliveries", filter=Q(deliveries__outcome="waiting"))
    return rows.annotate(waiting=waiting).order_by("-id")


def deliveries_of(
    principal: Principal, portfolio_id: int | None = None
) -> "QuerySet[WebhookDelivery]":
    """Deliveries of the webhooks that the principal may manage; raises as ``webhooks_of``."""
    where = {f"webhook__{name}": value for name, value in _where(principal, portfolio_id).items()}
    rows = WebhookDelivery.objects.visible_to(principal).filter(**where)
    return rows.select_related("webhook").order_by("-id")


def _where(principal: Principal, portfolio_id: int | None) -> dict[str, Any]:
    """The portfolios that are meant; one that the principal may not see holds nothing for them."""
    visible = list(visible_portfolio_ids(principal))
    meant = visible if portfolio_id is None else [pk for pk in visible if pk == portfolio_id]
    managed = [pk for pk in meant if may(principal, "manage_webhooks", pk)]
    if meant and not managed:
        require(principal, "manage_webhooks", meant[0])
    return {"portfolio_id__in": managed}
