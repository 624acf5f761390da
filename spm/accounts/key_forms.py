"""The forms of API keys: they read what people type; ``keys`` judges it."""

from typing import Any

from django import forms

from spm.accounts.keys import LONGEST_NAME, OWNER_HOLDS, USUAL_DAYS
from spm.accounts.models import LONGEST_KEY_DAYS, Membership, Scope, User
from spm.accounts.signed_form import SignedForm
from spm.accounts.signing import FIELD

OVERLAPS = (
    (0, "Not at all: what uses it stops until it has the new one"),
    (1, "An hour"),
    (24, "A day"),
    (168, "A week"),
    (720, "30 days"),
)


class KeySigned(SignedForm):
    """What is asked for about a key by somebody who signs it."""

    signed_because = "a key opens the office."


def _days(label: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        initial=USUAL_DAYS,
        min_value=1,
        max_value=LONGEST_KEY_DAYS,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=f"At most {LONGEST_KEY_DAYS}. Its owner is told two weeks before it ends.",
    )


class KeyForm(KeySigned):
    """Whose key, what for, and what it may."""

    field_order = ("name", "owner", "scopes", "days", FIELD)

    name = forms.CharField(
        label="What it is for", max_length=LONGEST_NAME, help_text="Such as: Jira sync."
    )
    owner = forms.ChoiceField(
        label="Acts in the name of",
        help_text="It never may more than they may; what it does is recorded as theirs, by it.",
    )
    scopes = forms.MultipleChoiceField(
        label="May, besides reading",
        required=False,
        choices=[
            (scope.value, f"{scope.label}{' *' if scope in OWNER_HOLDS else ''}")
            for scope in Scope
            if scope != Scope.READ
        ],
        widget=forms.CheckboxSelectMultiple,
        help_text="* decides over money: made for somebody else, its owner alone sees the key. "
        "Deciding takes a mandate besides.",
    )
    days = _days("Lives, days")

    def __init__(self, person: User, portfolio_id: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(person, *args, **kwargs)
        owner: Any = self.fields["owner"]
        members = Membership.objects.filter(portfolio_id=portfolio_id, user__is_active=True)
        rows = members.select_related("user").order_by("user__name", "user__email")
        owner.choices = [
            (each.user_id, f"{each.user}, {each.get_role_display().lower()}") for each in rows
        ]
        owner.initial = person.pk

    def said(self) -> dict[str, Any]:
        """What was typed, as the rule reads it."""
        typed = super().said()
        return {
            **typed,
            "owner": int(typed["owner"]),
            "scopes": [Scope.READ.value, *typed["scopes"]],
        }


class RotationForm(KeySigned):
    """How long both secrets open, and how long the key lives on."""

    field_order = ("overlap_hours", "days", FIELD)

    overlap_hours = forms.TypedChoiceField(
        label="The secret of before opens as well for",
        choices=OVERLAPS,
        coerce=int,
        initial=24,
        widget=forms.RadioSelect,
    )
    days = _days("Lives from now on, days")
