"""The three steps in which somebody founds a portfolio of their own, as forms.

Each step has defaults that make sense together, all of them explained and all of them editable.
What is typed is kept in the session until the portfolio is opened: going back loses nothing.
"""

from collections.abc import Mapping, MutableMapping
from decimal import Decimal
from typing import Any

from django import forms

from allocation.guardrails import PROPOSED, Limit, Proposed
from allocation.opening import HORIZON_MONTHS, TESTING_LIMIT, NewTeam, Plan
from bets.forms import SeenForm, TypedMoneyField, TypedPercentField, per_cent, plain
from bets.structure import LONGEST_HORIZON_MONTHS, LONGEST_NAME, LONGEST_TEXT

KEPT = "founding"
MOST_ROWS = 12
ROWS_ADDED = 2
STEPS = ("Frame", "Themes and teams", "Guardrails")

DEFAULT_THEMES = ("Grow what works", "Open new ground", "Lower the cost to serve")
# Value stream, its team, and the share of the envelope that the team could absorb.
DEFAULT_TEAMS = (
    ("Products", "Product team", Decimal("0.50")),
    ("Operations", "Operations team", Decimal("0.30")),
    ("New ground", "Explorers", Decimal("0.20")),
)

Typed = Mapping[str, Any]


def _figures(**attributes: str) -> forms.TextInput:
    return forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", **attributes})


