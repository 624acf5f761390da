"""A form that is signed: whoever sends it shows once more that it is them."""

from typing import Any

from django import forms

from spm.accounts.models import User
from spm.accounts.signing import FIELD, LONGEST, means_of
from spm.ruled_form import RuledForm


class SignedForm(RuledForm):
    """What is asked for by somebody who shows once more that it is them."""

    #: What follows 'With your password: ' below the field.
    signed_because = "it cannot be undone."

    signature = forms.CharField(
        strip=False,
        max_length=LONGEST,
        label="Sign",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, person: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        means = means_of(person)
        self.fields[FIELD].help_text = f"With {means}: {self.signed_because}"
        self.fields[FIELD].error_messages["required"] = f"Sign with {means}."

    def said(self) -> dict[str, Any]:
        """What was typed, but for the signature."""
        return {name: value for name, value in self.cleaned_data.items() if name != FIELD}
