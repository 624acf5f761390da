"""Where the money goes: ledger, guardrails, engine, proposals, decisions."""

from django.apps import AppConfig


class AllocationConfig(AppConfig):
    """Where the money goes."""

    name = "allocation"

    def ready(self) -> None:
        """Listen to what the floors below say."""
        from django.db.models.signals import post_save

        from allocation import notices, requests, sealing, signals, webhooks
        from bets.signals import position_terms_changed
        from evidence.models import Because
        from evidence.notices.sift import asked_again
        from evidence.signals import beliefs_changed

        beliefs_changed.connect(requests.on_beliefs_changed, dispatch_uid="owe-after-evidence")
        position_terms_changed.connect(
            requests.on_position_terms_changed, dispatch_uid="owe-after-terms"
        )
        for model in sealing.SEALED.values():
            post_save.connect(sealing.on_created, model, dispatch_uid=f"seal-{model.__name__}")
        signals.published.connect(notices.on_published, dispatch_uid="tell-of-proposals")
        signals.closed.connect(notices.on_closed, dispatch_uid="forget-proposals")
        signals.consented.connect(notices.on_consented, dispatch_uid="tell-of-consent")
        signals.decided.connect(notices.on_decided, dispatch_uid="tell-of-decisions")
        signals.proof_failed.connect(notices.on_proof_failed, dispatch_uid="tell-of-the-proof")
        asked_again[Because.DECIDES] = notices.may_still_decide
        signals.published.connect(webhooks.on_published, dispatch_uid="webhooks-of-proposals")
        signals.decided.connect(webhooks.on_decided, dispatch_uid="webhooks-of-decisions")
