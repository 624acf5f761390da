"""Where the money goes: ledger, guardrails, engine, proposals, decisions."""

from django.apps import AppConfig


class AllocationConfig(AppConfig):
    """Where the money goes."""

    name = "allocation"

    def ready(self) -> None:
        """Listen to what the floors below say."""
        from allocation import requests
        from bets.signals import position_terms_changed
        from evidence.signals import beliefs_changed

        beliefs_changed.connect(requests.on_beliefs_changed, dispatch_uid="owe-after-evidence")
        position_terms_changed.connect(
            requests.on_position_terms_changed, dispatch_uid="owe-after-terms"
        )
