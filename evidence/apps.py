"""What we learn: the door, events, beliefs, thesis breaks."""

from typing import Any

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """What we learn: the door, events, beliefs, thesis breaks."""

    name = "evidence"

    def ready(self) -> None:
        """Listen to what the floor below says."""
        from bets.signals import thesis_changed
        from evidence.notices.keys import on_key_made, on_sign_in_changed
        from evidence.notices.webhooks import on_disabled
        from spm.accounts.signals import key_made, sign_in_changed
        from spm.webhooks.signals import disabled

        thesis_changed.connect(_on_thesis_changed, dispatch_uid="beliefs-after-thesis")
        key_made.connect(on_key_made, dispatch_uid="tell-of-keys")
        sign_in_changed.connect(on_sign_in_changed, dispatch_uid="tell-of-keys-that-go-on")
        disabled.connect(on_disabled, dispatch_uid="tell-of-webhooks")


def _on_thesis_changed(sender: Any, bet: Any, **kwargs: Any) -> None:
    """Work the beliefs out anew: a hypothesis, a prior, a threshold or a criterion changed."""
    from evidence.beliefs import refresh

    refresh([bet.pk], reason=f"The thesis of {bet.title} was restated.")
