"""What people fill in at the ledger: what they want to see, and what freed entangled money."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from allocation.models import Transfer
from allocation.unwinding import LONGEST_REASON, Stuck
from bets.forms import SeenForm, TypedMoneyField, plain


class LedgerFilter(forms.Form):
    """Which transfers and balances are shown."""

    on = forms.DateField(
        required=False,
        label="Balances on",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    kind = forms.ChoiceField(
        required=False, label="Kind", choices=[("", "All kinds"), *Transfer.Kind.choices]
    )
    scheduled = forms.BooleanField(required=False, label="Only what has yet to take effect")
    bet = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    before = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def wanted(self) -> dict[str, Any]:
        """The valid part of the filter: a field that cannot be read filters nothing."""
        self.is_valid()
        return self.cleaned_data


class ActualsFilter(forms.Form):
    """Which months of bets are shown; ``after`` is where the page before ended."""

    bet = forms.IntegerField(required=False, min_value=1)
    after = forms.CharField(required=False, max_length=40)

    def wanted(self) -> dict[str, Any]:
        """The valid part of the filter: a field that cannot be read filters nothing."""
        self.is_valid()
        return self.cleaned_data


class UnwindForm(SeenForm):
    """What freed entangled money, how much of it, and from when on."""

    amount = TypedMoneyField(label="Free again, a month", help_text="All of it, or a part.")
    effective_on = forms.CharField(
        label="From",
        required=False,
        help_text="Today, or the day on which what depended on it ends.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    one_off = TypedMoneyField(
        label="Cost of it, once", required=False, help_text="Nothing, if it is left empty."
    )
    reason = forms.CharField(
        label="What freed it",
        max_length=LONGEST_REASON,
        help_text="Kept in the ledger with the transfer, for whoever asks later.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    seen_amount = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def __init__(self, stuck: Stuck | None, today: date, data: Any = None) -> None:
        initial = {"effective_on": today.isoformat()}
        if stuck is not None:
            initial |= {"amount": plain(stuck.free_now), "seen_amount": f"{stuck.amount:.2f}"}
        super().__init__(data, initial=initial)

    def given(self) -> dict[str, Any]:
        """What was typed, as ``allocation.unwinding`` takes it."""
        names = ("amount", "effective_on", "one_off", "reason")
        return {name: self.cleaned_data.get(name) for name in names}

    def shown(self) -> Decimal | None:
        """What the page showed as entangled."""
        text = self.cleaned_data.get("seen_amount", "")
        return Decimal(text) if text.replace(".", "", 1).isdecimal() and text.isascii() else None
