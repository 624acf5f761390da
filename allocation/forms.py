"""What people fill in: a decision, a limit."""

import hashlib
import json
from decimal import Decimal
from typing import Any

from django import forms

from allocation.decide import require_reason
from allocation.engine.guardrails import KINDS
from allocation.guardrails import known_values
from allocation.limits import LONGEST_REASON
from allocation.models import Guardrail, Proposal
from allocation.still_so import Shown
from bets.forms import plain
from bets.models import Portfolio
from spm.accounts.signing import LONGEST
from spm.amounts import money_as_typed, number_as_typed
from spm.errors import Invalid
from spm.reading import id_of
from spm.ruled_form import RuledForm


class DecisionForm(RuledForm):
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
    signature = forms.CharField(
        strip=False,
        max_length=LONGEST,
        label="Sign",
        error_messages={"required": "Sign with your password, or a code of your app."},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    # What is missing is said beside the field, together with all else.
    use_required_attribute = False

    def ask_for(self, means: str) -> None:
        """Say what the person signs with."""
        self.fields["signature"].help_text = f"With {means}: asked for each decision."

    def clean(self) -> dict[str, Any]:
        """A refusal without a reason is told before anybody signs it."""
        said = super().clean() or self.cleaned_data
        try:
            if self.data.get("decision") == "refuse" and "reason" in said:
                require_reason(said["reason"])
        except Invalid as refusal:
            self.refuse(refusal.fields)
        return said

    @property
    def is_incomplete(self) -> bool:
        """Whether something is wrong that the person cannot put right in a field."""
        return any(self[name].is_hidden for name in self.errors if name in self.fields)

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
        ids = [number for word in words if (number := id_of(word)) is not None]
        if len(ids) < len(words):
            raise forms.ValidationError("These are not numbers of events.")
        return frozenset(ids)

    def shown(self) -> Shown:
        """What the decider was looking at."""
        return Shown(
            self.cleaned_data["version"],
            self.cleaned_data["content_sha256"],
            self.cleaned_data["newer_evidence"],
        )


def _typed(label: str, help_text: str = "", money: str = "") -> forms.CharField:
    attributes = {"inputmode": "decimal", "autocomplete": "off"}
    if money:
        attributes["data-money"] = money
    widget = forms.TextInput(attrs=attributes)
    return forms.CharField(
        label=label, required=False, max_length=40, help_text=help_text, widget=widget
    )


class LimitForm(RuledForm):
    """What the forms of all limits have in common.

    ``seen`` is the digest of what was typed when its effect was shown: nothing is saved that the
    person has not seen the effect of. ``version`` is what the change was made from.
    """

    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Why",
        required=False,
        max_length=LONGEST_REASON,
        help_text="Kept with the change, for whoever asks later.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *arguments: Any, sign: str = "", **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.sign = sign

    def read(self, name: str, reader: Any) -> Any:
        """A field as a number; an error beside it where it is none, None where it is empty."""
        text = self.cleaned_data.get(name, "").strip()
        if not text:
            return None
        try:
            return reader(text, name, self.sign)
        except Invalid as refusal:
            self.add_error(name, " ".join(refusal.fields.values()))
            return None

    @property
    def digest(self) -> str:
        """Of everything that has an effect."""
        said = {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in ("seen", "version", "reason")
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _per_cent_as_typed(text: str, name: str, sign: str) -> Decimal:
    return number_as_typed(text.replace("%", ""), name, sign) / 100


READERS = {"share": _per_cent_as_typed, "amount": money_as_typed, "count": number_as_typed}


class GuardrailForm(LimitForm):
    """A guardrail: shares as per cent, amounts per month, counts of bets."""

    name = forms.CharField(max_length=120, label="Name", required=False)
    kind = forms.ChoiceField(choices=Guardrail.Kind.choices, label="What it limits")
    minimum = _typed("At least", "Per cent of the envelope, an amount a month, or a count of bets.")
    maximum = _typed("At most", "The same; a share of one bet and a turnover have only this end.")
    active = forms.BooleanField(required=False, initial=True, label="In force")

    def __init__(
        self,
        portfolio: Portfolio,
        guardrail: Guardrail | None,
        *arguments: Any,
        sign: str = "",
        **named: Any,
    ) -> None:
        named["initial"] = {**self._as_it_is(guardrail), **named.get("initial", {})}
        super().__init__(*arguments, sign=sign, **named)
        self.guardrail = guardrail
        for attribute, values in known_values(portfolio).items():
            self.fields[f"scope_{attribute}"] = forms.MultipleChoiceField(
                label=attribute.capitalize() if attribute != "stream" else "Value stream",
                choices=list((values or {}).items()),
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )
        if guardrail is None:
            del self.fields["active"]
        else:
            self.fields["kind"].disabled = True
        self.order_fields(["name", "kind", "minimum", "maximum"])

    @staticmethod
    def _as_it_is(guardrail: Guardrail | None) -> dict[str, Any]:
        if guardrail is None:
            return {}
        factor = 100 if KINDS[guardrail.kind].unit == "share" else 1
        return {
            "name": guardrail.name,
            "kind": guardrail.kind,
            "minimum": _plain_or_nothing(guardrail.minimum, factor),
            "maximum": _plain_or_nothing(guardrail.maximum, factor),
            "active": guardrail.active,
            "version": guardrail.version,
            **{f"scope_{name}": values for name, values in guardrail.scope.items()},
        }

    @property
    def scope_fields(self) -> list[forms.BoundField]:
        """The fields that say which bets it looks at."""
        return [self[name] for name in self.fields if name.startswith("scope_")]

    @property
    def has_scope(self) -> bool:
        """Whether anything is chosen."""
        return any(field.value() for field in self.scope_fields)

    @property
    def scope_words(self) -> str:
        """What is chosen, in words."""
        chosen = [
            str(label)
            for field in self.scope_fields
            for value, label in getattr(field.field, "choices", ())
            if value in (field.value() or [])
        ]
        return ", ".join(chosen) or "all bets"

    def given(self) -> dict[str, Any]:
        """What was typed, as ``allocation.limits`` takes it."""
        reader = READERS[KINDS[self.cleaned_data["kind"]].unit]
        fields = {
            "name": self.cleaned_data["name"],
            "kind": self.cleaned_data["kind"],
            "minimum": self.read("minimum", reader),
            "maximum": self.read("maximum", reader),
            "scope": {
                name.removeprefix("scope_"): values
                for name, values in self.cleaned_data.items()
                if name.startswith("scope_") and values
            },
            "reason": self.cleaned_data["reason"],
        }
        return (
            fields if self.guardrail is None else {**fields, "active": self.cleaned_data["active"]}
        )


def _plain_or_nothing(figure: Decimal | None, factor: int) -> str:
    return "" if figure is None else plain(figure * factor)


class AmountForm(LimitForm):
    """The envelope, or the reserve floor."""

    amount = _typed("A month")

    def __init__(self, label: str, currency: str, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["amount"].label = label
        self.fields["amount"].widget.attrs["data-money"] = currency
        self.order_fields(["amount"])

    def amount_typed(self) -> Decimal | None:
        """What was typed; None, with an error, where it is no amount."""
        amount: Decimal | None = self.read("amount", money_as_typed)
        if amount is None and not self.has_error("amount"):
            self.add_error("amount", "Write an amount a month.")
        return amount
