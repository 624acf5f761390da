"""What people fill in: a decision, and what they want to see of the ledger."""

from typing import Any

from django import forms

from allocation.decide import Shown
from allocation.models import Proposal, Transfer


class DecisionForm(forms.Form):
    """Approve or refuse, together with what was shown when the button was pressed."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    content_sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)
    newer_evidence = forms.CharField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        required=False,
        max_length=2000,
        label="Reason",
        help_text="Needed to refuse; kept with the decision.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    @classmethod
    def showing(cls, proposal: Proposal, newer_ids: list[int], reason: str = "") -> "DecisionForm":
        """The form for a proposal as it is shown now."""
        return cls(
            initial={
                "version": proposal.version,
                "content_sha256": proposal.content_sha256,
                "newer_evidence": " ".join(str(pk) for pk in newer_ids),
                "reason": reason,
            }
        )

    def clean_newer_evidence(self) -> frozenset[int]:
        """The ids that the page named."""
        words = self.cleaned_data["newer_evidence"].split()
        if not all(word.isascii() and word.isdigit() and len(word) < 19 for word in words):
            raise forms.ValidationError("These are not numbers of events.")
        return frozenset(int(word) for word in words)

    def shown(self) -> Shown:
        """What the decider was looking at."""
        return Shown(
            self.cleaned_data["version"],
            self.cleaned_data["content_sha256"],
            self.cleaned_data["newer_evidence"],
        )


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
    bet = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    before = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def wanted(self) -> dict[str, Any]:
        """The valid part of the filter: a field that cannot be read filters nothing."""
        self.is_valid()
        return self.cleaned_data
