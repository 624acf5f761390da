"""What we hold: portfolios, themes, value streams, teams, bets, hypotheses, the Kanban."""

from django.apps import AppConfig


class BetsConfig(AppConfig):
    """What we hold: portfolios, themes, value streams, teams, bets, hypotheses, the Kanban."""

    name = "bets"
