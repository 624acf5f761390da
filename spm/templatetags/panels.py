"""Panels: fragments that an app of a floor above serves into a page of a floor below."""

from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse

register = template.Library()


@register.simple_tag
def panel_url(name: str, *arguments: Any) -> str:
    """The address of a panel by its name; empty where the app that serves it is not installed."""
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""


@register.inclusion_tag("components/panel.html")
def panel(name: str, *arguments: Any) -> dict[str, str]:
    """The place of a panel, which fetches its content once the page has loaded.

    The content's outermost element says itself what it follows (``data-live``).
    """
    return {"url": panel_url(name, *arguments), "id": name.replace(":", "-").replace("_", "-")}
