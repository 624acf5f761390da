"""Forms for evidence: they read what people type; ``evidence.intake`` judges it."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from secrets import token_hex
from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.html import format_html

from bets.forms import SeenForm, TypedField, TypedPercentField
from bets.models import Bet, Hypothesis, Portfolio, ValueStream
from bets.models.thesis import Metric
from evidence.asking import who_may_answer
from evidence.days import latest_day, moment_of
from evidence.models import (
    EvidenceKind,
    NoticeKind,
    RequestState,
    Source,
    Strength,
)
from evidence.said import NewEvidence
from evidence.stream import Wanted
from spm.accounts.models import User
from spm.amounts import number_as_typed
from spm.errors import Invalid
from spm.ruled_form import RuledForm

DIRECTIONS = [("for", "For it"), ("against", "Against it")]
STRENGTHS = [
    (strength.value, format_html('<span>{} <span class="choices__weight">{}</span></span>', *words))
    for strength, words in {
        Strength.WEAK: ("A customer said so", "weak, 2.5 dB"),
        Strength.MODERATE: ("Several said so independently", "moderate, 5 dB"),
        Strength.STRONG: ("An experiment showed it", "strong, 10 dB"),
        Strength.DECISIVE: ("It happened in real use, measured", "decisive, 15 dB"),
    }.items()
]
#: By when evidence is asked for, unless somebody says else.
ASKED_AHEAD = timedelta(days=14)
#: The kinds of evidence that a form can be of, in as few letters as a phone has room for.
KIND_LABELS = {
    EvidenceKind.MEASUREMENT: "Measurement",
    EvidenceKind.JUDGEMENT: "Judgement",
    EvidenceKind.RATIO: "Ratio",
}
#: What a form is known by, so that sending it again is no second piece of evidence.
_SUBMISSION = re.compile(r"[0-9a-f]{32}", re.ASCII)
_OF = re.compile(r"\s*(?:\bout\s+of\b|\bof\b|/)\s*", re.IGNORECASE)
_DECIMAL = {"inputmode": "decimal", "autocomplete": "off"}


class TypedReadingField(TypedField):
    """How many of how many, as a person types it: '12 of 100', '12/100'."""

    def read(self, text: str) -> Any:
        """The successes and the trials."""
        parts = _OF.split(text.strip())
        if len(parts) != 2 or not all(parts):
            raise Invalid({"": HOW_MANY})
        return tuple(number_as_typed(part, "", self.decimal_sign) for part in parts)


HOW_MANY = "Write how many of how many, such as 12 of 100: a share alone has no weight."


def new_submission() -> str:
    """What a fresh form is known by."""
    return token_hex(16)


def _figure(label: str, help_text: str = "", *, required: bool = True) -> TypedField:
    return TypedField(
        label=label,
        required=required,
        help_text=help_text,
        widget=forms.TextInput(attrs=dict(_DECIMAL)),
        error_messages={"required": "Write a number."},
    )


def _choice(label: str, choices: Sequence[tuple[str, str]], style: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=choices,
        widget=forms.RadioSelect(attrs={"class": f"choices {style}"}),
        error_messages={"required": "Choose one of these."},
    )


def _fields_of(kind: str, metric: str) -> dict[str, forms.Field]:
    """What a kind of evidence asks for."""
    if kind == EvidenceKind.RATIO:
        ratio = "Above 1 speaks for it: how many times likelier is what was seen, if it holds?"
        return {"likelihood_ratio": _figure("Likelihood ratio", ratio)}
    if kind == EvidenceKind.MEASUREMENT and metric == Metric.MEAN:
        return {
            "mean": _figure("Mean"),
            "standard_deviation": _figure("Standard deviation", "Of one observation."),
            "sample_size": _figure("Observations"),
        }
    if kind == EvidenceKind.MEASUREMENT:
        reading = forms.TextInput(attrs={"placeholder": "12 of 100", "autocomplete": "off"})
        return {
            "reading": TypedReadingField(
                label="How many of how many",
                widget=reading,
                error_messages={"required": HOW_MANY},
            ),
            "successes": _figure("Successes", required=False),
            "trials": _figure("Out of", required=False),
        }
    return {
        "direction": _choice("It speaks", DIRECTIONS, "choices--two"),
        "strength": _choice("How strongly", STRENGTHS, ""),
    }


class EvidenceForm(SeenForm):
    """One piece of evidence on one hypothesis, of one kind."""

    kind = forms.CharField(widget=forms.HiddenInput(attrs={"data-keep-too": ""}))
    submission = forms.CharField(
        required=False, widget=forms.HiddenInput(attrs={"data-keep-too": ""})
    )
    source = forms.CharField(
        label="Source",
        required=False,
        max_length=120,
        help_text="Several reports of one source count as fewer.",
    )
    observed_on = forms.DateField(
        label="Observed on",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": "Choose the day on which it was observed.",
            "invalid": "Write a day such as 2026-03-14.",
        },
    )
    note = forms.CharField(
        label="What was seen",
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    link = forms.CharField(
        label="Link", required=False, max_length=500, widget=forms.URLInput(attrs={"size": 30})
    )
    reliability = TypedPercentField(
        label="Reliability, %",
        required=False,
        help_text="Empty for that of the source.",
        widget=forms.TextInput(attrs=dict(_DECIMAL)),
    )

    #: Asked for only by who wants to.
    MORE = ("successes", "trials", "link", "reliability")

    def __init__(
        self,
        hypothesis: Hypothesis,
        kind: str,
        data: Any = None,
        *,
        initial: dict[str, Any] | None = None,
        sign: str = "",
    ) -> None:
        super().__init__(data, initial=initial, auto_id=f"log-{hypothesis.pk}-%s")
        self.files_wrong = ""
        self.said = _fields_of(kind, hypothesis.metric)
        self.fields = {**self.said, **self.fields}
        self.fields["source"].widget.attrs["list"] = f"sources-{hypothesis.bet.portfolio_id}"
        self.fields["observed_on"].widget.attrs["max"] = latest_day().isoformat()
        self.use_decimal_sign(sign, "")

    def shown(self) -> list[forms.BoundField]:
        """What everybody fills in."""
        return [
            self[name]
            for name, field in self.fields.items()
            if name not in self.MORE and not field.widget.is_hidden
        ]

    def more(self) -> list[forms.BoundField]:
        """What only few do."""
        return [self[name] for name in self.MORE if name in self.fields]

    @property
    def more_label(self) -> str:
        """What only few fill in, in words."""
        return "Two numbers, link, reliability" if "trials" in self.fields else "Link, reliability"

    @property
    def more_is_open(self) -> bool:
        """Whether there is something in what only few fill in."""
        return any(field.value() or field.errors for field in self.more())

    @property
    def is_unfinished(self) -> bool:
        """Whether something that the kind asks for has not been typed yet: no fault, in typing."""
        typed = {name for name in self.said if self.data.get(name)}
        if "reading" in self.said and "reading" not in typed:
            return not {"successes", "trials"} <= typed
        return any(self.fields[name].required and name not in typed for name in self.said)

    def clean_submission(self) -> str:
        """The form's own name, or nothing where it is none of ours."""
        named: str = self.cleaned_data["submission"]
        return named if _SUBMISSION.fullmatch(named) else ""

    def clean(self) -> None:
        """The reading as its two numbers, whichever way it was typed."""
        super().clean()
        if "reading" not in self.said:
            return
        reading = self.cleaned_data.get("reading")
        numbers = (self.cleaned_data.get("successes"), self.cleaned_data.get("trials"))
        if not self.data.get("reading", "").strip():
            if numbers != (None, None):  # they are another way to say the same
                self.errors.pop("reading", None)
        elif reading is not None and numbers not in ((None, None), reading):
            problem = "The two numbers below say something else: empty one of both."
            self.add_error("reading", problem)
        elif reading is not None:
            self.cleaned_data["successes"], self.cleaned_data["trials"] = reading

    def rename(self) -> None:
        """Give the form another name: what is sent next is another piece of evidence."""
        sent: Any = self.data
        self.data = sent.copy()
        self.data["submission"] = new_submission()  # type: ignore[index]

    def event(self) -> NewEvidence:
        """What was typed, as an event."""
        typed = {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in ("reading", "submission")
        }
        observed_on: date = typed.pop("observed_on")
        return NewEvidence(
            **{name: value for name, value in typed.items() if value != ""},
            observed_at=moment_of(observed_on),
        )

    def refuse(self, wrong: Mapping[str, str]) -> None:
        """Put what the rule says beside the fields that it names."""
        renamed = {"observed_at": "observed_on", "hypothesis": ""}
        if self.cleaned_data.get("reading") is not None:
            renamed |= {"successes": "reading", "trials": "reading"}
        wrong = dict(wrong)
        if "files" in wrong:
            self.files_wrong = wrong.pop("files")
        super().refuse({renamed.get(name, name): text for name, text in wrong.items()})


