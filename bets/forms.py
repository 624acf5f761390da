"""Forms for a bet and a hypothesis: they read what people type; ``bets.edit`` judges it.

A form of something that exists carries, hidden, what the person saw. Only fields that they have
changed are sent on, so that two people who edit different fields do not hinder each other.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.formats import get_format
from django.utils.translation import get_language_from_request

from bets.goalposts import LONGEST_REASON
from bets.models import Bet, Hypothesis, Portfolio, Stage, Team, Theme, ValueStream
from bets.models.bet import WSJF_SCORES, Horizon, Liquidity
from bets.models.thesis import Metric
from bets.wip import HIGHEST_LIMIT, field_of, limits_in
from spm.accounts.models import User
from spm.amounts import money_as_typed, number_as_typed
from spm.errors import Invalid
from spm.ruled_form import RuledForm

END_OF_DAY = time(23, 59, 59, tzinfo=UTC)


def decimal_sign_of(request: Any) -> str:
    """The decimal sign of the language that the person's browser asks for."""
    return str(get_format("DECIMAL_SEPARATOR", lang=get_language_from_request(request)))


class TypedField(forms.CharField):
    """A number as a person types it; ``decimal_sign`` is set by the form."""

    decimal_sign = ""

    def read(self, text: str) -> Any:
        """What was typed, as a number."""
        return number_as_typed(text, "", self.decimal_sign)

    def to_python(self, value: Any) -> Any:
        """The number, or None for nothing."""
        if value in self.empty_values or not str(value).strip():
            return None
        try:
            return self.read(str(value))
        except Invalid as refusal:
            raise forms.ValidationError(" ".join(refusal.fields.values())) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether another number was typed, however it is written."""
        try:
            return bool(self.to_python(initial) != self.to_python(data))
        except forms.ValidationError:
            return True


class TypedMoneyField(TypedField):
    """An amount as a person types it."""

    def read(self, text: str) -> Decimal:
        """What was typed, as money."""
        return money_as_typed(text, "", self.decimal_sign)


class TypedPercentField(TypedField):
    """A share, typed as per cent."""

    def read(self, text: str) -> Decimal:
        """What was typed, as a share."""
        return number_as_typed(text.replace("%", ""), "", self.decimal_sign) / 100


def plain(number: Decimal | float | None) -> str:
    """A number as it stands in a field: no exponent, no thousands apart, no needless noughts."""
    if number is None:
        return ""
    text = f"{Decimal(repr(number)) if isinstance(number, float) else number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def per_cent(share: float | None) -> str:
    """A share as it stands in a field of per cent."""
    return "" if share is None else plain(Decimal(repr(share)) * 100)


def _money(label: str, help_text: str = "") -> TypedMoneyField:
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return TypedMoneyField(label=label, required=False, help_text=help_text, widget=widget)


def _per_cent(label: str, help_text: str = "") -> TypedPercentField:
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return TypedPercentField(label=label, required=False, help_text=help_text, widget=widget)


def _number(label: str, help_text: str = "") -> TypedField:
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return TypedField(label=label, required=False, help_text=help_text, widget=widget)


def _score(label: str) -> forms.TypedChoiceField:
    choices = [("", "–"), *((score, str(score)) for score in WSJF_SCORES)]
    return forms.TypedChoiceField(
        label=label, required=False, choices=choices, coerce=int, empty_value=None
    )


def _limit(label: str) -> forms.IntegerField:
    unreadable = {"invalid": f"A limit is a whole number from 0 to {HIGHEST_LIMIT}."}
    return forms.IntegerField(label=label, required=False, error_messages=unreadable)


class SeenForm(RuledForm):
    """A form that knows what the person saw, and hands on only what they changed."""

    template_name = "components/form_fields.html"

    def remember_what_was_seen(self) -> None:
        """Put the present values, hidden, beside the fields."""
        for field in self.fields.values():
            field.show_hidden_initial = True

    def use_decimal_sign(self, sign: str, currency: str) -> None:
        """Read numbers with this decimal sign where they could be read in two ways."""
        for field in self.fields.values():
            if isinstance(field, TypedField):
                field.decimal_sign = sign
            if isinstance(field, TypedMoneyField):
                field.widget.attrs["data-money"] = currency

    def seen(self, name: str) -> Any:
        """What the person saw in a field."""
        field = self.fields[name]
        hidden = field.hidden_widget()
        raw = hidden.value_from_datadict(self.data, self.files, self[name].html_initial_name)
        return field.to_python(raw)


class BetForm(SeenForm):
    """All that people say of a bet; teams are one field each, ``team_<id>``."""

    title = forms.CharField(label="Title", max_length=200)
    description = forms.CharField(
        label="What it is", required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    owner = forms.ModelChoiceField(label="Owner", required=False, queryset=User.objects.none())
    stream = forms.ModelChoiceField(
        label="Value stream", required=False, queryset=ValueStream.objects.none()
    )
    theme = forms.ModelChoiceField(
        label="Strategic theme", required=False, queryset=Theme.objects.none()
    )
    horizon = forms.ChoiceField(label="Horizon", choices=Horizon.choices, initial=Horizon.H2)
    liquidity = forms.ChoiceField(
        label="Liquidity class", choices=Liquidity.choices, initial=Liquidity.PROPERTY
    )
    predecessor = forms.ModelChoiceField(
        label="Predecessor", required=False, queryset=Bet.objects.none()
    )
    needs = forms.ModelMultipleChoiceField(
        label="Needs",
        required=False,
        queryset=Bet.objects.none(),
        widget=forms.SelectMultiple(attrs={"size": 6}),
        help_text="It can only be funded while these are. Ctrl or ⌘ chooses several.",
    )

    value_p10 = _money("Value P10", "In one of ten cases it is worth less than this.")
    value_p50 = _money("Value P50")
    value_p90 = _money("Value P90", "In one of ten cases it is worth more than this.")
    full_funding = _money("Full funding", "A month; the value is what it is worth funded so.")
    minimum = _money("Minimum", "A month; with less it is better left.")
    maximum = _money("Maximum", "A month.")
    test_budget = _money("Test budget", "A month, at most, while it is tested.")
    response = forms.CharField(
        label="Value at part of the funding",
        help_text="Pairs of per cent, funding : value. 40:60 means 60 % of the value at 40 % of "
        "full funding.",
    )

    reclaimable_share = _per_cent("Reclaimable, %", "What is freed of funding withdrawn.")
    withdrawable = _per_cent("Withdrawable now, %")
    notice_months = _number("Notice, months")
    exit_cost = _number("Exit cost", "One-off, for each unit of monthly funding withdrawn.")
    ramp_cost = _number("Ramp cost", "One-off, for each unit of monthly funding added.")
    stop_below = _per_cent("Thesis breaks below, %")
    revive_above = _per_cent("Revives above, %")

    business_value = _score("User and business value")
    time_criticality = _score("Time criticality")
    risk_reduction = _score("Risk reduction, opportunity")
    job_size = _score("Job size")

    GROUPS = (
        (
            "The bet",
            "title description owner stream theme horizon liquidity predecessor needs",
        ),
        (
            "Value over the portfolio's horizon, if the thesis holds",
            "value_p10 value_p50 value_p90",
        ),
        ("Funding per month", "full_funding minimum maximum test_budget response"),
        ("WSJF", "business_value time_criticality risk_reduction job_size"),
        ("Teams, per cent of the funding", ""),
        (
            "Getting out and in",
            "reclaimable_share withdrawable notice_months exit_cost ramp_cost",
        ),
        ("Thesis", "stop_below revive_above"),
    )
    TEAMS = "Teams, per cent of the funding"
    WIDE = ("title", "description", "needs", "response")

    def __init__(
        self, portfolio: Portfolio, bet: Bet | None, *args: Any, sign: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.portfolio = portfolio
        others = Bet.objects.filter(portfolio=portfolio).order_by("title")
        if bet is not None:
            others = others.exclude(pk=bet.pk)
        self._choices("stream", ValueStream.objects.filter(portfolio=portfolio))
        self._choices("theme", Theme.objects.filter(portfolio=portfolio))
        people = User.objects.filter(memberships__portfolio=portfolio, is_active=True)
        self._choices("owner", people.order_by("name", "email"))
        self._choices("needs", others.only("title"))
        self._choices("predecessor", others.only("title"))
        self.teams = list(Team.objects.filter(portfolio=portfolio))
        for team in self.teams:
            self.fields[f"team_{team.pk}"] = _per_cent(team.name)
        self.use_decimal_sign(sign, portfolio.currency)
        if bet is not None:
            self.remember_what_was_seen()

    def _choices(self, name: str, rows: Any) -> None:
        field: Any = self.fields[name]
        field.queryset = rows

    def clean_response(self) -> list[list[float]]:
        """Pairs of per cent as points of shares."""
        points = []
        for pair in str(self.cleaned_data["response"]).replace("%", "").split(","):
            funding, colon, value = pair.partition(":")
            try:
                point = [
                    float(number_as_typed(part, "response", ".") / 100) for part in (funding, value)
                ]
            except Invalid:
                point = []
            if not colon or not point:
                raise forms.ValidationError(
                    "Write pairs of per cent such as 40:60, 80:90, 120:100."
                )
            points.append(point)
        return points

    def groups(self) -> list[tuple[str, list[Any]]]:
        """The fields in groups, as (title, fields)."""
        shown = []
        for title, names in self.GROUPS:
            wanted = names.split() or [f"team_{team.pk}" for team in self.teams]
            if wanted:
                shown.append((title, [self[name] for name in wanted]))
        return shown

    def terms(self) -> dict[str, Any]:
        """What was typed, as fields of ``bets.terms``; of a bet that exists, what was changed."""
        names = self.changed_data if self.is_of_something else list(self.fields)
        terms = {name: self.cleaned_data[name] for name in names if not name.startswith("team_")}
        if not self.is_of_something:
            terms = {name: value for name, value in terms.items() if value not in (None, "")}
        if any(name.startswith("team_") for name in names):
            terms["teams"] = self._shares(self.cleaned_data.get)
        return terms

    def seen_terms(self) -> dict[str, Any]:
        """What the person saw in the fields that they changed."""
        seen = {
            name: self.seen(name)
            for name in self.changed_data
            if not name.startswith("team_") and name != "response"
        }
        if any(name.startswith("team_") for name in self.changed_data):
            seen["teams"] = self._shares(self.seen)
        return seen

    @property
    def is_of_something(self) -> bool:
        """Whether the form is of a bet that exists."""
        return any(field.show_hidden_initial for field in self.fields.values())

    def _shares(self, value_of: Any) -> list[dict[str, Any]]:
        shares = [(team, value_of(f"team_{team.pk}")) for team in self.teams]
        return [{"team": team, "share": share} for team, share in shares if share]

    def refuse(self, wrong: Mapping[str, str]) -> None:
        """Put what a rule says beside the fields; of teams, beside the first with a share."""
        named = dict(wrong)
        if "teams" in named:
            used = [team for team in self.teams if self.cleaned_data.get(f"team_{team.pk}")]
            first = (used or self.teams)[:1]
            name = f"team_{first[0].pk}" if first else ""
            named[name] = named.pop("teams")
        super().refuse(named)


def initial_of(bet: Bet) -> dict[str, Any]:
    """A bet's present values as they stand in the form."""
    amounts = (
        "value_p10",
        "value_p50",
        "value_p90",
        "full_funding",
        "minimum",
        "maximum",
        "test_budget",
        "notice_months",
        "exit_cost",
        "ramp_cost",
    )
    shares = ("reclaimable_share", "withdrawable", "stop_below", "revive_above")
    same = (
        "title",
        "description",
        "horizon",
        "liquidity",
        "business_value",
        "time_criticality",
        "risk_reduction",
        "job_size",
    )
    references = {
        name: getattr(bet, f"{name}_id") for name in ("owner", "stream", "theme", "predecessor")
    }
    teams = {f"team_{link.team_id}": per_cent(link.share) for link in bet.bet_teams.all()}
    return {
        **{name: getattr(bet, name) for name in same},
        **references,
        **{name: plain(getattr(bet, name)) for name in amounts},
        **{name: per_cent(getattr(bet, name)) for name in shares},
        **teams,
        "needs": [link.needs_id for link in bet.needs_links.all()],
        "response": ", ".join(f"{per_cent(x)}:{per_cent(y)}" for x, y in bet.response),
    }