class FrameForm(SeenForm):
    """Step 1: what it is called, and how much it may commit over how long."""

    name = forms.CharField(
        label="Name",
        max_length=LONGEST_NAME,
        help_text="What people call it: a company, a business unit, a programme.",
        error_messages={"required": "Give it a name; it can be changed later."},
    )
    intent = forms.CharField(
        label="What it is for",
        required=False,
        max_length=LONGEST_TEXT,
        help_text="One sentence that says which money belongs here. It stands on the first page.",
    )
    currency = forms.CharField(
        label="Currency",
        initial="EUR",
        help_text="Three capitals. All amounts are in it, and it stays.",
    )
    envelope = TypedMoneyField(
        label="Envelope, a month",
        initial="250000",
        widget=_figures(),
        help_text="What all bets together may cost a month: a yearly budget divided by twelve. "
        "250k and 1.2M are understood.",
    )
    horizon_months = forms.IntegerField(
        label="Horizon, months",
        initial=HORIZON_MONTHS,
        min_value=1,
        max_value=LONGEST_HORIZON_MONTHS,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text="Over how long a bet's value is counted against its cost. Two years let most "
        "bets show what they are worth; shorter favours what pays soon.",
    )

    def __init__(self, *args: Any, sign: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_decimal_sign(sign, "")

    def clean_currency(self) -> str:
        """Three capitals, however they were typed."""
        capitals = str(self.cleaned_data["currency"]).strip().upper()
        if len(capitals) != 3 or not capitals.isascii() or not capitals.isalpha():
            raise forms.ValidationError("Write three capitals such as EUR, USD or CHF.")
        return capitals

    def clean_envelope(self) -> Decimal:
        """An envelope is something."""
        envelope: Decimal | None = self.cleaned_data["envelope"]
        if envelope is None or envelope <= 0:
            raise forms.ValidationError("Write a sum above nothing, such as 250000 or 250k.")
        return envelope


class PartsForm(SeenForm):
    """Step 2: themes, value streams and the teams in them; an empty row is left out."""

    def __init__(
        self, *args: Any, frame: Typed, sign: str = "", currency: str = "", **kwargs: Any
    ) -> None:
        envelope = frame.get("envelope") or Decimal(0)
        kwargs["initial"] = {**_default_parts(envelope), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        given = self.data if self.is_bound else self.initial
        self.themes = _rows(given, "theme", len(DEFAULT_THEMES))
        self.teams = _rows(given, "team", len(DEFAULT_TEAMS))
        for row in range(self.themes):
            self._text(f"theme_{row}", f"Theme {row + 1}")
        for row in range(self.teams):
            self._text(f"stream_{row}", f"Value stream {row + 1}")
            self._text(f"team_{row}", f"Team {row + 1}")
            self.fields[f"capacity_{row}"] = TypedMoneyField(
                label=f"Capacity of team {row + 1}", required=False, widget=_figures()
            )
        self.use_decimal_sign(sign, currency)

    def _text(self, name: str, label: str) -> None:
        self.fields[name] = forms.CharField(label=label, required=False, max_length=LONGEST_NAME)

    def theme_fields(self) -> list[Any]:
        """The themes' fields."""
        return [self[f"theme_{row}"] for row in range(self.themes)]

    def team_rows(self) -> list[list[Any]]:
        """Stream, team and capacity, row by row."""
        names = ("stream", "team", "capacity")
        return [[self[f"{name}_{row}"] for name in names] for row in range(self.teams)]

    def clean(self) -> dict[str, Any]:
        """Names once each, and for each team where it works and what it can absorb."""
        typed = super().clean() or self.cleaned_data
        self._refuse_twice([f"theme_{row}" for row in range(self.themes)], "theme")
        self._refuse_twice([f"team_{row}" for row in range(self.teams)], "team")
        for row in range(self.teams):
            stream, team = typed.get(f"stream_{row}"), typed.get(f"team_{row}")
            capacity = typed.get(f"capacity_{row}")
            if team and not stream:
                self.add_error(f"stream_{row}", f"Say in which value stream {team} works.")
            if team and capacity is None and f"capacity_{row}" not in self.errors:
                self.add_error(f"capacity_{row}", f"Say what {team} costs a month when it is busy.")
            if capacity is not None and capacity < 0:
                self.add_error(f"capacity_{row}", "A capacity is nothing or more.")
        return typed

    def _refuse_twice(self, names: list[str], kind: str) -> None:
        seen: set[str] = set()
        for name in names:
            text = (self.cleaned_data.get(name) or "").casefold()
            if text and text in seen:
                self.add_error(name, f"This {kind} stands here twice.")
            seen.add(text)

    def parts(self) -> dict[str, Any]:
        """What was typed, as fields of a ``Plan``."""
        typed = self.cleaned_data
        streams: dict[str, str] = {}
        teams = []
        for row in range(self.teams):
            stream, team = typed[f"stream_{row}"] or "", typed[f"team_{row}"] or ""
            if stream:
                streams.setdefault(stream.casefold(), stream)
            if team:
                teams.append(NewTeam(streams[stream.casefold()], team, typed[f"capacity_{row}"]))
        themes = [typed[f"theme_{row}"] for row in range(self.themes) if typed[f"theme_{row}"]]
        return {"themes": themes, "streams": list(streams.values()), "teams": teams}


class LimitsForm(SeenForm):
    """Step 3: the guardrails, as shares of the envelope; an empty one is left away."""

    def __init__(
        self, *args: Any, frame: Typed, sign: str = "", currency: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.envelope: Decimal = frame.get("envelope") or Decimal(0)
        self.currency = currency
        for proposed in PROPOSED:
            self.fields[proposed.key] = TypedPercentField(
                label=f"{proposed.name}, {'at least' if proposed.is_minimum else 'at most'} %",
                required=False,
                initial=per_cent(float(proposed.share)),
                widget=_figures(**{"data-share-of": plain(self.envelope), "data-unit": currency}),
                help_text=proposed.explanation,
            )
        self.fields["testing_limit"] = forms.IntegerField(
            label="Bets in Testing at once, at most",
            required=False,
            initial=TESTING_LIMIT,
            min_value=1,
            max_value=1000,
            widget=forms.TextInput(attrs={"inputmode": "numeric"}),
            help_text="What is tested all at once is learnt from slowly. The board refuses the "
            "next one until a test has ended, and a lead may override it with a reason.",
        )
        self.use_decimal_sign(sign, currency)

    def clean(self) -> dict[str, Any]:
        """Shares are between nothing and all."""
        typed = super().clean() or self.cleaned_data
        for proposed in PROPOSED:
            share = typed.get(proposed.key)
            if share is not None and not 0 <= share <= 1:
                self.add_error(proposed.key, "Write a share of the envelope, 0 to 100 %.")
        return typed

    def limits(self) -> list[Limit]:
        """The guardrails that were not left away."""
        return [
            proposed.limit(share, self.envelope)
            for proposed, share in self._shares()
            if share is not None
        ]

    def _shares(self) -> list[tuple[Proposed, Decimal | None]]:
        hundredths = Decimal("0.0001")
        shares = [(proposed, self.cleaned_data.get(proposed.key)) for proposed in PROPOSED]
        return [(each, None if s is None else s.quantize(hundredths)) for each, s in shares]


class Draft:
    """What has been typed so far, by step, as it was typed; kept in the session."""

    def __init__(self, session: MutableMapping[str, Any]) -> None:
        self.session = session

    def typed(self, step: int) -> dict[str, str]:
        """What was typed in a step; nothing if it was never sent."""
        found: dict[str, str] = self._kept().get(str(step), {})
        return found

    def keep(self, step: int, typed: Typed, names: list[str]) -> None:
        """Remember what was typed in the fields of a step."""
        texts = {name: str(typed[name])[:LONGEST_TEXT] for name in names if name in typed}
        self.session[KEPT] = {**self._kept(), str(step): {**self.typed(step), **texts}}

    def more_rows(self, step: int, kind: str, rows: int) -> None:
        """Remember that a step shows so many rows of a kind."""
        typed = {**self.typed(step), f"{kind}_rows": str(min(rows, MOST_ROWS))}
        self.session[KEPT] = {**self._kept(), str(step): typed}

    def forget(self) -> None:
        """Throw it all away."""
        self.session.pop(KEPT, None)

    def _kept(self) -> dict[str, Any]:
        kept = self.session.get(KEPT)
        return kept if isinstance(kept, dict) else {}


def plan_of(frame: FrameForm, parts: PartsForm, limits: LimitsForm) -> Plan:
    """The plan that three valid forms describe."""
    typed = frame.cleaned_data
    return Plan(
        name=typed["name"],
        currency=typed["currency"],
        envelope=typed["envelope"],
        horizon_months=typed["horizon_months"],
        intent=typed["intent"],
        limits=limits.limits(),
        testing_limit=limits.cleaned_data.get("testing_limit"),
        **parts.parts(),
    )


def _default_parts(envelope: Decimal) -> dict[str, str]:
    defaults = {f"theme_{row}": theme for row, theme in enumerate(DEFAULT_THEMES)}
    for row, (stream, team, share) in enumerate(DEFAULT_TEAMS):
        capacity = (share * envelope).quantize(Decimal(1))
        defaults |= {
            f"stream_{row}": stream,
            f"team_{row}": team,
            f"capacity_{row}": plain(capacity),
        }
    return defaults


def _rows(given: Typed, kind: str, default: int) -> int:
    text = str(given.get(f"{kind}_rows", ""))
    asked = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else default
    return max(default, min(asked, MOST_ROWS))
