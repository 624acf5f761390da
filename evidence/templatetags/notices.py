"""The count of unread notices in the bar."""

from typing import Any

from django import template

from evidence.views.notices import unread_count

register = template.Library()


@register.inclusion_tag("evidence/_notice_count.html", takes_context=True)
def notice_count(context: template.Context) -> dict[str, Any]:
    """The way to the notices, and how many are unread; one query."""
    request = context.get("request")
    return {"unread": unread_count(request) if request is not None else 0}