class ScoresForm(SeenForm):
    """The four scores of WSJF, as they are set on a card."""

    business_value = _score("Business value")
    time_criticality = _score("Time criticality")
    risk_reduction = _score("Risk reduction")
    job_size = _score("Job size")

    def __init__(self, bet: Bet, data: Any = None) -> None:
        initial = {name: getattr(bet, name) for name in self.base_fields}
        super().__init__(data, initial=initial, auto_id=f"wsjf-{bet.pk}-%s")
        self.remember_what_was_seen()

    def terms(self) -> dict[str, Any]:
        """The scores that were changed, as fields of ``bets.terms``."""
        return {name: self.cleaned_data[name] for name in self.changed_data}

    def seen_terms(self) -> dict[str, Any]:
        """What the person saw in the scores that they changed."""
        return {name: self.seen(name) for name in self.changed_data}


class LimitsForm(SeenForm):
    """The limits of a stage: of all in it, and of each value stream; empty for none."""

    def __init__(self, portfolio: Portfolio, stage: Stage, data: Any = None) -> None:
        present = limits_in(portfolio.pk, stage)
        streams = list(ValueStream.objects.filter(portfolio=portfolio))
        self.named: dict[str, int | None] = {field_of(None): None}
        self.named |= {field_of(stream.pk): stream.pk for stream in streams}
        initial = {name: present.get(stream_id) for name, stream_id in self.named.items()}
        super().__init__(data, initial=initial)
        self.fields[field_of(None)] = _limit(f"All of {stage.label}")
        for stream in streams:
            self.fields[field_of(stream.pk)] = _limit(stream.name)
        self.remember_what_was_seen()

    def limits(self) -> dict[int | None, int | None]:
        """The limits that were changed, by value stream."""
        return {self.named[name]: self.cleaned_data[name] for name in self.changed_data}

    def seen_limits(self) -> dict[int | None, int | None]:
        """What the person saw in the limits that they changed."""
        return {self.named[name]: self.seen(name) for name in self.changed_data}


