"""The form of a webhook: it reads what people type; ``changes`` judges it."""

from typing import Any

from django import forms

from spm.errors import Invalid
from spm.webhooks.models import Event, Webhook


class WebhookForm(forms.Form):
    """Where to, and of what."""

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

    def refuse(self, refusal: Invalid) -> None:
        """Put what a rule says beside the fields that it names."""
        for name, text in refusal.fields.items():
            self.add_error(name if name in self.fields else None, text)
