"""The first three bets of a new portfolio: a form that asks for little, and how far they are."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.urls import reverse

from bets.forms import SeenForm, TypedField, TypedPercentField
from bets.models import Bet, Hypothesis, Portfolio, ValueStream
from bets.models.thesis import Metric

WANTED = 3
#: A kill criterion waits for so many cases, so that no thesis breaks on the first two.
LEAST_CASES = 30


@dataclass(frozen=True)
class FirstBet:
    """A bet, and what it lacks: its thesis, or the first evidence on it."""

    bet: Bet
    hypothesis: Hypothesis | None
    has_evidence: bool

    @property
    def next_url(self) -> str:
        """Where what it lacks is added; empty if it lacks nothing."""
        if self.hypothesis is None:
            return reverse("bets:add_hypothesis", args=[self.bet.pk])
        if self.has_evidence:
            return ""
        kind = "?kind=measurement" if self.hypothesis.metric else ""
        return reverse("evidence:log", args=[self.hypothesis.pk]) + kind


@dataclass(frozen=True)
class Progress:
    """How far the first three are; ``done`` counts bets with evidence, at most three."""

    bets: list[FirstBet]

    @property
    def done(self) -> int:
        """Bets whose first evidence is in, at most the three that are wanted."""
        return min(WANTED, sum(each.has_evidence for each in self.bets))

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing left to be led to."""
        return self.done == WANTED

    @property
    def wants_more(self) -> bool:
        """Whether another bet is asked for."""
        return len(self.bets) < WANTED


def progress_of(portfolio: Portfolio) -> Progress:
    """The portfolio's first three bets, oldest first; two queries."""
    bets = portfolio.bets.order_by("id").prefetch_related("hypotheses")[:WANTED]
    return Progress(
        [
            FirstBet(
                bet,
                next(iter(bet.hypotheses.all()), None),
                bet.freshest_evidence_at is not None,
            )
            for bet in bets
        ]
    )


class FirstBetForm(SeenForm):
    """A bet in one breath: what it is, what must hold, and how that will show."""

    title = forms.CharField(
        label="What do we bet on?",
        max_length=200,
        widget=forms.TextInput(attrs={"placeholder": "Returns without a box"}),
        help_text="A body of work, in a few words.",
        error_messages={"required": "Give the bet a title."},
    )
    stream = forms.ModelChoiceField(
        label="Value stream", required=False, queryset=ValueStream.objects.none()
    )
    statement = forms.CharField(
        label="What must hold for it to pay?",
        widget=forms.Textarea(
            attrs={
                "rows": 2,
                "placeholder": "At least one return in four is handed over without packaging.",
            }
        ),
        help_text="The hypothesis: something that evidence could show to be wrong.",
        error_messages={"required": "Say what must hold; evidence is logged against it."},
    )
    indicator = forms.CharField(
        label="Where will it show first?",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"placeholder": "Returns handed over without a box"}),
        help_text="The leading indicator: what you look at long before the money shows.",
    )
    metric = forms.ChoiceField(
        label="Measured as",
        required=False,
        initial=Metric.PROPORTION,
        choices=[
            (Metric.PROPORTION, "A share of cases, in %"),
            (Metric.MEAN, "A number, on average"),
            (Metric.NONE, "Not measured: people judge"),
        ],
    )
    direction = forms.ChoiceField(
        label="It holds if it is", choices=[(">=", "at least"), ("<=", "at most")]
    )
    threshold = TypedField(
        label="Threshold",
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text="25 for 25 % of cases.",
    )
    stop = TypedField(
        label="We stop if it is worse than",
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text=f"The kill criterion, agreed before anybody is attached to it; it is looked at "
        f"from {LEAST_CASES} cases on.",
    )
    prior = TypedPercentField(
        label="How likely, before any evidence? %",
        required=False,
        initial="50",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text="50 if nobody knows; evidence moves it from there.",
    )

    WIDE = ("title", "statement", "indicator")

    def __init__(self, portfolio: Portfolio, *args: Any, sign: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        streams = ValueStream.objects.filter(portfolio=portfolio)
        stream: Any = self.fields["stream"]
        stream.queryset = streams
        stream.initial = streams.first()
        self.use_decimal_sign(sign, portfolio.currency)

    def clean(self) -> dict[str, Any]:
        """What is measured needs what it is measured against."""
        typed = super().clean() or self.cleaned_data
        threshold, metric = typed.get("threshold"), typed.get("metric")
        if metric and threshold is None and "threshold" not in self.errors:
            self.add_error("threshold", "Say against what it is measured, such as 25.")
        if not metric and threshold is not None:
            self.add_error("metric", "Say how it is measured, or leave the threshold empty.")
        if metric == Metric.PROPORTION and threshold is not None and not 0 < threshold < 100:
            self.add_error("threshold", "A share of cases lies between 0 and 100 %.")
        return typed

    def bet(self) -> dict[str, Any]:
        """What was typed of the bet, as fields of ``bets.terms``."""
        stream = self.cleaned_data["stream"]
        return {"title": self.cleaned_data["title"], **({"stream": stream} if stream else {})}

    def thesis(self) -> dict[str, Any]:
        """What was typed of the hypothesis, as fields of ``bets.terms``."""
        typed = self.cleaned_data
        prior = typed["prior"]
        thesis = {
            "statement": typed["statement"],
            "indicator": typed["indicator"],
            "metric": typed["metric"],
            "direction": typed["direction"],
            "prior": Decimal("0.5") if prior is None else prior,
        }
        if typed["metric"]:
            thesis["threshold"] = self._in_its_unit(typed["threshold"])
        if typed["metric"] and typed["stop"] is not None:
            thesis["kill_criteria"] = [
                {
                    "metric": "value",
                    "comparison": "<" if typed["direction"] == ">=" else ">",
                    "value": self._in_its_unit(typed["stop"]),
                    "min_sample": LEAST_CASES,
                }
            ]
        return thesis

    def _in_its_unit(self, typed: Decimal) -> Decimal:
        return typed / 100 if self.cleaned_data["metric"] == Metric.PROPORTION else typed
