"""What we show: queries and figures, no tables of its own."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """What we show: queries and figures, no tables of its own."""

    name = "reports"
