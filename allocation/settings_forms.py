"""Forms for what a portfolio is made of: they read what people type; the rules judge it."""

from typing import Any

from django import forms

from bets.forms import SeenForm, TypedMoneyField, TypedPercentField, per_cent, plain
from bets.models import Portfolio, Team, Theme, ValueStream
from bets.structure import LONGEST_HORIZON_MONTHS, LONGEST_NAME, LONGEST_TEXT
from spm.accounts.models import Membership, Role

ROLES_IN_WORDS = (
    (Role.VIEWER, "Viewer: sees everything, changes nothing"),
    (Role.CONTRIBUTOR, "Contributor: logs evidence and works on the bets of their teams"),
    (Role.LEAD, "Portfolio lead: all bets, the board, and drawing up proposals"),
    (Role.FINANCE, "Finance: decides on proposals, sets the envelope and the guardrails"),
    (Role.ADMIN, "Administrator: settings and people, no money"),
)


def _figures() -> forms.TextInput:
    return forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})


class PortfolioForm(SeenForm):
    """What the portfolio is called, what it is for, and over how long value counts."""

    name = forms.CharField(label="Name", max_length=LONGEST_NAME)
    intent = forms.CharField(
        label="What it is for",
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    horizon_months = forms.IntegerField(
        label="Horizon, months",
        min_value=1,
        max_value=LONGEST_HORIZON_MONTHS,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text="Over how long a bet's value is counted against its cost. All is computed anew.",
    )

    @staticmethod
    def initial_of(portfolio: Portfolio) -> dict[str, Any]:
        """The present values."""
        return {name: getattr(portfolio, name) for name in ("name", "intent", "horizon_months")}


class ThemeForm(SeenForm):
    """A strategic theme with its target range."""

    name = forms.CharField(label="Name", max_length=LONGEST_NAME)
    statement = forms.CharField(
        label="Statement of intent",
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What is true when it has succeeded.",
    )
    low = TypedPercentField(
        label="At least, % of the envelope", required=False, initial="0", widget=_figures()
    )
    high = TypedPercentField(
        label="At most, % of the envelope", required=False, initial="100", widget=_figures()
    )

    @staticmethod
    def initial_of(theme: Theme) -> dict[str, Any]:
        """The present values."""
        return {
            "name": theme.name,
            "statement": theme.statement,
            "low": per_cent(theme.target_min_share),
            "high": per_cent(theme.target_max_share),
        }

    def fields_given(self) -> dict[str, Any]:
        """What was typed, as ``structure.change_theme`` takes it."""
        typed = self.cleaned_data
        low, high = typed["low"] or 0, 1 if typed["high"] is None else typed["high"]
        target = (float(low), float(high))
        return {"name": typed["name"], "statement": typed["statement"], "target": target}

    def refuse(self, wrong: Any) -> None:
        """A range that is none stands beside its upper end."""
        super().refuse({"high" if name == "target" else name: text for name, text in wrong.items()})


class StreamForm(SeenForm):
    """A value stream."""

    name = forms.CharField(label="Name", max_length=LONGEST_NAME)
    purpose = forms.CharField(
        label="What flows in it",
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    @staticmethod
    def initial_of(stream: ValueStream) -> dict[str, Any]:
        """The present values."""
        return {"name": stream.name, "purpose": stream.purpose}

    def fields_given(self) -> dict[str, Any]:
        """What was typed, as ``structure.change_stream`` takes it."""
        return dict(self.cleaned_data)


class TeamForm(SeenForm):
    """A team and what it can absorb."""

    name = forms.CharField(label="Name", max_length=LONGEST_NAME)
    stream = forms.ModelChoiceField(
        label="Value stream", required=False, queryset=ValueStream.objects.none()
    )
    capacity = TypedMoneyField(
        label="Capacity, a month",
        widget=_figures(),
        help_text="What the team costs a month when it is fully busy. No proposal gives it more.",
    )

    def __init__(self, portfolio: Portfolio, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        streams: Any = self.fields["stream"]
        streams.queryset = ValueStream.objects.filter(portfolio=portfolio)

    @staticmethod
    def initial_of(team: Team) -> dict[str, Any]:
        """The present values."""
        return {"name": team.name, "stream": team.stream_id, "capacity": plain(team.capacity)}

    def fields_given(self) -> dict[str, Any]:
        """What was typed, as ``structure.change_team`` takes it."""
        stream = self.cleaned_data["stream"]
        return {**self.cleaned_data, "stream": stream.name if stream else ""}


class LendingForm(SeenForm):
    """How well one team can take over what is freed in another."""

    from_team = forms.ModelChoiceField(label="What is freed in", queryset=Team.objects.none())
    to_team = forms.ModelChoiceField(label="can be used by", queryset=Team.objects.none())
    efficiency = TypedPercentField(
        label="How well, %",
        required=False,
        widget=_figures(),
        help_text="100: as well as their own people. 0 or nothing: not at all.",
    )

    def __init__(self, portfolio: Portfolio, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("from_team", "to_team"):
            field: Any = self.fields[name]
            field.queryset = Team.objects.filter(portfolio=portfolio)


class MemberForm(SeenForm):
    """Somebody's role; ``email`` and ``name`` only for somebody who comes in."""

    email = forms.EmailField(
        label="E-mail address",
        help_text="What they sign in with. Somebody new gets a password, which is shown once.",
    )
    name = forms.CharField(label="Name", required=False, max_length=LONGEST_NAME)
    role = forms.ChoiceField(
        label="Role", choices=ROLES_IN_WORDS, widget=forms.RadioSelect, initial=Role.CONTRIBUTOR
    )
    teams = forms.ModelMultipleChoiceField(
        label="Teams of a contributor",
        required=False,
        queryset=Team.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text="On whose bets they may act.",
    )

    def __init__(
        self, portfolio: Portfolio, member: Membership | None, *args: Any, **kwargs: Any
    ) -> None:
        if member is not None:
            teams = list(member.teams.values_list("id", flat=True))
            kwargs["initial"] = {"role": member.role, "teams": teams}
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["teams"]
        choices.queryset = Team.objects.filter(portfolio=portfolio)
        if member is not None:
            del self.fields["email"], self.fields["name"]

    def clean(self) -> dict[str, Any]:
        """A contributor without a team could touch nothing."""
        typed = super().clean() or self.cleaned_data
        if typed.get("role") == Role.CONTRIBUTOR and not typed.get("teams"):
            self.add_error("teams", "Choose at least one team: they act on its bets only.")
        return typed

    def team_ids(self) -> list[int]:
        """The chosen teams, for a contributor."""
        is_contributor = self.cleaned_data["role"] == Role.CONTRIBUTOR
        return [team.pk for team in self.cleaned_data["teams"]] if is_contributor else []