class HypothesisForm(SeenForm):
    """A hypothesis without its kill criteria."""

    statement = forms.CharField(
        label="What must hold for the bet to pay",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Something that evidence could show to be wrong.",
    )
    indicator = forms.CharField(
        label="Leading indicator",
        required=False,
        max_length=200,
        help_text="What you look at, long before the value shows.",
    )
    metric = forms.ChoiceField(label="Measured as", required=False, choices=Metric.choices)
    direction = forms.ChoiceField(
        label="Holds if it is", choices=[(">=", "at least"), ("<=", "at most")]
    )
    threshold = _number("Threshold", "A proportion as a share: 0.12 is 12 of 100.")
    prior = _per_cent("Prior, %", "How likely it holds, before any evidence.")
    half_life_days = _number("Half-life of evidence, days", "Empty: evidence never goes stale.")
    reason = forms.CharField(
        label="Why it is changed",
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="There is evidence already: whoever moves what it is held against says why. It "
        "stays on record, and is a mark in the bet's picture.",
    )

    WIDE = ("statement", "indicator", "reason")

    def __init__(self, *arguments: Any, asks_why: bool = False, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if not asks_why:
            del self.fields["reason"]

    @property
    def reason_given(self) -> str:
        """Why it is changed, where that was asked."""
        return str(self.cleaned_data.get("reason", ""))

    def terms(self) -> dict[str, Any]:
        """What was typed, as fields of ``bets.terms``."""
        terms = {name: value for name, value in self.cleaned_data.items() if name != "reason"}
        if terms["prior"] is None:
            terms["prior"] = Decimal("0.5")
        return terms


class KillCriterionForm(forms.Form):
    """One condition under which the thesis counts as broken; empty if it has no value."""

    metric = forms.ChoiceField(
        label="What", choices=[("value", "Measured value"), ("trials", "Sample size")]
    )
    comparison = forms.ChoiceField(
        label="Is", choices=[("<", "<"), ("<=", "≤"), (">", ">"), (">=", "≥")]
    )
    value = _number("Value")
    min_sample = _number("On at least")
    deadline = forms.DateField(
        label="By",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def terms(self) -> dict[str, Any]:
        """The criterion as fields of ``bets.terms``; a day stands for its end."""
        typed = dict(self.cleaned_data)
        before = self.initial.get("deadline")
        if typed["deadline"] is not None:
            same_day = isinstance(before, datetime) and before.date() == typed["deadline"]
            end = datetime.combine(typed["deadline"], END_OF_DAY)
            typed["deadline"] = before if same_day else end
        return typed


class BaseKillCriteria(forms.BaseFormSet):
    """The kill criteria of a hypothesis: those there are, and room for more."""

    def terms(self) -> list[dict[str, Any]]:
        """All criteria that have a value."""
        return [form.terms() for form in self.forms if form.cleaned_data.get("value") is not None]


KillCriteria = forms.formset_factory(
    KillCriterionForm, formset=BaseKillCriteria, extra=2, max_num=50
)


def initial_of_hypothesis(hypothesis: Hypothesis) -> dict[str, Any]:
    """A hypothesis's present values as they stand in the form."""
    return {
        "statement": hypothesis.statement,
        "indicator": hypothesis.indicator,
        "metric": hypothesis.metric,
        "direction": hypothesis.direction,
        "threshold": plain(hypothesis.threshold),
        "prior": per_cent(hypothesis.prior),
        "half_life_days": plain(hypothesis.half_life_days),
    }


def initial_of_criteria(hypothesis: Hypothesis) -> list[dict[str, Any]]:
    """The kill criteria's present values as they stand in the form."""
    return [
        {
            "metric": criterion.metric,
            "comparison": criterion.comparison,
            "value": plain(criterion.value),
            "min_sample": criterion.min_sample or "",
            "deadline": criterion.deadline,
        }
        for criterion in hypothesis.kill_criteria.order_by("id")
    ]
