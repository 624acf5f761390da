"""The forms of webhooks: they read what people type; ``changes`` judges it."""

from typing import Any

from django import forms

from spm.accounts.signed_form import SignedForm
from spm.accounts.signing import FIELD
from spm.webhooks.models import Event, Webhook


class HookSigned(SignedForm):
    """What is asked for about a webhook by somebody who signs it."""

    signed_because = "a webhook leads out of the office."


class WebhookForm(HookSigned):
    """Where to, and of what."""

    field_order = ("address", "events", FIELD)

    address = forms.CharField(
        label="Address",
        max_length=2000,
        widget=forms.URLInput(attrs={"inputmode": "url", "autocomplete": "off"}),
        help_text="Where events are sent by POST, such as https://example.org/hooks/7.",
        error_messages={"required": "Give an address that begins with https://"},
    )
    events = forms.MultipleChoiceField(
        label="Tell it when",
        choices=Event.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )

    @staticmethod
    def initial_of(hook: Webhook) -> dict[str, Any]:
        """The present values."""
        return {"address": hook.address, "events": hook.events}
