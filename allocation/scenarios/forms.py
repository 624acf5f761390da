"""What people fill in besides cells: a name, a note, a bet or a guardrail that there is not yet."""

from collections.abc import Mapping
from typing import Any

from django import forms

from allocation.engine.guardrails import KINDS as GUARDRAIL_KINDS
from allocation.scenarios import edit, typed
from allocation.scenarios.opened import Opened
from allocation.scenarios.sheets import KIND_WORDS
from spm.errors import Invalid

EVERYTHING = ""
ATTRIBUTES = ("theme", "stream", "horizon", "liquidity", "stage")


class TypedNumber(forms.CharField):
    """A number as a person types it, in a unit; the form sets the decimal sign."""

    sign = ""

    def __init__(self, unit: typed.Unit, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(widget=widget, **kwargs)
        self.unit = unit

    def to_python(self, value: Any) -> Any:
        """The number, or None for nothing."""
        text = (value or "").strip()
        if not text:
            return None
        try:
            return self.unit.read(text, self.sign)
        except Invalid as refusal:
            raise forms.ValidationError(" ".join(refusal.fields.values())) from None


class SheetForm(forms.Form):
    """A form whose numbers are typed in the reader's language, and become one change."""

    kind = ""

    def __init__(self, opened: Opened, *args: Any, sign: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.opened = opened
        for field in self.fields.values():
            if isinstance(field, TypedNumber):
                field.sign = sign

    def target(self) -> str:
        """The slot that the change is about: the next free one."""
        taken = {change.target for change in self.opened.changes if change.kind == self.kind}
        return next(f"new-{n}" for n in range(1, len(taken) + 2) if f"new-{n}" not in taken)

    def becomes(self) -> Any:
        """What the slot becomes."""
        raise NotImplementedError

    def say(self, refusal: Invalid) -> None:
        """Say beside the fields what could not be taken."""
        for name, problem in refusal.fields.items():
            field = self.field_named(name.removeprefix("to").removeprefix("."))
            self.add_error(field, problem)

    def field_named(self, name: str) -> str | None:
        """The form's field for a part of the change; None where it has none."""
        return name if name in self.fields else None


class NewBetForm(SheetForm):
    """A bet that there is not yet."""

    kind = "bet"
    title = forms.CharField(label="What is it called?", max_length=120)
    belief = TypedNumber(
        typed.PER_CENT, label="Belief, %", help_text="How likely its thesis holds."
    )
    value = TypedNumber(
        typed.MONEY, label="Value", help_text="Over the horizon, if it holds: the middle estimate."
    )
    low = TypedNumber(typed.MONEY, label="Value at the low end", required=False)
    high = TypedNumber(typed.MONEY, label="Value at the high end", required=False)
    full_funding = TypedNumber(
        typed.MONEY, label="Full funding a month", help_text="The rate at which it earns that."
    )
    maximum = TypedNumber(typed.MONEY, label="Most a month", required=False)
    team = forms.ChoiceField(
        label="Team", required=False, help_text="Who would do the work; none is bought in."
    )

    def __init__(self, opened: Opened, *args: Any, **kwargs: Any) -> None:
        super().__init__(opened, *args, **kwargs)
        teams = [(team["id"], opened.words.team(team["id"])) for team in opened.after["teams"]]
        self.fields["team"].choices = [("", "None"), *teams]  # type: ignore[attr-defined]

    def becomes(self) -> Any:
        """The bet, its team working on all of it."""
        said = self.cleaned_data
        middle = said["value"]
        return {
            "title": said["title"],
            "belief": said["belief"],
            "value": {
                "p10": middle if said["low"] is None else said["low"],
                "p50": middle,
                "p90": middle if said["high"] is None else said["high"],
            },
            "full_funding": said["full_funding"],
            "minimum": 0.0,
            "maximum": said["maximum"],
            "teams": {said["team"]: 1.0} if said["team"] else {},
            "attributes": {},
        }

    def field_named(self, name: str) -> str | None:
        """The low and the high value have fields of their own."""
        parts = {"value.p10": "low", "value.p50": "value", "value.p90": "high", "teams": "team"}
        return super().field_named(parts.get(name, name))


class NewGuardrailForm(SheetForm):
    """A limit that there is not yet."""

    kind = "guardrail"
    name = forms.CharField(label="What is it called?", max_length=120)
    limits = forms.ChoiceField(label="What it limits", choices=list(KIND_WORDS.items()))
    scope = forms.ChoiceField(label="Of which bets", required=False)
    low = forms.CharField(label="At least", required=False, help_text="In % for shares.")
    high = forms.CharField(label="At most", required=False, help_text="In % for shares.")

    def __init__(self, opened: Opened, *args: Any, sign: str, **kwargs: Any) -> None:
        super().__init__(opened, *args, sign=sign, **kwargs)
        self.sign = sign
        self.fields["scope"].choices = scope_choices(opened)  # type: ignore[attr-defined]
        for side in ("low", "high"):
            self.fields[side].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def clean(self) -> dict[str, Any]:
        """The limits in the unit of what they limit."""
        said = super().clean() or self.cleaned_data
        kind = said.get("limits")
        if kind is None:
            return said
        unit = typed.OF_LIMITS[GUARDRAIL_KINDS[kind].unit]
        for side in ("low", "high"):
            try:
                text = said.get(side, "").strip()
                said[side] = unit.read(text, self.sign) if text else None
            except Invalid as refusal:
                self.add_error(side, " ".join(refusal.fields.values()))
        return said

    def becomes(self) -> Any:
        """The whole guardrail."""
        said = self.cleaned_data
        attribute, _, value = said["scope"].partition(":")
        return {
            "name": said["name"],
            "kind": said["limits"],
            "scope": {attribute: [value]} if attribute else {},
            "min": said["low"],
            "max": said["high"],
        }

    def field_named(self, name: str) -> str | None:
        """What the form calls otherwise."""
        return super().field_named({"min": "low", "max": "high", "kind": "limits"}.get(name, name))


def scope_choices(opened: Opened) -> list[tuple[str, str]]:
    """What a guardrail can look at, as 'attribute:value' with its words: what the bets have."""
    found = {
        (attribute, value)
        for bet in opened.before["bets"]
        for attribute, value in bet["attributes"].items()
        if attribute in ATTRIBUTES
    }
    choices = [
        (f"{attribute}:{value}", opened.words.scope({attribute: [value]}))
        for attribute, value in found
    ]
    return [(EVERYTHING, "all bets"), *sorted(choices, key=lambda choice: choice[1])]


class NewLendingForm(SheetForm):
    """A team that can stand in for another."""

    kind = "lending"
    lender = forms.ChoiceField(label="This team")
    borrower = forms.ChoiceField(label="can stand in for")
    of_use = TypedNumber(typed.PER_CENT, label="Of use, %")

    def __init__(self, opened: Opened, *args: Any, **kwargs: Any) -> None:
        super().__init__(opened, *args, **kwargs)
        teams = [(team["id"], opened.words.team(team["id"])) for team in opened.after["teams"]]
        for name in ("lender", "borrower"):
            self.fields[name].choices = teams  # type: ignore[attr-defined]

    def target(self) -> str:
        """The pair."""
        return f"{self.cleaned_data['lender']}>{self.cleaned_data['borrower']}"

    def becomes(self) -> Any:
        """How well."""
        return self.cleaned_data["of_use"]

    def say(self, refusal: Invalid) -> None:
        """A pair of one team is said beside the second."""
        for name, problem in refusal.fields.items():
            self.add_error("borrower" if name == "target" else "of_use", problem)


FORMS: Mapping[str, type[SheetForm]] = {
    "bets": NewBetForm,
    "guardrails": NewGuardrailForm,
    "lending": NewLendingForm,
}


class DescriptionForm(forms.Form):
    """The name of a scenario and what it is about."""

    name = forms.CharField(label="Name", max_length=edit.LONGEST_NAME)
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=edit.LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
