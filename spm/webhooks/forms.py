"""The forms of webhooks: they read what people type; ``changes`` judges it."""

from typing import Any

from django import forms

from spm.accounts.models import User
from spm.accounts.signing import FIELD, LONGEST, means_of
from spm.errors import Invalid
from spm.webhooks.models import Event, Webhook


class SignedForm(forms.Form):
    """What is asked for by somebody who shows once more that it is them."""

    signature = forms.CharField(
        required=False,
        strip=False,
        max_length=LONGEST,
        label="Sign",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, person: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        means = means_of(person)
        self.fields[FIELD].help_text = f"With {means}: a webhook leads out of the office."

    def refuse(self, refusal: Invalid) -> None:
        """Put what a rule says beside the fields that it names."""
        for name, text in refusal.fields.items():
            self.add_error(name if name in self.fields else None, text)

    def said(self) -> dict[str, Any]:
        """What was typed, but for the signature."""
        return {name: value for name, value in self.cleaned_data.items() if name != FIELD}


class WebhookForm(SignedForm):
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