class RetractionForm(RuledForm):
    """Why a piece of evidence is taken back."""

    note = forms.CharField(
        label="Why",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why it is taken back; the reason stays on record."},
    )


class ResolutionForm(RuledForm):
    """Whether a hypothesis held, what shows it, and since when that is clear."""

    other_names: ClassVar = {"became_clear_at": "became_clear_on"}

    outcome = forms.ChoiceField(
        label="It",
        choices=[("held", "Held"), ("did_not_hold", "Did not hold")],
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether it held."},
    )
    shown_by = forms.CharField(
        label="What shows it",
        max_length=4_900,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what shows it; it stays on record."},
    )
    link = forms.CharField(label="Link", required=False, max_length=500, widget=forms.URLInput)
    became_clear_on = forms.DateField(
        label="Since when it is clear",
        required=False,
        help_text="Empty for now. What was believed before is scored as a forecast.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Write a day such as 2026-03-14."},
    )


class ReopenForm(RuledForm):
    """Why a resolved hypothesis is open again."""

    other_names: ClassVar = {"reason": "shown_by"}

    shown_by = forms.CharField(
        label="Why it is open again",
        max_length=4_900,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why; it stays on record."},
    )


class SourceForm(RuledForm):
    """How far a source is relied on, and what that is based on."""

    reliability = TypedPercentField(
        label="Reliability, %",
        help_text="100: its reports count in full. 50: each weighs half.",
        widget=forms.TextInput(attrs=dict(_DECIMAL)),
        error_messages={"required": "Write a share above 0 and up to 100."},
    )
    based_on = forms.CharField(
        label="What that is based on",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what it is based on; it stays on record."},
    )


