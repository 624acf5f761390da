"""Where the money goes: ledger, guardrails, engine, proposals, decisions."""

from django.apps import AppConfig


class AllocationConfig(AppConfig):
    """Where the money goes: ledger, guardrails, engine, proposals, decisions."""

    name = "allocation"
