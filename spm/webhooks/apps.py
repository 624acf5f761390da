"""Webhooks out."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Webhooks out."""

    name = "spm.webhooks"
    label = "webhooks"