class AskForm(RuledForm):
    """Whom to ask for evidence, by when, and what would help."""

    asked_of = forms.ModelChoiceField(
        User.objects.none(),
        label="Ask",
        empty_label="Choose",
        error_messages={
            "required": "Choose who is asked.",
            "invalid_choice": "Choose a member who may log evidence on this bet.",
        },
    )
    due_on = forms.DateField(
        label="By",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": "Choose the day by which it is needed.",
            "invalid": "Write a day such as 2026-03-14.",
        },
    )
    what_would_help = forms.CharField(
        label="What would help",
        max_length=2_000,
        help_text="A reading, a test, a talk with somebody. It is read by all who see the bet.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what would help."},
    )

    def __init__(self, bet: Bet, data: Any = None) -> None:
        people = who_may_answer(bet)
        today = timezone.now().date()
        initial = {"asked_of": bet.owner_id, "due_on": today + ASKED_AHEAD}
        super().__init__(data, initial=initial)
        asked: Any = self.fields["asked_of"]
        asked.queryset = people
        self.fields["due_on"].widget.attrs["min"] = today.isoformat()

    def clean_asked_of(self) -> int:
        """The person's id, as the rule takes it."""
        person: User = self.cleaned_data["asked_of"]
        return person.pk


class RequestFilter(forms.Form):
    """Which requests for evidence are shown."""

    state = forms.ChoiceField(
        required=False, label="State", choices=[("", "All"), *RequestState.choices]
    )


class NoticeFilter(forms.Form):
    """Which notices are shown."""

    kind = forms.ChoiceField(
        required=False, label="About", choices=[("", "Everything"), *NoticeKind.choices]
    )
    unread = forms.BooleanField(required=False, label="Only unread")
    before = forms.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput
    )


class StreamFilter(forms.Form):
    """Which evidence the stream shows."""

    q = forms.CharField(
        required=False,
        label="Text",
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "data-search": ""}),
    )
    bet = forms.TypedChoiceField(required=False, label="Bet", coerce=int, empty_value=None)
    stream = forms.TypedChoiceField(
        required=False, label="Value stream", coerce=int, empty_value=None
    )
    kind = forms.ChoiceField(
        required=False, label="Kind", choices=[("", "All"), *EvidenceKind.choices]
    )
    source = forms.TypedChoiceField(required=False, label="Source", coerce=int, empty_value=None)
    breaks = forms.BooleanField(required=False, label="Only what broke or revived a thesis")

    def __init__(self, portfolio: Portfolio, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bets = portfolio.bets.order_by("title").values_list("id", "title")
        streams = ValueStream.objects.filter(portfolio=portfolio).values_list("id", "name")
        sources = Source.objects.filter(portfolio=portfolio).values_list("id", "name")
        for name, rows in (("bet", bets), ("stream", streams), ("source", sources)):
            field: Any = self.fields[name]
            field.choices = [("", "All"), *rows]

    def wanted(self) -> Wanted:
        """What was asked for; what cannot be understood is left out."""
        self.is_valid()
        chosen = self.cleaned_data
        return Wanted(
            text=chosen.get("q", ""),
            bet=chosen.get("bet"),
            stream=chosen.get("stream"),
            kind=chosen.get("kind", ""),
            source=chosen.get("source"),
            only_breaks=chosen.get("breaks", False),
        )
